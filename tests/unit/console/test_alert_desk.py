"""What people are told, when, how often, and that it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from config.secrets import SecretError
from config.settings import AlertSettings, JobSettings, Located, Schedule, ServiceSettings, StatusSettings
from connectors.errors import AuthenticationError, ConnectorError, TransientError, UnreachableError
from console.alerts.desk import AlertDesk
from console.service.outcome import JobOutcome
from journal import alerts, holds, pauses, slots, subjects
from journal.database import open_journal
from sync import codes
from sync.guard import AWAITS, HOW
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings

FIVE = Schedule(text="5m", every=timedelta(minutes=5))


class Way:
    """A channel that keeps what it was told, or fails."""

    def __init__(self, name="way"):
        self.name = name
        self.told = []
        self.error = None

    def send(self, alert, at):
        if self.error is not None:
            raise self.error
        self.told.append(alert)

    def subjects(self):
        found = [alert.subject for alert in self.told]
        self.told.clear()
        return found


class Bench:
    """A desk over a real journal, and jobs that end as told."""

    def __init__(self, tmp_path, **changes):
        self.clock = VirtualClock()
        self.settings = bench_settings(tmp_path, **changes)
        self.journal = open_journal(self.settings.state, "salesforce>netsuite")
        self.way = Way()
        self.expiry = {}
        self.desk = self.new_desk()
        self.number = 0

    def new_desk(self, *ways):
        return AlertDesk(self.settings, self.journal, self.clock, ways or [self.way], self._expiry_of)

    def _expiry_of(self, host):
        if host not in self.expiry:
            raise UnreachableError(connection="x", what="looking", why="gone.", fix="")
        return self.expiry[host]

    def ends(self, ending=slots.DONE, error=None, outcome=None, job="orders", minutes=5):
        self.clock.step(minutes=minutes)
        now = self.clock.now()
        with self.journal.begin() as tx:
            assert slots.claim(tx, job, now, "host:1", now)
            slots.finish(tx, job, now, ending, now)
        self.desk.after_job(job, ending, outcome or (JobOutcome() if ending == slots.DONE else None), error)

    def later(self, **span):
        self.clock.step(**span)
        self.desk.tick()

    def hold(self, number, code="NO_LINES"):
        deal = f"006{number:012d}AAA"
        with self.journal.begin() as tx:
            holds.open_hold(tx, "so", deal, f"Deal {number}", codes.hold(code, f"Cause {number}."), self.clock.now())
        return deal


def bench_settings(tmp_path, **changes):
    told = changes.pop("alerts", {})
    values = {
        "alerts": AlertSettings(operators=["ops@acme.example"], **told),
        "orders": JobSettings(name="orders", schedule=FIVE, scope=Located(text="IsWon", where="sync.toml:1")),
        "status": StatusSettings(enabled=False),
    }
    return make_settings(tmp_path, **{**values, **changes})


@pytest.fixture
def bench(tmp_path):
    made = Bench(tmp_path)
    yield made
    made.journal.close()


def transient():
    return TransientError(connection="netsuite", what="reading orders", why="it is down.", fix="Wait.")


def test_a_job_that_works_is_nobodys_news(bench):
    for _ in range(3):
        bench.ends()
    assert bench.way.subjects() == []


def test_three_failures_in_a_row_are_told_once_and_the_success_too(bench):
    for _ in range(2):
        bench.ends(slots.FAILED, transient())
    assert bench.way.subjects() == []
    bench.ends(slots.FAILED, transient())
    (alert,) = bench.way.told
    assert alert.subject == "The job orders fails"
    assert "failed 3 times" in alert.what
    assert "reading orders: it is down" in alert.what
    assert alert.since == datetime(2026, 11, 22, 12, 5, tzinfo=UTC)
    assert list(alert.to) == ["ops@acme.example"]
    bench.way.told.clear()
    bench.ends(slots.FAILED, transient())
    assert bench.way.subjects() == []
    bench.ends()
    (alert,) = bench.way.told
    assert alert.subject == "Over: The job orders fails"
    assert "works again" in alert.what


def test_a_success_between_failures_starts_the_count_anew(bench):
    for ending in (slots.FAILED, slots.FAILED, slots.DONE, slots.FAILED, slots.FAILED):
        bench.ends(ending, None if ending == slots.DONE else transient())
    assert bench.way.subjects() == []


def test_refused_credentials_are_told_at_once(bench):
    bench.ends(slots.FAILED, AuthenticationError(connection="netsuite", what="signing in", why="refused.", fix="Look."))
    assert bench.way.subjects() == ["The job orders fails"]


def test_a_fault_of_our_own_is_told_without_its_content(bench):
    for _ in range(3):
        bench.ends(slots.FAILED, KeyError("secret value"))
    (alert,) = bench.way.told
    assert "fault in Tieout itself (KeyError)" in alert.what
    assert "secret value" not in alert.to_json()


def test_what_lasts_is_told_again_after_a_day(bench):
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    bench.way.told.clear()
    bench.later(hours=23)
    assert bench.way.subjects() == []
    bench.later(hours=1)
    assert bench.way.subjects() == ["The job orders fails"]
    bench.later(hours=1)
    assert bench.way.subjects() == []


def test_a_restart_tells_nothing_twice(bench):
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    bench.way.told.clear()
    bench.new_desk().tick()
    assert bench.way.subjects() == []


def test_two_desks_at_a_time_tell_once(bench):
    other = bench.new_desk()

    class Nosy(Way):
        def send(self, alert, at):
            super().send(alert, at)
            other.look()

    bench.way = Nosy()
    other._channels = [bench.way]
    bench.desk = bench.new_desk()
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    assert bench.way.subjects() == ["The job orders fails"]


def test_a_job_without_a_success_is_silent_after_its_time(bench):
    bench.ends()
    bench.later(hours=2)
    assert bench.way.subjects() == []
    bench.later(minutes=6)
    (alert,) = bench.way.told
    assert alert.subject == "The job orders is silent"
    assert "2026-11-22 12:05 UTC" in alert.what
    bench.way.told.clear()
    bench.ends()
    assert bench.way.subjects() == ["Over: The job orders is silent"]


def test_a_silent_job_that_fails_is_over_only_with_its_success(bench):
    bench.ends()
    bench.later(hours=2, minutes=6)
    assert bench.way.subjects() == ["The job orders is silent"]
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    assert bench.way.subjects() == ["The job orders fails"]
    bench.ends()
    assert bench.way.subjects() == ["Over: The job orders is silent", "Over: The job orders fails"]


def test_a_silent_job_that_is_paused_has_not_succeeded(bench):
    bench.ends()
    bench.later(hours=2, minutes=6)
    bench.way.told.clear()
    with bench.journal.begin() as tx:
        pauses.put(tx, "orders", "a look at it", "ann", bench.clock.now())
    bench.later(days=2)
    bench.ends(slots.PAUSED)
    with bench.journal.begin() as tx:
        pauses.lift(tx, "orders", "ann", bench.clock.now())
    bench.later(minutes=1)
    assert bench.way.subjects() == []
    bench.ends()
    assert bench.way.subjects() == ["Over: The job orders is silent"]


def test_a_job_that_never_ran_is_silent_too(bench):
    bench.desk.tick()
    bench.later(hours=2, minutes=6)
    assert bench.way.subjects() == ["The job orders is silent"]


def test_a_daily_job_is_silent_only_after_its_own_time(tmp_path):
    daily = Schedule(text="06:30", at=datetime(2026, 1, 1, 6, 30).time())  # noqa: DTZ001
    orders = JobSettings(name="orders", schedule=daily)
    bench = Bench(tmp_path, orders=orders)
    bench.ends()
    bench.later(hours=20)  # 2026-11-23 08:05 UTC, 03:05 in New York
    assert bench.way.subjects() == []
    bench.later(hours=5, minutes=30)  # 08:35 in New York
    assert bench.way.subjects() == ["The job orders is silent"]
    bench.journal.close()


def test_a_paused_job_is_not_silent_and_may_take_its_time_afterwards(bench):
    bench.ends()
    with bench.journal.begin() as tx:
        pauses.put(tx, "orders", "quarter end", "ada", bench.clock.now())
    bench.later(hours=5)
    bench.ends(slots.PAUSED)
    with bench.journal.begin() as tx:
        pauses.lift(tx, "orders", "ann", bench.clock.now())
    bench.later(hours=1)
    assert bench.way.subjects() == []
    bench.later(hours=1, minutes=10)
    assert bench.way.subjects() == ["The job orders is silent"]


def test_a_forgotten_pause_is_told_once(bench):
    with bench.journal.begin() as tx:
        pauses.put(tx, "all", "quarter end", "ada", bench.clock.now())
    bench.later(days=7)
    assert bench.way.subjects() == []
    bench.later(minutes=1)
    (alert,) = bench.way.told
    assert "quarter end" in alert.what
    assert alert.todo == "If the pause is no longer wanted, run `tieout resume all`."
    bench.way.told.clear()
    bench.later(days=3)
    assert bench.way.subjects() == []
    with bench.journal.begin() as tx:
        pauses.lift(tx, "all", "ann", bench.clock.now())
    bench.ends()
    assert bench.way.subjects() == ["Over: Paused for more than 7 days: all"]


def test_only_the_end_of_a_freeze_is_told(bench):
    with bench.journal.begin() as tx:
        pauses.put(tx, pauses.FREEZE, "month end", "ada", bench.clock.now(), bench.clock.now() + timedelta(days=1))
    bench.desk.tick()
    bench.later(hours=23)
    assert bench.way.subjects() == []
    bench.clock.step(hours=1)
    bench.ends(minutes=1)
    (alert,) = bench.way.told
    assert "The freeze has ended." in alert.what


def test_the_end_of_a_freeze_day_is_told(tmp_path):
    bench = Bench(tmp_path, service=ServiceSettings(freeze_days=(-1,)))
    bench.clock.step(days=8, hours=6)  # Monday 2026-11-30, the month's last business day
    bench.desk.tick()
    bench.clock.step(days=1)
    bench.ends()
    assert "The freeze has ended." in bench.way.told[-1].what
    bench.journal.close()


def test_a_process_that_died_in_a_job_is_told(bench):
    now = bench.clock.now()
    with bench.journal.begin() as tx:
        slots.claim(tx, "orders", now, "host:77", now)
        slots.abandon(tx, ["orders"], now)
    bench.desk.after_job("orders", slots.ABANDONED, None, None)
    (alert,) = bench.way.told
    assert "host:77" in alert.what
    bench.way.told.clear()
    bench.ends()
    assert bench.way.subjects() == ["Over: The process that ran the job orders died"]


def test_holds_are_told_to_their_owner_grouped_and_once(tmp_path):
    owners = {"data": "data@acme.example", "finance": "data@acme.example"}
    bench = Bench(tmp_path, alerts={"owners": owners})
    first, second = bench.hold(1), bench.hold(2)
    bench.hold(3, "POSSIBLE_DUPLICATE")
    bench.hold(4, "REMOTE_REJECTED")
    bench.ends()
    by_address = {tuple(alert.to): alert for alert in bench.way.told}
    assert set(by_address) == {("data@acme.example",), ("ops@acme.example",)}
    digest = by_address[("data@acme.example",)]
    assert digest.subject == "3 records wait for you"
    assert digest.what.count("NO_LINES: the deal has no products") == 1
    assert f"https://x.my.salesforce.com/lightning/r/Opportunity/{first}/view" in digest.what
    assert second in digest.what
    assert "Cause 1." in digest.what
    assert "Fix: Add the products to the opportunity." in digest.what
    bench.way.told.clear()
    bench.ends()
    bench.later(days=2)
    assert [alert for alert in bench.way.told if alert.kind == "holds"] == []
    bench.journal.close()


def test_new_holds_wait_for_the_next_digest(bench):
    bench.hold(1)
    bench.ends()
    assert bench.way.subjects() == ["1 record waits for you"]
    bench.hold(2)
    bench.ends()
    bench.hold(3)
    bench.ends()
    assert bench.way.subjects() == []
    bench.ends()
    (alert,) = bench.way.told
    assert alert.subject == "2 records wait for you"
    assert "Deal 1" not in alert.what


def test_a_hold_that_comes_back_is_told_again(bench):
    deal = bench.hold(1)
    bench.ends()
    with bench.journal.begin() as tx:
        holds.resolve(tx, "so", deal, "mended", bench.clock.now())
    bench.ends(minutes=20)
    bench.way.told.clear()
    bench.hold(1)
    bench.ends()
    assert bench.way.subjects() == ["1 record waits for you"]


def test_a_long_digest_is_cut(bench):
    for number in range(1, 51):
        bench.hold(number)
    bench.ends()
    (alert,) = bench.way.told
    assert alert.what.count("  - Deal") == 40
    assert alert.what.endswith("and 10 more.")


def test_a_channel_that_fails_is_tried_again_and_the_other_is_told_once(bench):
    good, bad = Way("good"), Way("bad")
    bad.error = transient()
    bench.desk = bench.new_desk(good, bad)
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    assert good.subjects() == ["The job orders fails"]
    bench.later(minutes=1)
    assert (good.subjects(), bad.subjects()) == ([], [])
    bad.error = None
    bench.later(minutes=1)
    assert (good.subjects(), bad.subjects()) == ([], ["The job orders fails"])


@pytest.mark.parametrize("error", [SecretError("no password"), OSError("disk"), RuntimeError("a bug")])
def test_no_failure_of_a_channel_reaches_the_job(bench, error):
    bench.way.error = error
    for _ in range(3):
        bench.ends(slots.FAILED, transient())


def test_a_refused_message_does_not_keep_the_next_from_being_told(bench):
    refused = ConnectorError(connection="alerts.smtp", what="sending", why="no such mailbox.", fix="")

    class Picky(Way):
        def send(self, alert, at):
            if alert.kind == "holds":
                raise refused
            super().send(alert, at)

    picky = Picky()
    bench.desk = bench.new_desk(picky)
    bench.hold(1)
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    assert picky.subjects() == ["The job orders fails"]


def test_what_was_never_told_needs_no_all_clear(bench):
    bench.way.error = transient()
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    bench.way.error = None
    bench.ends()
    assert bench.way.subjects() == []


def test_a_certificate_about_to_expire_is_told_and_its_renewal_too(bench):
    host = "7654321-sb1.suitetalk.api.netsuite.com"
    bench.expiry = {
        "x.my.salesforce.com": bench.clock.now() + timedelta(days=90),
        host: bench.clock.now() + timedelta(days=20),
    }
    bench.ends()
    assert bench.way.subjects() == [f"The certificate of {host} expires"]
    bench.expiry[host] = bench.clock.now() + timedelta(days=300)
    bench.ends(minutes=60)
    assert bench.way.subjects() == []
    bench.ends(minutes=24 * 60)
    assert bench.way.subjects() == [f"Over: The certificate of {host} expires"]


def test_a_certificate_that_cannot_be_read_today_keeps_its_date(bench):
    host = "x.my.salesforce.com"
    bench.expiry = {host: bench.clock.now() + timedelta(days=31)}
    bench.ends()
    bench.expiry = {}
    bench.ends(minutes=2 * 24 * 60)
    assert f"The certificate of {host} expires" in bench.way.subjects()


def test_salesforces_daily_calls_are_told_above_the_mark(bench):
    bench.ends(outcome=JobOutcome(api_used=799, api_limit=1000))
    assert bench.way.subjects() == []
    bench.ends(outcome=JobOutcome(api_used=810, api_limit=1000))
    (alert,) = bench.way.told
    assert "810 of the org's 1000 API calls" in alert.what
    assert "81%" in alert.what
    bench.way.told.clear()
    bench.ends(outcome=JobOutcome(api_used=100, api_limit=1000))
    assert bench.way.subjects() == ["Over: Salesforce's daily calls are nearly spent"]


def test_a_reconciliation_that_does_not_stand_is_told(bench):
    bench.ends(job="reconcile", outcome=JobOutcome(counts={"controls.BRIDGE_BREAK": 2}))
    bench.ends(job="orders")
    assert bench.way.subjects() == ["The reconciliation is not sound (BRIDGE_BREAK)"]
    bench.ends(job="reconcile", outcome=JobOutcome(counts={"exceptions.open": 3}))
    assert bench.way.subjects() == ["Over: The reconciliation is not sound (BRIDGE_BREAK)"]


def test_writes_that_wait_for_approval_are_told(bench):
    def stand(state, reason):
        with bench.journal.begin() as tx:
            subjects.mark(tx, "so", "006A", label="Deal", state=state, at=bench.clock.now(), reason=reason)

    stand(subjects.WAITING, f"{AWAITS}this run would create 9 orders. {HOW}")
    bench.ends()
    (alert,) = bench.way.told
    assert alert.what == "Waiting for approval: 1 order. This run would create 9 orders."
    bench.way.told.clear()
    stand(subjects.SETTLED, "created")
    bench.ends()
    assert bench.way.subjects() == ["Over: Writes wait for approval"]


def test_without_channels_alerts_are_kept_for_the_list(bench):
    desk = AlertDesk(bench.settings, bench.journal, bench.clock, [], bench._expiry_of)
    bench.desk = desk
    for _ in range(3):
        bench.ends(slots.FAILED, transient())
    with bench.journal.begin() as tx:
        assert [(row.key, row.sent_at) for row in alerts.recent(tx, bench.clock.now())] == [("failed:orders", None)]
    bench.desk = bench.new_desk()
    bench.later(minutes=1)
    assert bench.way.subjects() == ["The job orders fails"]


def test_the_budget_share_is_the_admins(bench):
    settings = replace(bench.settings, alerts=replace(bench.settings.alerts, budget_share=Decimal("0.5")))
    bench.desk = AlertDesk(settings, bench.journal, bench.clock, [bench.way], bench._expiry_of)
    bench.ends(outcome=JobOutcome(api_used=500, api_limit=1000))
    assert bench.way.subjects() == ["Salesforce's daily calls are nearly spent"]
