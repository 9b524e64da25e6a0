"""Acquisition: changed deals into the journal, staged rows and cursor in one transaction per page.

Nothing is decided here and nothing is sent. Windows come from the CRM's own clock, cursors from stamps of its rows.
Each transaction asserts the fence of ``World.acquired``: a reader that was overtaken stages nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from connectors.errors import INCOMPLETE, ProtocolError
from connectors.records import Page, Position, Record, Value, Window, salesforce_id
from journal import staging, subjects
from journal.database import Tx
from journal.nouns import KIND_CUSTOMER, KIND_ORDER
from journal.staging import StagedRecord
from sync.world import ACCOUNT, DEAL, LINE, World

log = structlog.get_logger(__name__)

DEAL_FIELDS = frozenset(
    {
        "Id",
        "Name",
        "AccountId",
        "StageName",
        "IsWon",
        "IsClosed",
        "CloseDate",
        "LastStageChangeDate",
        "CurrencyIsoCode",
        "Amount",
    }
)
LINE_FIELDS = frozenset({"Id", "OpportunityId", "TotalPrice", "Quantity"})
ACCOUNT_FIELDS = frozenset({"Id", "Name", "ParentId"})


@dataclass(frozen=True, slots=True)
class Pulled:
    """How many rows a pull read, and how many brought new content."""

    read: int = 0
    staged: int = 0

    def __add__(self, other: Pulled) -> Pulled:
        return Pulled(self.read + other.read, self.staged + other.staged)


def deal_fields(world: World) -> list[str]:
    """Return every field path of a deal that deciding about it may need."""
    scope = world.scope.fields if world.scope else frozenset()
    stand_alone = world.stand_alone.fields if world.stand_alone else frozenset()
    own = frozenset(world.status_fields) | _mapped(world)
    return sorted(DEAL_FIELDS | own | scope | stand_alone)


def line_fields(world: World) -> list[str]:
    """Return every field path of a line that mapping it may need."""
    mapping = world.invoice_mapping
    return sorted(
        LINE_FIELDS
        | world.order_mapping.line_source_fields()
        | (mapping.line_source_fields() if mapping is not None else frozenset())
    )


def _mapped(world: World) -> frozenset[str]:
    mapping = world.invoice_mapping
    return world.order_mapping.source_fields() | (mapping.source_fields() if mapping is not None else frozenset())


def pull(world: World, run_id: str) -> Pulled:
    """Bring every change since the last committed page into the journal.

    Raises:
        Overtaken: another worker has begun to read since; what is committed stays.
        ConnectorError: a page could not be read; the next pull goes on behind the last committed one.
    """
    high = world.crm.server_time() - world.settings.salesforce.settle
    with world.journal.begin() as tx:
        first = staging.position(tx, DEAL) is None
    read: set[str] = set()
    pulled = _pull_deals(world, run_id, high, read)
    if first:
        # The first pull read the lines of every deal it staged, so line changes matter from there on.
        with world.journal.begin() as tx:
            staging.require(tx, world.acquired)
            reached = staging.position(tx, DEAL)
            if reached is not None:
                staging.advance(tx, LINE, Position(reached.stamp, ""), world.now())
    else:
        pulled += _pull_lines(world, run_id, high, read)
    if _follows_accounts(world):
        pulled += _pull_accounts(world, run_id, high)
    pulled += refresh(world, run_id, read)
    log.info("pulled", rows_read=pulled.read, rows_staged=pulled.staged, up_to=high.isoformat())
    return pulled


def _pages(
    world: World, stream: str, fields: Sequence[str], high: datetime
) -> Iterator[tuple[Sequence[Record], Position | None]]:
    """Yield the pages of what changed, and the position to commit with each.

    Where the CRM says only at the end that rows were missing, any page may have lacked them: what was committed of
    this read is given up, and the next pull reads it again.
    """
    with world.journal.begin() as tx:
        begun = staging.position(tx, stream)
    window = Window(None if begun is None else begun.stamp - world.settings.salesforce.overlap, high)
    try:
        for page in world.crm.changed(stream, fields, window):
            yield page.records, _reached(page, window)
    except ProtocolError as error:
        if error.code == INCOMPLETE:
            _go_back(world, stream, begun)
        raise


def _go_back(world: World, stream: str, to: Position | None) -> None:
    with world.journal.begin() as tx:
        staging.require(tx, world.acquired)
        staging.forget_position(tx, stream)
        if to is not None:
            staging.advance(tx, stream, to, world.now())


def _reached(page: Page, window: Window) -> Position | None:
    """Return the position that a page leads to, which is one of its own rows: a cursor beyond them would lose rows.

    Raises:
        RuntimeError: it is not; a fault in Tieout.
    """
    if page.last is None:
        return None
    newest = max((record.modified for record in page.records), default=None)
    if page.last.stamp != newest or newest > window.high:
        raise RuntimeError(f"a page leads to {page.last.stamp}, its rows to {newest}, asked for was {window.high}")
    return page.last


def _pull_deals(world: World, run_id: str, high: datetime, read: set[str]) -> Pulled:
    pulled = Pulled()
    for records, reached in _pages(world, DEAL, deal_fields(world), high):
        with world.journal.begin() as tx:
            known = subjects.known(tx, KIND_ORDER, [id_of(record) for record in records])
        relevant = [
            record for record in records if id_of(record) in known or _is_won(record) or _is_stamped(world, record)
        ]
        staged = _stage_deals(world, run_id, relevant, (DEAL, reached))
        read.update(id_of(record) for record in relevant)
        pulled += Pulled(len(records), staged)
        world.observer.progress("read deals", pulled.read, None)
    return pulled


def _pull_lines(world: World, run_id: str, high: datetime, read: set[str]) -> Pulled:
    """A line's edit need not touch its deal: the lines are a stream of their own."""
    pulled = Pulled()
    for records, reached in _pages(world, LINE, ["Id", "OpportunityId"], high):
        deal_ids = sorted({salesforce_id(str(record.fields["OpportunityId"])) for record in records})
        with world.journal.begin() as tx:
            known = subjects.known(tx, KIND_ORDER, deal_ids)
        found = _deals(world, sorted(known))
        staged = _stage_deals(world, run_id, found, (LINE, reached))
        read.update(id_of(record) for record in found)
        pulled += Pulled(len(records), staged)
    return pulled


def _pull_accounts(world: World, run_id: str, high: datetime) -> Pulled:
    pulled = Pulled()
    for records, reached in _pages(world, ACCOUNT, account_fields(world), high):
        with world.journal.begin() as tx:
            staging.require(tx, world.acquired)
            known = subjects.known(tx, KIND_CUSTOMER, [id_of(record) for record in records])
            relevant = [record for record in records if id_of(record) in known and not record.deleted]
            fresh = [record for record in relevant if _stage_account(world, tx, record, run_id)]
            staged = len(fresh)
            for record in fresh:
                label = _text(record.fields.get("Name"))
                subjects.mark(tx, KIND_CUSTOMER, id_of(record), label=label, state=subjects.READY, at=world.now())
            if reached is not None:
                staging.advance(tx, ACCOUNT, reached, world.now())
        pulled += Pulled(len(records), staged)
    return pulled


def refresh(world: World, run_id: str, read: Collection[str] = ()) -> Pulled:
    """Read again every deal that is held or waits: what heals it may not have moved the deal's own stamp.

    ``read``: deals that this very pull has read.
    """
    with world.journal.begin() as tx:
        ids = [id_ for id_ in subjects.due(tx, KIND_ORDER) if id_ not in read]
    found = _deals(world, ids)
    staged = _stage_deals(world, run_id, found, None)
    staged += stage_gone(world, run_id, set(ids) - {id_of(record) for record in found})
    return Pulled(0, staged)


def stage_gone(world: World, run_id: str, ids: set[str]) -> int:
    """A deal that can no longer be read, not even as deleted, must not become an order from memory.

    Returns how many of these deals were not known to be gone.
    """
    now = world.now()
    new = 0
    with world.journal.begin() as tx:
        staging.require(tx, world.acquired)
        for id_ in sorted(ids):
            known = staging.newest(tx, DEAL, id_)
            if known is not None and staging.stage(tx, replace(known, deleted=True), run_id, now):
                new += 1
                subjects.make_ready(tx, KIND_ORDER, {id_: record_label(known)}, now)
    return new


def pull_one(world: World, run_id: str, deal_id: str) -> bool:
    """Read one deal by its id, of 15 or 18 characters, leaving the cursor alone; return whether it exists."""
    records = _deals(world, [salesforce_id(deal_id)])
    _stage_deals(world, run_id, records, None)
    if not records:
        stage_gone(world, run_id, {salesforce_id(deal_id)})
    return bool(records)


def _deals(world: World, ids: Sequence[str]) -> list[Record]:
    return world.crm.by_ids(DEAL, deal_fields(world), ids) if ids else []


def _stage_deals(
    world: World, run_id: str, records: Sequence[Record], advance: tuple[str, Position | None] | None
) -> int:
    """Stage the deals with all their lines and move the cursor, together or not at all."""
    staged_records = list(with_lines(world, records))
    with world.journal.begin() as tx:
        due = keep_deals(world, tx, run_id, staged_records)
        if advance is not None and advance[1] is not None:
            staging.advance(tx, advance[0], advance[1], world.now())
    return due


def keep_deals(world: World, tx: Tx, run_id: str, deals: Sequence[StagedRecord]) -> int:
    """Stage deals as they were read and make those due that bring something new; return how many those are.

    Raises:
        Overtaken: another worker has begun to read since.
    """
    staging.require(tx, world.acquired)
    now = world.now()
    fresh = staging.stage_all(tx, deals, run_id, now)
    seen = subjects.states_of(tx, KIND_ORDER, [deal.source_id for deal in deals])
    due = [deal for deal in deals if deal.source_id in fresh or deal.source_id not in seen]
    # A newer reading is decided again, unless a write about it is still in doubt.
    subjects.make_ready(tx, KIND_ORDER, {deal.source_id: record_label(deal) for deal in due}, now)
    return len(due)


def with_lines(world: World, records: Sequence[Record]) -> Iterable[StagedRecord]:
    """Yield deals as they are staged: each with all its live lines, which are read now."""
    won = [id_of(record) for record in records if not record.deleted]
    children = world.crm.children(LINE, line_fields(world), "OpportunityId", won) if won else []
    lines: dict[str, list[Record]] = {}
    for child in children:
        lines.setdefault(salesforce_id(str(child.fields["OpportunityId"])), []).append(child)
    for record in records:
        own = lines.get(id_of(record), [])
        yield StagedRecord(
            type=DEAL,
            source_id=id_of(record),
            fields=dict(record.fields),
            lines=[dict(line.fields) for line in own],
            modified=max([record.modified, *(line.modified for line in own)]),
            deleted=record.deleted,
        )


def account_fields(world: World) -> list[str]:
    """Return every field path of an account that mapping it may need."""
    return sorted(ACCOUNT_FIELDS | world.customer_mapping.source_fields())


def stage_accounts(world: World, run_id: str, ids: Sequence[str]) -> dict[str, StagedRecord]:
    """Read accounts by id, keep them, and return them as staged.

    Raises:
        Overtaken: another worker has begun to read since.
    """
    records = world.crm.by_ids(ACCOUNT, account_fields(world), ids) if ids else []
    found: dict[str, StagedRecord] = {}
    with world.journal.begin() as tx:
        staging.require(tx, world.acquired)
        for record in records:
            _stage_account(world, tx, record, run_id)
            staged = staging.newest(tx, ACCOUNT, id_of(record))
            if staged is not None:
                found[id_of(record)] = staged
    return found


def _stage_account(world: World, tx: Tx, record: Record, run_id: str) -> bool:
    staged = StagedRecord(
        type=ACCOUNT,
        source_id=id_of(record),
        fields=dict(record.fields),
        lines=(),
        modified=record.modified,
        deleted=record.deleted,
    )
    return staging.stage(tx, staged, run_id, world.now())


def _follows_accounts(world: World) -> bool:
    """Accounts are followed only where the mapping keeps some customer field up to date."""
    return any(rule.write == "always" for rule in world.customer_mapping.fields)


def id_of(record: Record) -> str:
    """Return the id in the form in which every id is kept: its 15-character form must not make a second record."""
    return salesforce_id(record.ref.id)


def _is_won(record: Record) -> bool:
    return record.fields.get("IsWon") is True and not record.deleted


def _is_stamped(world: World, record: Record) -> bool:
    """A deal that was never ours but shows Tieout's fields: a clone, which copied them, and is to be blanked."""
    return not record.deleted and any(record.fields.get(name) not in (None, "") for name in world.status_fields)


def record_label(record: StagedRecord) -> str:
    """Return what a person calls the deal or account."""
    return _text(record.fields.get("Name")) or record.source_id


def _text(value: Value) -> str:
    # A lone surrogate, which JSON allows, has no place in a database.
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
