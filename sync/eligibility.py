"""Whether a deal is to become an order at all, and if not, in which sentence a person is told."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from journal.staging import StagedRecord
from sync.world import World

Standing = Literal["order", "match", "wait", "out", "unreadable"]
"""``order``: create or follow its order. ``match``: won before go-live, look for its order, never create one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Eligibility:
    """A deal's standing with the reason, and the moment it became eligible (the CRM's stamps)."""

    standing: Standing
    reason: str
    since: datetime | None = None


def judge(world: World, deal: StagedRecord, server_now: datetime) -> Eligibility:
    """Judge one deal as last read; ``server_now`` is the CRM's own clock."""
    if deal.deleted:
        return Eligibility(standing="out", reason="the deal was deleted in Salesforce, or Tieout may no longer see it")
    if deal.fields.get("IsWon") is not True:
        return Eligibility(standing="out", reason=f"the deal is not won (stage {deal.fields.get('StageName')})")
    scope = world.settings.orders.scope
    if world.scope is not None and scope is not None and not world.scope.evaluate(deal.fields):
        return Eligibility(standing="out", reason=f"out of scope by {scope.where}: {scope.text}")
    since = won_at(deal)
    if _closed_on(deal) < world.settings.company.go_live:
        reason = f"won before go-live ({world.settings.company.go_live}): matched, never created"
        return Eligibility(standing="match", reason=reason, since=since)
    until = since + world.settings.orders.wait
    if server_now < until:
        reason = f"waits until {until:%Y-%m-%d %H:%M} UTC (jobs.orders wait)"
        return Eligibility(standing="wait", reason=reason, since=since)
    return Eligibility(standing="order", reason="won and in scope", since=since)


def won_at(deal: StagedRecord) -> datetime:
    """Return when the deal's stage last changed, or its last change where the CRM does not say."""
    stamp = deal.fields.get("LastStageChangeDate")
    return stamp if isinstance(stamp, datetime) else deal.modified


def _closed_on(deal: StagedRecord) -> date:
    closed = deal.fields.get("CloseDate")
    if not isinstance(closed, date):
        raise ValueError(f"opportunity {deal.source_id} has no close date, which Salesforce requires")
    return closed
