"""A past period's state, rebuilt from what the systems hold now: balances of NetSuite always mean the present moment.

An invoice, payment or credit belongs to the period of its posting period, not of its own date, and so does what a
payment or credit settles. What other transactions settle (journals, applied deposits) goes by their date.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from connectors.errors import TieoutError
from connectors.receivables import Application, Invoice, Period, Receipt
from reconcile.snapshot import Snapshot

NAMED = 20
"""Doubts that are listed; the rest is counted."""
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
BY_NUMBER = re.compile(r"([0-9]{4})-([0-9]{2})", re.ASCII)
BY_NAME = re.compile(r"([A-Za-z]{3})[a-z]* ([0-9]{4})", re.ASCII)
ZERO = Decimal(0)
Amounts = Mapping[str, tuple[str, Decimal | None]]
"""Currency and net amount of deals, by deal id."""


class PeriodError(TieoutError):
    """The period that was asked for is none of the account's."""


def find_period(asked: str, periods: Sequence[Period]) -> Period:
    """Return the accounting period of a name (``Nov 2026``) or a month (``2026-11``).

    Raises:
        PeriodError: there is none, or the text names no month.
    """
    named = next((period for period in periods if period.name.casefold() == asked.strip().casefold()), None)
    if named is not None:
        return named
    first = _first_day(asked.strip())
    found = next((period for period in periods if period.start <= first <= period.end), None) if first else None
    if found is not None:
        return found
    some = ", ".join(period.name for period in periods[-3:]) or "none"
    raise PeriodError(
        f"--period {asked}: NetSuite has no such accounting period (the last ones are: {some})."
        " Give a month as 2026-11 or a period's name as NetSuite shows it, such as 'Nov 2026'."
    )


def _first_day(asked: str) -> date | None:
    if match := BY_NUMBER.fullmatch(asked):
        year, month = int(match[1]), int(match[2])
        return date(year, month, 1) if 1 <= month <= len(MONTHS) else None
    if (match := BY_NAME.fullmatch(asked)) and match[1].lower() in MONTHS:
        return date(int(match[2]), MONTHS.index(match[1].lower()) + 1, 1)
    return None


def end_of(period: Period, time_zone: str) -> datetime:
    """Return the instant at which the period's last day ends in the company's zone."""
    midnight = datetime.combine(period.end + timedelta(days=1), time(), ZoneInfo(time_zone))
    return midnight.astimezone(UTC)


def as_of_period(snapshot: Snapshot, period: Period, time_zone: str, staged: Amounts) -> Snapshot:
    """Return the snapshot as it stood at the period's end, with the reasons why it may not have stood so.

    ``staged`` are the deals' amounts as the journal knew them at the period's end. What Salesforce shows of payments
    is of now and is not compared.
    """
    end = end_of(period, time_zone)
    ends = {one.id: one.end for one in snapshot.periods}
    documents: list[Invoice | Receipt] = [*snapshot.invoices, *snapshot.receipts]
    later = frozenset(one.id for one in documents if ends.get(one.period_id or "", one.date) > period.end)
    doubts = list(_doubts(snapshot, period, end, later, staged))
    more = [f"and {len(doubts) - NAMED} more records cannot be rebuilt"] if len(doubts) > NAMED else []
    own = frozenset(receipt.id for receipt in snapshot.receipts) - later
    used = _used_within(snapshot, period, later, own)
    return replace(
        snapshot,
        period=period,
        later=later,
        doubts=[*doubts[:NAMED], *more],
        deals=[replace(deal, shown=None) for deal in snapshot.deals],
        invoices=[_invoice(invoice, period, later, own) for invoice in snapshot.invoices],
        receipts=[_receipt(receipt, used, end) for receipt in snapshot.receipts],
    )


def _settles_within(one: Application, period: Period, later: frozenset[str], own: frozenset[str]) -> bool:
    """Tell whether an amount was applied by the period's end: by the posting period of its receipt, else its date."""
    return one.source_id in own or (one.source_id not in later and one.date <= period.end)


def _invoice(invoice: Invoice, period: Period, later: frozenset[str], own: frozenset[str]) -> Invoice:
    if not invoice.posted:
        return invoice
    kept = [one for one in invoice.applications if _settles_within(one, period, later, own)]
    paid = sum((one.amount for one in kept), ZERO)
    return replace(invoice, applications=kept, paid=paid, unpaid=invoice.total - paid)


def _used_within(
    snapshot: Snapshot, period: Period, later: frozenset[str], own: frozenset[str]
) -> dict[str, tuple[Decimal, Decimal]]:
    """Return by paying transaction what it settles within the period and in all."""
    used: dict[str, tuple[Decimal, Decimal]] = defaultdict(lambda: (ZERO, ZERO))
    for invoice in snapshot.invoices:
        for one in invoice.applications:
            if one.kind == "write_off":
                continue
            inside, whole = used[one.source_id]
            counts = invoice.id not in later and _settles_within(one, period, later, own)
            used[one.source_id] = (inside + (one.amount if counts else ZERO), whole + one.amount)
    return used


def _receipt(receipt: Receipt, used: Mapping[str, tuple[Decimal, Decimal]], end: datetime) -> Receipt:
    inside, whole = used.get(receipt.id, (ZERO, ZERO))
    if receipt.modified < end or whole != receipt.applied:
        return receipt
    return replace(receipt, applied=inside, unapplied=receipt.total - inside)


def _doubts(snapshot: Snapshot, period: Period, end: datetime, later: frozenset[str], staged: Amounts) -> Iterator[str]:
    if snapshot.erp_at < end:
        yield f"{period.name} has not ended"
    yield from _invoice_doubts(snapshot, end, later)
    yield from _receipt_doubts(snapshot, period, end, later)
    nets = {one.target_id: (one.currency, one.net) for one in snapshot.bindings if one.net is not None}
    for order in snapshot.orders:
        known = nets.get(order.id)
        if order.modified >= end and known is not None and known != (order.currency, order.net):
            yield f"order {order.number} was changed after the period's end; what it was before is not known"
    for deal in snapshot.deals:
        was = staged.get(deal.id)
        if deal.modified >= end and was is not None and was != (deal.currency, deal.amount):
            yield f"deal {deal.name} ({deal.id}) changed its amount after the period's end"


def _invoice_doubts(snapshot: Snapshot, end: datetime, later: frozenset[str]) -> Iterator[str]:
    for invoice in snapshot.invoices:
        if invoice.id in later:
            continue
        applied = sum((one.amount for one in invoice.applications), ZERO)
        if invoice.posted and applied != invoice.paid:
            yield f"invoice {invoice.number}: the dates of what was applied to it are not all known"
        # An invoice entered after the last day but posted in the period is the period's; its closing is another rule's.
        if invoice.modified < end or invoice.created >= end:
            continue
        if invoice.status == "V":
            yield f"invoice {invoice.number} was voided after the period's end"
        elif not any(one.date >= end.date() - timedelta(days=1) for one in invoice.applications):
            yield f"invoice {invoice.number} was changed after the period's end"


def _receipt_doubts(snapshot: Snapshot, period: Period, end: datetime, later: frozenset[str]) -> Iterator[str]:
    own = frozenset(receipt.id for receipt in snapshot.receipts) - later
    used = _used_within(snapshot, period, later, own)
    for receipt in snapshot.receipts:
        if receipt.id in later or receipt.modified < end:
            continue
        if receipt.voided:
            yield f"{receipt.number} was voided after the period's end"
        elif used.get(receipt.id, (ZERO, ZERO))[1] != receipt.applied:
            yield f"{receipt.number}: what of it was applied by the period's end cannot be rebuilt"
