"""The cursor loses no row that a reader could see and brings none twice: late commits, ties, lost pages, clocks."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from connectors.errors import INCOMPLETE, ProtocolError
from connectors.records import Position
from journal import staging, subjects, tables
from sync.pull import pull
from tests.fakes.late_crm import LateCrm, PageLost
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_world

DEAL, LINE = "Opportunity", "OpportunityLineItem"
START = datetime(2026, 11, 22, 12, tzinfo=UTC)
DEALS = 4
LATEST = 9
"""Minutes that a commit may stay invisible; the overlap is ten."""

FEW = settings(max_examples=40, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))


class OffClock:
    """This machine's clock: so far from Salesforce's."""

    def __init__(self, true, hours):
        self.true, self.off = true, timedelta(hours=hours)

    def now(self):
        return self.true.now() + self.off

    def elapsed(self):
        return 0.0

    def sleep(self, seconds):
        self.true.sleep(seconds)


saves = st.tuples(
    st.just("save"),
    st.integers(0, DEALS - 1),
    st.sampled_from(["win", "edit", "reopen", "delete", "undelete", "merge", "add line", "edit line", "drop line"]),
    st.integers(0, LATEST),
)
waits = st.tuples(st.just("wait"), st.integers(1, 900))
pulls = st.tuples(st.just("pull"), st.none() | st.integers(0, 3))
meanwhile = st.tuples(st.just("between"), saves)
plays = st.lists(st.one_of(saves, saves, waits, waits, pulls, meanwhile), min_size=3, max_size=20)


@dataclass
class Course:
    """A course of saves and pulls, judged after each pull by what a reader could have seen when it began."""

    world: object
    faults: list = field(default_factory=list)
    count: int = 0
    saved: list = field(default_factory=list)

    @property
    def crm(self):
        return self.world.crm

    def step(self, action):
        name, *rest = action
        if name == "wait":
            self.crm.clock.step(seconds=rest[0])
        elif name == "save":
            self.save(*rest)
        elif name == "between":
            self.saved.append(rest[0][1:])
        else:
            self.pull(rest[0])

    def save(self, number, what, delay):
        deal = f"006{number:012d}"
        full = next((id_ for kind, id_ in self.crm.versions if kind == DEAL and id_.startswith(deal)), None)
        line = f"00k{number:012d}"
        if full is not None and self.crm.pending(DEAL, full):
            return  # the row is locked
        self.count += 1
        self.crm.delay = timedelta(minutes=delay)
        if full is None:
            self.crm.put_deal(number, lines=(("PLAT-100", "1", "1.00"),), account=None, Name=str(self.count))
        elif what.endswith("line"):
            self.crm.put(
                LINE, line, deleted=what == "drop line", OpportunityId=full, Quantity=Decimal(self.count)
            ) if not self.crm.pending(LINE, self.full(line)) else None
        else:
            won = {"win": True, "reopen": False}.get(what, self.crm.records[DEAL][full]["fields"]["IsWon"])
            account = "001000000000009AAA" if what == "merge" else None
            self.crm.put(DEAL, deal, deleted=what == "delete", Name=str(self.count), IsWon=won, AccountId=account)
        self.crm.delay = timedelta(0)

    def full(self, id_):
        return next((known for _, known in self.crm.versions if known.startswith(id_)), id_)

    def between(self):
        if self.saved:
            self.crm.clock.step(seconds=70)
            self.save(*self.saved.pop(0)[:2], 0)

    def pull(self, lost_page):
        self.crm.lose_page = lost_page
        at = self.crm.clock.now()
        could_see = {type_: self.crm.seen(type_) for type_ in (DEAL, LINE)}
        self.crm.between = self.between
        before = self.versions()
        try:
            pull(self.world, "run")
        except PageLost:
            self.settle(before)
            return
        finally:
            self.crm.lose_page, self.crm.between = None, lambda: None
        self.judge(could_see, at)
        self.settle(before)

    def settle(self, before):
        """Every deal that is due brought something new; then all are done with, so that no refresh hides a loss."""
        now = self.versions()
        with self.world.journal.begin() as tx:
            for deal in subjects.due(tx, "so"):
                if len(now.get(deal, ())) <= len(before.get(deal, ())):
                    self.faults.append(f"{deal} is due without anything new")
            tx.conn.execute(tables.subject.update().values(state=subjects.SETTLED))

    def versions(self):
        found = {}
        with self.world.journal.begin() as tx:
            for row in tx.conn.execute(select(tables.staged).where(tables.staged.c.type == DEAL)):
                found.setdefault(row.source_id, []).append(row.version)
        return found

    def judge(self, could_see, at):
        settled = at - self.world.settings.salesforce.settle
        with self.world.journal.begin() as tx:
            known = {state.source_id for state in subjects.all_states(tx, "so")}
            staged = staging.newest_of(tx, DEAL, known)
            position = staging.position(tx, DEAL)
        if {id_[:15] for id_ in known} != {id_[:15] for id_ in staged} or any(len(id_) != 18 for id_ in known):
            self.faults.append(f"ids {known}")
        if position is not None and position.stamp > settled:
            self.faults.append(f"the cursor stands at {position}")
        for id_, row in could_see[DEAL].items():
            if row["modified"] > settled or (id_ not in known and (row["deleted"] or not row["fields"]["IsWon"])):
                continue
            if self.crm.live and self.crm.seen(DEAL)[id_] is not row:
                continue  # saved between two pages, it has left the window: the next pull is to bring it
            got = staged.get(id_)
            if got is None or int(got.fields["Name"]) < int(row["fields"]["Name"]):
                self.faults.append(f"{at:%H:%M:%S}: {id_} lacks {row['fields']['Name']} of {row['modified']:%H:%M:%S}")
            elif not got.deleted:
                self.judge_lines(id_, {line["Id"]: line for line in got.lines}, could_see[LINE], settled, at)

    def judge_lines(self, deal, got, could_see, settled, at):
        for id_, row in could_see.items():
            if row["fields"]["OpportunityId"] != deal or row["modified"] > settled:
                continue
            changed_since = self.crm.versions[(LINE, id_)][-1] is not row
            have = got.get(id_[:15]) or got.get(id_)
            if changed_since:
                continue
            if row["deleted"] != (have is None) or (have and have["Quantity"] != row["fields"]["Quantity"]):
                self.faults.append(f"{at:%H:%M:%S}: {deal} has line {id_} as {have}")


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A world over an empty state database to copy: each course gets its own, in memory."""
    world = make_world(tmp_path_factory.mktemp("cursor"))
    yield world
    world.journal.close()


def course(empty, *, overlap=timedelta(minutes=10), hours=0, live=True, short=False, page_size=2):
    true = VirtualClock(START)
    crm = LateCrm(true, page_size)
    crm.live, crm.short_ids = live, short
    own = replace(empty.settings, salesforce=replace(empty.settings.salesforce, overlap=overlap))
    journal = empty.journal.scratch()
    return Course(replace(empty, crm=crm, crm_writer=crm, settings=own, clock=OffClock(true, hours), journal=journal))


def played(empty, play, **changes):
    """Return what went wrong: after the course, two quiet pulls must end it."""
    made = course(empty, **changes)
    try:
        for action in play:
            made.step(action)
        made.saved.clear()
        for _ in range(2):
            made.step(("wait", 1800))
            made.step(("pull", None))
        if pull(made.world, "run").staged:
            made.faults.append("a quiet pull brings something new")
        return made.faults
    finally:
        made.world.journal.close()


@FEW
@given(
    play=plays,
    hours=st.sampled_from([-2, 0, 2]),
    live=st.booleans(),
    short=st.booleans(),
    page_size=st.sampled_from([1, 2, 50]),
)
def test_no_visible_row_is_lost_and_none_is_due_twice(empty, play, hours, live, short, page_size):
    assert played(empty, play, hours=hours, live=live, short=short, page_size=page_size) == []


@pytest.mark.parametrize(
    ("known", "what"),
    [
        ([("save", 2, "win", 0)], "win"),
        ([("save", 1, "win", 0), ("wait", 60), ("save", 2, "win", 0), ("wait", 700), ("pull", None)], "edit"),
        ([("save", 1, "win", 0), ("wait", 60), ("save", 2, "win", 0), ("wait", 700), ("pull", None)], "add line"),
    ],
)
def test_without_the_overlap_rows_are_lost(empty, known, what):
    """The test above can fail: a commit of nine minutes falls behind the cursor."""
    other = "add line" if what == "add line" else "win"
    late = [("save", 1, what, 9), ("wait", 30), ("save", 2, other, 0), ("wait", 120), ("pull", None)]
    play = [*known, *late]
    assert played(empty, play) == []
    assert played(empty, play, overlap=timedelta(0))


def test_of_5000_rows_in_one_second_none_is_lost_at_any_page_or_window(empty):
    made = course(empty, page_size=2000)
    for number in range(5000):
        made.crm.put_deal(number, lines=(), account=None, Name="1")
    made.crm.clock.step(minutes=5)
    for page in (1, 2):
        made.crm.lose_page = page
        with pytest.raises(PageLost):
            pull(made.world, "run")
    made.crm.lose_page = None
    first = pull(made.world, "run")
    again = pull(made.world, "run")
    with made.world.journal.begin() as tx:
        known = len(subjects.all_states(tx, "so"))
        versions = tx.conn.execute(select(tables.staged.c.source_id)).all()
    assert (known, len(versions)) == (5000, 5000)
    assert first.staged == 1000  # the two pages that had arrived were kept, and are not staged again
    assert (again.read, again.staged) == (5000, 0)  # the overlap reads it all once more
    made.world.journal.close()


@pytest.mark.parametrize("live", [True, False])
def test_whatever_page_is_lost_the_next_pull_ends_where_an_undisturbed_one_does(empty, live):
    def read(lost):
        made = course(empty, live=live)
        for number in range(9):
            made.crm.put_deal(number, account=None, Name="1")
            made.crm.clock.step(seconds=40)
        made.crm.clock.step(minutes=30)
        for page in lost:
            made.crm.lose_page = page
            with pytest.raises(PageLost):
                pull(made.world, "run")
        made.crm.lose_page = None
        pull(made.world, "run")
        with made.world.journal.begin() as tx:
            rows = tx.conn.execute(select(tables.staged.c.source_id, tables.staged.c.version)).all()
            positions = [staging.position(tx, stream) for stream in (DEAL, LINE)]
        pages = made.crm.pages
        made.world.journal.close()
        return sorted(map(tuple, rows)), positions, pages

    rows, positions, pages = read([])
    assert len(rows) == 9
    for page in range(5):
        assert read([page])[0] == rows
        assert read([page])[1][0] == positions[0]
        assert read([page, page, 0])[0] == rows
    assert pages >= 5


def test_the_cursor_is_never_ahead_of_salesforces_stamps_though_this_clock_is(empty):
    for hours in (-2, 2):
        made = course(empty, hours=hours)
        made.crm.put_deal(1, account=None, Name="1")
        stamp = made.crm.clock.now().replace(microsecond=0)
        made.crm.clock.step(minutes=3)
        pull(made.world, "run")
        with made.world.journal.begin() as tx:
            assert staging.position(tx, DEAL).stamp == stamp
            assert staging.position(tx, LINE) == Position(stamp, "")
        made.world.journal.close()


def test_a_page_that_leads_beyond_its_rows_is_refused(empty):
    made = course(empty)
    made.crm.put_deal(1, account=None, Name="1")
    made.crm.clock.step(minutes=3)
    honest = made.crm.changed

    def dishonest(type_, fields, window, after=None):
        for page in honest(type_, fields, window, after):
            yield replace(page, last=Position(page.last.stamp + timedelta(seconds=1), page.last.id))

    made.crm.changed = dishonest
    with pytest.raises(RuntimeError, match="a page leads to"):
        pull(made.world, "run")
    with made.world.journal.begin() as tx:
        assert staging.position(tx, DEAL) is None
        assert subjects.all_states(tx, "so") == []
    made.world.journal.close()


def test_the_two_forms_of_an_id_are_one_record(empty):
    made = course(empty, short=True)
    deal = made.crm.put_deal(7, account=None, Name="1")
    made.crm.clock.step(minutes=3)
    pull(made.world, "run")
    made.crm.short_ids = False
    made.crm.put(DEAL, deal, Name="2")
    made.crm.clock.step(minutes=3)
    pull(made.world, "run")
    with made.world.journal.begin() as tx:
        assert [state.source_id for state in subjects.all_states(tx, "so")] == [deal]
        assert len(staging.newest(tx, DEAL, deal).lines) == 1
    made.world.journal.close()


def test_an_answer_that_lacked_rows_takes_the_cursor_back_to_where_the_read_began(empty):
    """Salesforce tells only with the last page how many rows there were: a page before may have lacked one."""
    made = course(empty)
    for number in range(6):
        made.crm.put_deal(number, account=None, Name="1")
        made.crm.clock.step(minutes=12)
    honest = made.crm.changed

    def lacking(type_, fields, window, after=None):
        for page in honest(type_, fields, window, after):
            kept = [record for record in page.records if record.ref.id[:15] != "006000000000001"]
            yield replace(page, records=kept, last=Position(kept[-1].modified, kept[-1].ref.id))
        raise ProtocolError(connection="x", what="reading", why="6 announced, 5 sent.", fix="", code=INCOMPLETE)

    made.crm.changed = lacking
    with pytest.raises(ProtocolError):
        pull(made.world, "run")
    with made.world.journal.begin() as tx:
        assert staging.position(tx, DEAL) is None
    made.crm.changed = honest
    assert pull(made.world, "run").staged == 1
    with made.world.journal.begin() as tx:
        reached = staging.position(tx, DEAL)
    made.crm.put_deal(9, account=None, Name="1")
    made.crm.clock.step(minutes=12)
    made.crm.changed = lacking
    with pytest.raises(ProtocolError):
        pull(made.world, "run")
    with made.world.journal.begin() as tx:
        assert staging.position(tx, DEAL) == reached
        assert len(subjects.all_states(tx, "so")) == 7
    made.world.journal.close()
