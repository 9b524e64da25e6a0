"""The service's jobs as they are wired: what happens when the operator's files are at fault."""

from __future__ import annotations

import pytest

from config.errors import ConfigError
from config.load import load
from console.jobs import wire
from console.service.outcome import Worked
from console.service.stopping import StopFlag
from console.state import opened_journal
from journal import alerts, slots
from tests.fakes.time_and_chance import VirtualClock

SETTINGS = """
[company]
time_zone = "UTC"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
base_url = "http://127.0.0.1:9"
auth = { client_id = "env:A", client_secret = "env:B" }
[connections.netsuite]
account = "1234567"
base_url = "http://127.0.0.1:9"
auth = { consumer_key = "env:C", consumer_secret = "env:D", token_id = "env:E", token_secret = "env:F" }
[jobs.reconcile]
sla = "4h"
"""


def test_a_faulty_edit_of_sync_toml_is_told_at_once_and_its_cause_with_it(tmp_path):
    config, clock = tmp_path / "sync.toml", VirtualClock()
    config.write_text(SETTINGS, encoding="utf-8")
    settings = load(config)
    wiring = wire(config, clock, StopFlag())
    config.write_text(SETTINGS.replace('sla = "4h"', 'sla = "four hours"'), encoding="utf-8")
    with pytest.raises(ConfigError) as raised:
        wiring.jobs["orders"]()
    wiring.over(Worked(job="orders", slot_at=clock.now(), ending=slots.FAILED, outcome=None, error=raised.value))
    wiring.tick()
    with opened_journal(settings) as journal, journal.begin() as tx:
        told = {row.key: row.text for row in alerts.open_alerts(tx)}
    assert "sync.toml:14" in told["failed:orders"]
    assert "a duration is expected" in told["failed:orders"]
