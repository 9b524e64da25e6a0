"""The small pieces from which decisions about orders are put together."""

from __future__ import annotations

from decimal import Decimal

from journal.holds import HoldCause
from journal.nouns import KIND_ORDER
from journal.staging import StagedRecord
from sync.customers import CREATE_ANYWAY
from sync.decision import Decision
from sync.eligibility import Eligibility
from sync.world import World


def decided(deal: StagedRecord, eligible: Eligibility, action: str, reason: str, **more: object) -> Decision:
    """Return the decision about a deal."""
    values = {
        "kind": KIND_ORDER,
        "source_id": deal.source_id,
        "label": str(deal.fields.get("Name") or deal.source_id),
        "action": action,
        "reason": reason,
        "version": deal.version,
        "eligible_at": eligible.since,
        **more,
    }
    return Decision(**values)  # type: ignore[arg-type]


def held(deal: StagedRecord, eligible: Eligibility, cause: HoldCause, **more: object) -> Decision:
    """Return the decision to hold a deal."""
    return decided(deal, eligible, "hold", cause.cause, hold=cause, **more)


def deal_net(deal: StagedRecord) -> Decimal:
    """Return the sum of the deal's lines (TotalPrice), in the deal's currency."""
    return sum((price for line in deal.lines if isinstance(price := line.get("TotalPrice"), Decimal)), Decimal(0))


def stored_id(world: World, deal: StagedRecord) -> str | None:
    """Return the NetSuite id that the CRM record itself names, if the mapping says where."""
    field = world.order_mapping.match.stored_id
    value = deal.fields.get(field) if field else None
    return None if value is None else str(value).strip() or None


def is_internal_id(text: str) -> bool:
    """Say whether a text can be a NetSuite internal id: plain digits, at most nineteen."""
    return text.isascii() and text.isdecimal() and len(text) <= 19


def is_new(world: World, deal: StagedRecord) -> bool:
    """Say whether a person has declared the deal to be none of the existing orders."""
    stored = stored_id(world, deal)
    return stored is not None and stored.casefold() == CREATE_ANYWAY
