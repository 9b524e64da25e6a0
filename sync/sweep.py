"""The sweep: every won deal that Salesforce has, compared with what the journal knows.

The cursor reads what changed; the sweep proves once a day that it lost nothing. What it lost is staged and made due
in the same run, and reported: a fault in Tieout, not a normal path. Whatever the cursor can still reach (younger than
its position less the overlap) is left to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import structlog

from connectors.ports import Condition
from connectors.records import Record, Value
from journal import misses, staging, subjects
from journal.misses import CursorMiss, What
from journal.nouns import KIND_ORDER
from journal.staging import StagedRecord
from sync.pull import deal_fields, id_of, keep_deals, record_label, stage_gone, with_lines
from sync.world import DEAL, LINE, World

log = structlog.get_logger(__name__)

TOGETHER = 200
"""Deals that are looked at in one step: as many as one query for their lines can name."""
WON = (Condition("IsWon", "=", True),)

Fields = Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep found among ``looked`` deals.

    ``missed``: lost by the cursor, whole deals and edits. ``moved``: read anew without being reported, for they are out
    of scope or had changed without a change of their stamp, as a formula's result does. ``gone``: no longer readable.
    """

    looked: int = 0
    missed: int = 0
    moved: int = 0
    gone: int = 0

    def __add__(self, other: Swept) -> Swept:
        return Swept(
            self.looked + other.looked,
            self.missed + other.missed,
            self.moved + other.moved,
            self.gone + other.gone,
        )

    def counts(self) -> dict[str, int]:
        """Return the figures by name, as a run counts them."""
        return {"looked": self.looked, "missed": self.missed, "moved": self.moved, "gone": self.gone}


@dataclass(frozen=True, slots=True)
class Reach:
    """The oldest stamps that the cursors of deals and of lines still look at."""

    deals: datetime
    lines: datetime

    def beyond(self, deal: Record, staged: StagedRecord) -> bool:
        """Say whether no cursor will read this deal, or a line of it, again without a new change."""
        newest_line = staged.modified if staged.modified > deal.modified else None
        return deal.modified < self.deals and (newest_line is None or newest_line < self.lines)


def sweep(world: World, run_id: str) -> Swept:
    """Stage every won deal that the journal lacks or knows in an older state, and make it due.

    To be called after a pull of the same run. For 10,000 deals this takes 5 queries for the deals and 50 for their
    lines, a page of 200 deals at a time in memory and of all others the id alone.

    Raises:
        Overtaken: another worker has begun to read since.
        ConnectorError: Salesforce could not be read; what was found before is staged.
    """
    reach = _reach(world)
    if reach is None:
        return Swept()
    swept, won = Swept(), set[str]()
    for page in _pages(world.crm.scan(DEAL, deal_fields(world), WON)):
        won.update(id_of(record) for record in page)
        swept += _compare(world, run_id, page, reach)
        world.observer.progress("compared deals", swept.looked, None)
    swept += _no_longer_won(world, run_id, won, reach)
    told = log.error if swept.missed else log.info
    told("swept", **swept.counts())
    return swept


def _reach(world: World) -> Reach | None:
    with world.journal.begin() as tx:
        deals, lines = staging.position(tx, DEAL), staging.position(tx, LINE)
    if deals is None:
        return None
    overlap = world.settings.salesforce.overlap
    return Reach(deals.stamp - overlap, (lines or deals).stamp - overlap)


def _pages(records: Iterable[Record]) -> Iterator[list[Record]]:
    page: list[Record] = []
    for record in records:
        page.append(record)
        if len(page) == TOGETHER:
            yield page
            page = []
    if page:
        yield page


def _compare(world: World, run_id: str, deals: Sequence[Record], reach: Reach) -> Swept:
    """Heal what was lost of these deals: unknown ones, and those whose own content is newer than the journal's."""
    with world.journal.begin() as tx:
        known = subjects.known(tx, KIND_ORDER, [id_of(deal) for deal in deals])
    older = [deal for deal in deals if deal.modified < reach.deals]
    chosen = {id_of(deal): deal for deal in older if id_of(deal) not in known or _matters(world, deal)}
    if not chosen:
        return Swept(looked=len(deals))
    read = list(with_lines(world, list(chosen.values())))
    with world.journal.begin() as tx:
        before = staging.newest_of(tx, DEAL, chosen.keys())
    lost: dict[str, What] = {}
    moved: list[StagedRecord] = []
    for deal in read:
        was = before.get(deal.source_id)
        if deal.source_id not in known or was is None:
            lost[deal.source_id] = "deal"
        elif reach.beyond(chosen[deal.source_id], deal) and not _same(was, deal):
            if deal.modified > was.modified:
                lost[deal.source_id] = "edit"
            else:
                moved.append(deal)
    return replace(_heal(world, run_id, read, lost, moved), looked=len(deals))


def _matters(world: World, deal: Record) -> bool:
    """Deals closed before go-live never become orders: that they are known is enough."""
    closed = deal.fields.get("CloseDate")
    return not isinstance(closed, date) or closed >= world.settings.company.go_live


def _no_longer_won(world: World, run_id: str, won: Collection[str], reach: Reach) -> Swept:
    """Heal deals that the journal takes for won, and that Salesforce does not show as such."""
    with world.journal.begin() as tx:
        others = [state.source_id for state in subjects.all_states(tx, KIND_ORDER) if state.source_id not in won]
    swept = Swept()
    for start in range(0, len(others), TOGETHER):
        with world.journal.begin() as tx:
            known = staging.newest_of(tx, DEAL, others[start : start + TOGETHER])
        doubted = [id_ for id_, deal in known.items() if deal.fields.get("IsWon") is True and not deal.deleted]
        if not doubted:
            continue
        found = {id_of(record): record for record in world.crm.by_ids(DEAL, deal_fields(world), doubted)}
        lost = [
            deal
            for deal in with_lines(world, list(found.values()))
            if reach.beyond(found[deal.source_id], deal) and not _same(known[deal.source_id], deal)
        ]
        swept += _heal(world, run_id, lost, {deal.source_id: "edit" for deal in lost}, ())
        swept += Swept(gone=stage_gone(world, run_id, set(doubted) - found.keys()))
    return swept


def _heal(
    world: World, run_id: str, read: Sequence[StagedRecord], lost: Mapping[str, What], moved: Sequence[StagedRecord]
) -> Swept:
    """Stage what was lost or has moved, make it due, and write down what was lost, all in one transaction."""
    healed = [deal for deal in read if deal.source_id in lost] + list(moved)
    if not healed:
        return Swept()
    reported = [deal for deal in healed if deal.source_id in lost and _in_scope(world, deal)]
    with world.journal.begin() as tx:
        position = staging.position(tx, DEAL)
        reached = position.stamp if position is not None else world.now()
        keep_deals(world, tx, run_id, healed)
        for deal in reported:
            miss = CursorMiss(
                source_id=deal.source_id,
                label=record_label(deal),
                what=lost[deal.source_id],
                modified=deal.modified,
                reached=reached,
                found_at=world.now(),
                run_id=run_id,
            )
            misses.note(tx, miss)
            log.error("cursor_miss", deal=deal.source_id, what=miss.what, modified=miss.modified.isoformat())
    return Swept(missed=len(reported), moved=len(healed) - len(reported))


def _in_scope(world: World, deal: StagedRecord) -> bool:
    """A deal that is no sale is healed in silence; one whose scope cannot be judged counts as one."""
    if world.scope is None:
        return True
    try:
        return bool(world.scope.evaluate(deal.fields))
    except Exception as error:  # noqa: BLE001  anything that one record's values can provoke
        log.warning("scope_unreadable", record=deal.source_id, error=type(error).__name__)
        return True


def _same(one: StagedRecord, other: StagedRecord) -> bool:
    """Say whether two readings of a deal agree in what is the deal's own.

    Values of related records (``Account.Name``) change without it, and fields may have been read at one time alone.
    """
    return (
        one.deleted == other.deleted
        and len(one.lines) == len(other.lines)
        and _agree(one.fields, other.fields)
        and all(_agree(left, right) for left, right in zip(one.lines, other.lines, strict=True))
    )


def _agree(one: Fields, other: Fields) -> bool:
    common = one.keys() & other.keys() - staging.VOLATILE
    return all(one[name] == other[name] for name in common if "." not in name)
