"""The job ``sweep`` and ``tieout sync --sweep``: what they run, and when they may order."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from datetime import time

import pytest
from typer.testing import CliRunner

from config.settings import InvoiceSettings, Schedule, StatusSettings
from console import jobs as wired
from console.main import app
from console.service.roster import schedules
from console.service.stopping import StopFlag
from journal import pauses
from sync import engine
from tests.fakes.world import make_settings, make_world

NIGHTLY = Schedule(text="daily 02:30", at=time(2, 30))


@pytest.fixture
def world(tmp_path, monkeypatch):
    world = make_world(tmp_path)

    @contextmanager
    def opened(*_args, **_options):
        yield world

    monkeypatch.setattr(wired, "opened_world", opened)
    monkeypatch.setattr(wired, "require_sound", lambda _world: None)
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()


def swept(world, tmp_path):
    world.clock.step(hours=1)
    return wired.jobs(tmp_path / "sync.toml", world.clock, StopFlag())["sweep"]()


def test_the_sweep_orders_what_it_finds(world, tmp_path):
    engine.run(world)
    world.crm.put_deal(1)
    world.crm.put_deal(2)
    changed = world.crm.changed
    world.crm.changed = lambda type_, *rest: (page for page in changed(type_, *rest) if type_ != "Opportunity")
    counts = dict(swept(world, tmp_path).counts)
    assert "orders.created" not in counts  # nothing was ever read, so nothing counts as passed
    world.crm.changed = changed
    counts = dict(swept(world, tmp_path).counts)
    assert (counts["orders.created"], counts["sweep.missed"], counts["sweep.looked"]) == (2, 0, 2)


def test_while_orders_stand_still_the_sweep_looks_and_orders_nothing(world, tmp_path):
    with world.journal.begin() as tx:
        pauses.put(tx, "orders", "audit", "ann", world.clock.now())
    world.crm.put_deal(1)
    counts = dict(swept(world, tmp_path).counts)
    assert "sweep.looked" in counts
    assert not world.erp.orders_
    with world.journal.begin() as tx:
        pauses.lift(tx, "orders", "ann", world.clock.now())
    assert dict(swept(world, tmp_path).counts)["orders.created"] == 1


@pytest.mark.parametrize(
    ("orders", "status", "runs"),
    [(True, False, True), (False, True, True), (True, True, True), (False, False, False)],
)
def test_the_sweep_has_its_time_where_orders_or_receivables_are_on(tmp_path, orders, status, runs):
    plain = make_settings(tmp_path)
    settings = make_settings(
        tmp_path,
        orders=replace(plain.orders, enabled=orders),
        invoices=InvoiceSettings(enabled=False),
        status=StatusSettings(enabled=status, receivables=status, sweep=NIGHTLY),
    )
    assert ("sweep" in schedules(settings)) is runs


def test_sweep_and_deal_are_not_given_together(tmp_path):
    words = ["sync", "--sweep", "--deal", "006000000000001AAA", "-c", str(tmp_path / "sync.toml")]
    result = CliRunner().invoke(app, words)
    assert result.exit_code != 0
    assert "Give one of the two" in " ".join(result.output.split())


def test_a_sync_without_the_option_sweeps_nothing(world):
    world.crm.put_deal(1)
    world.clock.step(hours=1)
    assert engine.run(world).swept is None
