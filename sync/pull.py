"""Acquisition: changed deals into the journal, staged rows and cursor in one transaction per page.

Nothing is decided here and nothing is sent. Windows and cursors come from the CRM's own clock and stamps.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import structlog

from connectors.records import Position, Record, Value, Window, salesforce_id
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
    """Bring every change since the last committed page into the journal."""
    high = world.crm.server_time() - world.settings.salesforce.settle
    with world.journal.begin() as tx:
        first = staging.position(tx, DEAL) is None
    read: set[str] = set()
    pulled = _pull_deals(world, run_id, high, read)
    if first:
        # The first pull read the lines of every deal it staged, so line changes matter from here on.
        with world.journal.begin() as tx:
            staging.advance(tx, LINE, Position(high, ""), world.now())
    else:
        pulled += _pull_lines(world, run_id, high, read)
    if _follows_accounts(world):
        pulled += _pull_accounts(world, run_id, high)
    pulled += refresh(world, run_id, read)
    log.info("pulled", rows_read=pulled.read, rows_staged=pulled.staged, up_to=high.isoformat())
    return pulled


def _window(world: World, stream: str, high: datetime) -> Window:
    with world.journal.begin() as tx:
        position = staging.position(tx, stream)
    low = None if position is None else position.stamp - world.settings.salesforce.overlap
    return Window(low, high)


def _pull_deals(world: World, run_id: str, high: datetime, read: set[str]) -> Pulled:
    pulled = Pulled()
    for page in world.crm.changed(DEAL, deal_fields(world), _window(world, DEAL, high)):
        with world.journal.begin() as tx:
            known = subjects.known(tx, KIND_ORDER, [record.ref.id for record in page.records])
        relevant = [
            record for record in page.records if record.ref.id in known or _is_won(record) or _is_stamped(world, record)
        ]
        staged = _stage_deals(world, run_id, relevant, (DEAL, page.last))
        read.update(record.ref.id for record in relevant)
        pulled += Pulled(len(page.records), staged)
        world.observer.progress("read deals", pulled.read, None)
    return pulled


def _pull_lines(world: World, run_id: str, high: datetime, read: set[str]) -> Pulled:
    """A line's edit need not touch its deal: the lines are a stream of their own."""
    pulled = Pulled()
    for page in world.crm.changed(LINE, ["Id", "OpportunityId"], _window(world, LINE, high)):
        deal_ids = sorted({salesforce_id(str(record.fields["OpportunityId"])) for record in page.records})
        with world.journal.begin() as tx:
            known = subjects.known(tx, KIND_ORDER, deal_ids)
        found = _deals(world, sorted(known))
        staged = _stage_deals(world, run_id, found, (LINE, page.last))
        read.update(record.ref.id for record in found)
        pulled += Pulled(len(page.records), staged)
    return pulled


def _pull_accounts(world: World, run_id: str, high: datetime) -> Pulled:
    pulled = Pulled()
    for page in world.crm.changed(ACCOUNT, account_fields(world), _window(world, ACCOUNT, high)):
        with world.journal.begin() as tx:
            known = subjects.known(tx, KIND_CUSTOMER, [record.ref.id for record in page.records])
            relevant = [record for record in page.records if record.ref.id in known and not record.deleted]
            fresh = [record for record in relevant if _stage_account(world, tx, record, run_id)]
            staged = len(fresh)
            for record in fresh:
                label = _text(record.fields.get("Name"))
                subjects.mark(tx, KIND_CUSTOMER, record.ref.id, label=label, state=subjects.READY, at=world.now())
            if page.last is not None:
                staging.advance(tx, ACCOUNT, page.last, world.now())
        pulled += Pulled(len(page.records), staged)
    return pulled


def refresh(world: World, run_id: str, read: Collection[str] = ()) -> Pulled:
    """Read again every deal that is held or waits: what heals it may not have moved the deal's own stamp.

    ``read``: deals that this very pull has read.
    """
    with world.journal.begin() as tx:
        ids = [id_ for id_ in subjects.due(tx, KIND_ORDER) if id_ not in read]
    found = _deals(world, ids)
    staged = _stage_deals(world, run_id, found, None)
    staged += _stage_gone(world, run_id, set(ids) - {record.ref.id for record in found})
    return Pulled(0, staged)


def _stage_gone(world: World, run_id: str, ids: set[str]) -> int:
    """A deal that can no longer be read, not even as deleted, must not become an order from memory."""
    now = world.now()
    new = 0
    with world.journal.begin() as tx:
        for id_ in sorted(ids):
            known = staging.newest(tx, DEAL, id_)
            if known is not None and staging.stage(tx, replace(known, deleted=True), run_id, now):
                new += 1
                subjects.make_ready(tx, KIND_ORDER, {id_: deal_label(known)}, now)
    return new


def pull_one(world: World, run_id: str, deal_id: str) -> bool:
    """Read one deal by its id, leaving the cursor alone; return whether it exists."""
    records = _deals(world, [deal_id])
    _stage_deals(world, run_id, records, None)
    if not records:
        _stage_gone(world, run_id, {deal_id})
    return bool(records)


def _deals(world: World, ids: Sequence[str]) -> list[Record]:
    return world.crm.by_ids(DEAL, deal_fields(world), ids) if ids else []


def _stage_deals(
    world: World, run_id: str, records: Sequence[Record], advance: tuple[str, Position | None] | None
) -> int:
    """Stage the deals with all their lines and move the cursor, together or not at all."""
    staged_records = list(_with_lines(world, records))
    now = world.now()
    with world.journal.begin() as tx:
        fresh = staging.stage_all(tx, staged_records, run_id, now)
        seen = subjects.states_of(tx, KIND_ORDER, [record.source_id for record in staged_records])
        due = [record for record in staged_records if record.source_id in fresh or record.source_id not in seen]
        # A newer reading is decided again, unless a write about it is still in doubt.
        subjects.make_ready(tx, KIND_ORDER, {record.source_id: deal_label(record) for record in due}, now)
        if advance is not None and advance[1] is not None:
            staging.advance(tx, advance[0], advance[1], now)
    return len(due)


def _with_lines(world: World, records: Sequence[Record]) -> Iterable[StagedRecord]:
    won = [record.ref.id for record in records if not record.deleted]
    children = world.crm.children(LINE, line_fields(world), "OpportunityId", won) if won else []
    lines: dict[str, list[Record]] = {}
    for child in children:
        lines.setdefault(salesforce_id(str(child.fields["OpportunityId"])), []).append(child)
    for record in records:
        own = lines.get(record.ref.id, [])
        yield StagedRecord(
            type=DEAL,
            source_id=record.ref.id,
            fields=dict(record.fields),
            lines=[dict(line.fields) for line in own],
            modified=max([record.modified, *(line.modified for line in own)]),
            deleted=record.deleted,
        )


def account_fields(world: World) -> list[str]:
    """Return every field path of an account that mapping it may need."""
    return sorted(ACCOUNT_FIELDS | world.customer_mapping.source_fields())


def stage_accounts(world: World, run_id: str, ids: Sequence[str]) -> dict[str, StagedRecord]:
    """Read accounts by id, keep them, and return them as staged."""
    records = world.crm.by_ids(ACCOUNT, account_fields(world), ids) if ids else []
    found: dict[str, StagedRecord] = {}
    with world.journal.begin() as tx:
        for record in records:
            _stage_account(world, tx, record, run_id)
            staged = staging.newest(tx, ACCOUNT, record.ref.id)
            if staged is not None:
                found[record.ref.id] = staged
    return found


def _stage_account(world: World, tx: Tx, record: Record, run_id: str) -> bool:
    staged = StagedRecord(
        type=ACCOUNT,
        source_id=record.ref.id,
        fields=dict(record.fields),
        lines=(),
        modified=record.modified,
        deleted=record.deleted,
    )
    return staging.stage(tx, staged, run_id, world.now())


def _follows_accounts(world: World) -> bool:
    """Accounts are followed only where the mapping keeps some customer field up to date."""
    return any(rule.write == "always" for rule in world.customer_mapping.fields)


def _is_won(record: Record) -> bool:
    return record.fields.get("IsWon") is True and not record.deleted


def _is_stamped(world: World, record: Record) -> bool:
    """A deal that was never ours but shows Tieout's fields: a clone, which copied them, and is to be blanked."""
    return not record.deleted and any(record.fields.get(name) not in (None, "") for name in world.status_fields)


def deal_label(record: StagedRecord) -> str:
    """Return what a person calls the deal."""
    return _text(record.fields.get("Name")) or record.source_id


def _text(value: Value) -> str:
    # A lone surrogate, which JSON allows, has no place in a database.
    return "" if value is None else str(value).encode("utf-8", "replace").decode()
