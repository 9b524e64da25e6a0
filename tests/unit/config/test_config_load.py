from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from config.errors import ConfigError
from config.load import load
from config.maps import template_files
from config.settings import Located

MINIMAL = """
[company]
time_zone = "Europe/Berlin"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:SF_ID", client_secret = "env:SF_SECRET" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:A", consumer_secret = "env:B", token_id = "env:C", token_secret = "file:keys/token" }
[jobs.reconcile]
sla = "4h"
"""
Write = Callable[[str], Path]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    def run(text: str) -> Path:
        path = tmp_path / "sync.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return run


def faults(path: Path, environ: dict[str, str] | None = None) -> list[str]:
    with pytest.raises(ConfigError) as refused:
        load(path, environ)
    return [str(problem) for problem in refused.value.problems]


def test_a_minimal_file_gets_every_default(write: Write, tmp_path: Path) -> None:
    settings = load(write(MINIMAL))
    assert settings.company.go_live == date(2026, 11, 1)
    assert settings.salesforce.api_version == "67.0"
    assert settings.salesforce.overlap == timedelta(minutes=10)
    assert settings.netsuite.slots == 2
    assert settings.netsuite.quiet_period == timedelta(minutes=16)
    assert (settings.customers.name, settings.orders.name) == ("customers", "orders")
    assert settings.orders.wait == timedelta(minutes=30)
    assert (settings.orders.scope, settings.orders.mapping) == (None, None)
    assert settings.reconcile.sla == timedelta(hours=4)
    assert settings.reconcile.output == tmp_path / "reports"
    assert settings.state == tmp_path / "state" / "tieout.db"
    assert settings.path == tmp_path / "sync.toml"
    assert settings.owners == {}


def test_every_key_can_be_set(write: Write, tmp_path: Path) -> None:
    (tmp_path / "orders.toml").touch()
    text = MINIMAL.replace('sla = "4h"', 'sla = "1d"\ntolerance_cap = 0.50\noutput = "out"')
    text = text.replace(
        'account = "1234567"',
        '''account = "1234567_SB1"
base_url = "http://127.0.0.1:8802/"
endpoint = "2025_1"
transport = "soap"
slots = 5
time_zone = "America/New_York"
send_window = "10s"
quiet_period = "20m"
timeout = "90s"''',
    )
    text = text.replace(
        'url = "https://acme',
        """base_url = "http://localhost:8801"
api_version = "66.0"
currency = "EUR"
overlap = "5m"
settle = "0s"
timeout = "30s"
url = "https://acme""",
    )
    text += """[jobs.customers]
enabled = false
[jobs.orders]
mapping = "orders.toml"
scope = "IsWon"
wait = "0s"
[jobs.status]
enabled = false
[state]
path = "db/t.db"
[owners]
data = "ops@acme.example"
"""
    settings = load(write(text))
    assert settings.netsuite.base_url == "http://127.0.0.1:8802"
    assert (settings.netsuite.endpoint, settings.netsuite.slots) == ("2025_1", 5)
    assert settings.netsuite.send_window == timedelta(seconds=10)
    assert (settings.salesforce.currency, settings.salesforce.settle) == ("EUR", timedelta(0))
    assert settings.salesforce.base_url == "http://localhost:8801"
    assert (settings.customers.enabled, settings.status.enabled) == (False, False)
    assert settings.orders.mapping == tmp_path / "orders.toml"
    assert settings.orders.wait == timedelta(0)
    line = text.split("\n").index('scope = "IsWon"') + 1
    assert settings.orders.scope == Located(text="IsWon", where=f"sync.toml:{line}")
    assert settings.reconcile.tolerance_cap == Decimal("0.50")
    assert settings.reconcile.output == tmp_path / "out"
    assert settings.state == tmp_path / "db" / "t.db"
    assert settings.owners == {"data": "ops@acme.example"}


def test_secrets_stay_references_and_files_start_from_the_files_folder(write: Write, tmp_path: Path) -> None:
    settings = load(write(MINIMAL))
    assert settings.salesforce.client_id.reference == "env:SF_ID"
    assert settings.salesforce.client_id.where == "sync.toml:7 connections.salesforce.auth.client_id"
    assert settings.netsuite.token_secret.reference == f"file:{tmp_path / 'keys/token'}"


def test_a_secret_written_into_the_file_is_refused_and_not_repeated(write: Write) -> None:
    found = faults(write(MINIMAL.replace('"env:SF_SECRET"', '"hunter2-very-secret"')))
    assert len(found) == 1
    assert found[0].startswith("sync.toml:7: [connections.salesforce.auth] client_secret: a secret must be a reference")
    assert "hunter2" not in found[0]


def test_secrets_may_be_checked_against_the_environment(write: Write) -> None:
    found = faults(write(MINIMAL), {"SF_ID": "x", "SF_SECRET": "y", "A": "a", "B": "b"})
    assert len(found) == 1
    assert "sync.toml:10" in found[0]
    assert "the environment variable C is not set" in found[0]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[company]", "[compny]", "sync.toml:2: the file has an unknown table 'compny'. Did you mean 'company'?"),
        ("time_zone =", "timezone =", "sync.toml:3: [company] has an unknown key 'timezone'. Did you mean"),
        ("Europe/Berlin", "Europe/Berlinn", "sync.toml:3: [company] time_zone: there is no time zone 'Europe/Berlin"),
        ("Europe/Berlin", "/etc/passwd", "there is no time zone"),
        ("go_live = 2026-11-01", "", "'go_live' is missing in [company]. Add under [company]: go_live = 2026-11-01"),
        ("2026-11-01", '"2026-11-01"', "go_live: a date without quotes is expected. For example: 2026-11-01"),
        ("2026-11-01", "2026-11-01T00:00:00Z", "go_live: a date without quotes is expected."),
        ("https://acme", "http://acme", "sync.toml:6: [connections.salesforce] url: the address must begin"),
        ("salesforce.com", "salesforce.com/home", "url: only the host is expected."),
        ('"1234567"', "1234567", 'account: the account is a text. Put it in quotes: "1234567"'),
        ('"1234567"', '"12/34"', "account: this is not a NetSuite account id."),
        ('"1234567"', '"1234567"\ntransport = "rest"', "transport: writing over REST is not supported yet."),
        ('"1234567"', '"1234567"\nslots = 0', "slots: a whole number of at least 1 is expected."),
        ('"1234567"', '"1234567"\nslots = true', "slots: a whole number of at least 1 is expected."),
        ('"1234567"', '"1234567"\nendpoint = "2025.2"', "endpoint: a text of the form \"2025_2\" is expected."),
        ('"1234567"', '"1234567"\ntimeout = "0s"', "timeout: the time must be longer than 0."),
        ('"1234567"', '"1234567"\nbase_url = "http://evil.example"', "base_url: only an address on this machine"),
        ('"1234567"', '"1234567"\nbase_url = "http://127.0.0.1@evil.example"', "base_url: only an address"),
        ('"1234567"', '"1234567"\nbase_url = "http://127.0.0.1:port"', "base_url: this is not an address."),
        ('"4h"', '"4 hours"', 'sla: a duration is expected. Write "30s", "5m", "4h" or "1d".'),
        ('"4h"', "4", "sla: a duration is expected."),
        ('sla = "4h"', "", "sync.toml:11: 'sla' is missing in [jobs.reconcile]. Add under [jobs.reconcile]"),
        ('sla = "4h"', 'sla = "4h"\ntolerance_cap = -1', "tolerance_cap: an amount of zero or more is expected."),
        ('sla = "4h"', 'sla = "4h"\ntolerance_cap = nan', "tolerance_cap: an amount of zero or more is expected."),
        ('sla = "4h"', 'sla = "4h"\nsend_to = ["a"]', "[jobs.reconcile] send_to: one e-mail address is expected."),
        ('client_id = "env:SF_ID", ', "", "'auth' of [connections.salesforce] lacks client_id."),
        ("client_id =", "client =", "auth] has an unknown key 'client'. Did you mean 'client_id'?"),
        ("[jobs.reconcile]", "[jobs.invoice]\n[jobs.reconcile]", "[jobs] has an unknown table 'invoice'."),
        ("[jobs.reconcile]", "[gard]\n[jobs.reconcile]", "the file has an unknown table 'gard'."),
        ("[jobs.reconcile]", '[jobs.customers]\nevery = "5m"\n[jobs.reconcile]', "has an unknown key 'every'."),
        ("[jobs.reconcile]", '[jobs.orders]\nmapping = "no.toml"\n[jobs.reconcile]', "there is no file 'no.toml'."),
        ("[jobs.reconcile]", '[jobs.orders]\nscope = ""\n[jobs.reconcile]', "scope: a text in quotes is expected."),
        ("[jobs.reconcile]", '[jobs.status]\nenabled = "no"\n[jobs.reconcile]', "enabled: true or false is expected"),
        ("[jobs.reconcile]", "[jobs]\norders = 5\n[jobs.reconcile]", "'jobs.orders' must be a table."),
    ],
)  # fmt: skip
def test_each_fault_is_told_with_its_place_and_remedy(old: str, new: str, expected: str, write: Write) -> None:
    found = faults(write(MINIMAL.replace(old, new, 1)))
    assert any(expected in fault for fault in found), found


def test_an_empty_file_names_everything_that_is_missing(write: Write) -> None:
    text = "\n".join(faults(write("")))
    for name in ("time_zone", "go_live", "url", "account", "client_id", "token_secret", "sla"):
        assert name in text


def test_all_faults_come_together_in_the_order_of_the_lines(write: Write) -> None:
    text = MINIMAL.replace("Europe/Berlin", "Nowhere").replace("1234567", "?").replace('"4h"', '"x"')
    assert [fault.split(": ")[0] for fault in faults(write(text))] == ["sync.toml:3", "sync.toml:9", "sync.toml:12"]


def test_reconcile_may_stand_alone_but_not_twice(write: Write) -> None:
    assert load(write(MINIMAL.replace("[jobs.reconcile]", "[reconcile]"))).reconcile.sla == timedelta(hours=4)
    assert "it is set in [jobs.reconcile] too" in faults(write(MINIMAL + '[reconcile]\nsla = "2h"'))[0]


def test_the_template_that_a_newcomer_copies_loads(tmp_path: Path) -> None:
    for name, text in template_files().items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    settings = load(tmp_path / "sync.toml")
    assert settings.orders.mapping == tmp_path / "mappings" / "sales_order.toml"
    assert settings.owners.keys() == {"data", "finance", "admin"}


def test_the_file_at_the_root_of_the_repository_loads() -> None:
    settings = load(Path(__file__).parents[3] / "sync.toml")
    assert settings.customers.mapping is not None
    assert settings.customers.mapping.is_file()
