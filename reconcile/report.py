"""The result of one reconciliation, as plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Literal

from connectors.receivables import Invoice, Period, Receipt
from journal.nouns import Finding, Hold, RollForward
from reconcile.bridge import Bridge, Sum
from reconcile.chain import NOTHING, Chain
from reconcile.exceptions import CONTROL, Discrepancy, shown

Verdict = Literal["SIGNABLE", "NOT SIGNABLE"]
LARGEST = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """One population in one currency, three times: what the system says, what was read, what was compared."""

    system: str
    population: str
    currency: str
    own: Sum
    read: Sum
    compared: Sum

    @property
    def ok(self) -> bool:
        """Whether all three agree."""
        return self.own == self.read == self.compared


@dataclass(frozen=True, slots=True, kw_only=True)
class Excluded:
    """Records that were read and not compared, with the reason, so that the scope itself can be audited."""

    system: str
    reason: str
    currency: str
    total: Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """One deal and its order that agree, for a reviewer to test by hand."""

    deal_id: str
    deal_name: str
    customer: str
    crm_url: str
    order_id: str
    order_number: str
    erp_url: str
    currency: str
    crm_amount: Decimal
    erp_amount: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRecord:
    """An open hold with the address of its record, where there is one."""

    hold: Hold
    url: str
    owner: str


BUCKETS = ("current", "1-30", "31-60", "61-90", "91-120", "over 120")
"""Days past due by which open receivables are aged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ageing:
    """One customer's open receivables in one currency by days past due, and its money on account, negative."""

    customer: str
    currency: str
    buckets: Sequence[Decimal]
    unapplied: Decimal

    @property
    def open(self) -> Decimal:
        """What is open, whatever its age; money on account is not taken off."""
        return sum(self.buckets, Decimal(0))


@dataclass(frozen=True, slots=True, kw_only=True)
class OnAccount:
    """A payment, deposit or credit memo that is not fully applied."""

    receipt: Receipt
    customer: str
    of_salesforce: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenInvoice:
    """A posted invoice that cash has not paid in full, with what was applied to it, gross in its own currency.

    ``compared``: it is part of the chain; the others are of the excluded populations. ``days_over``: days past due as
    of the run's day, not above zero when it is not overdue.
    """

    invoice: Invoice
    deal_id: str | None
    customer: str
    compared: bool
    days_over: int
    cash: Decimal
    credited: Decimal
    written: Decimal
    crm_url: str = ""
    erp_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rest:
    """What is left to bill of an order for one reason, net of tax and shipping.

    ``line`` is the key of the chain's line that ``left`` is part of, ``why`` that line in words. ``net`` and
    ``invoiced`` are the whole order's.
    """

    order_id: str
    number: str
    deal_id: str | None
    customer: str
    currency: str
    status: str
    ordered_on: date | None
    next_bill: date | None
    net: Decimal
    invoiced: Decimal
    left: Decimal
    line: str
    why: str
    invoices: int
    crm_url: str = ""
    erp_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What one reconciliation found. ``exceptions`` excludes timing differences, which are in ``in_flight``, and those
    that a person accepted with their present values, which are in ``accepted``.

    ``matched`` counts the deals that have their order and appear in no exception. ``period`` None: everything as of
    now. ``life`` is what the journal keeps of each exception, by its id; ``roll`` the movement since the last recorded
    run; ``run_id`` the last recorded run, ``book_id`` the state database in which it is recorded.
    """

    company: str
    go_live: date
    scope: str
    crm_at: datetime
    erp_at: datetime
    verdict: Verdict
    reasons: Sequence[str]
    bridge: Bridge
    exceptions: Sequence[Discrepancy]
    in_flight: Sequence[Discrepancy]
    holds: Sequence[HeldRecord]
    excluded: Sequence[Excluded]
    controls: Sequence[Control]
    sample: Sequence[Match]
    sample_seed: int
    matched: int
    parameters: Sequence[tuple[str, str]]
    chain: Chain = NOTHING
    accepted: Sequence[Discrepancy] = ()
    ageing: Sequence[Ageing] = ()
    on_account: Sequence[OnAccount] = ()
    rests: Sequence[Rest] = ()
    open_invoices: Sequence[OpenInvoice] = ()
    period: Period | None = None
    complete: bool = True
    """Whether the run saw both populations whole; only then does it close exceptions that are gone."""
    life: Mapping[str, Finding] = field(default_factory=dict)
    roll: RollForward | None = None
    run_id: str = ""
    book_id: str = ""

    @property
    def headline(self) -> str:
        """The verdict in one line."""
        if self.period is not None:
            return f"{self.company}, {self.period.name} (to {self.period.end}): {self.verdict}"
        return f"{self.company}, deals won since {self.go_live}, as of {instant(self.crm_at)}: {self.verdict}"

    @property
    def unexplained(self) -> str:
        """What the bridge leaves over, per currency, in one line."""
        parts = (
            f"{c.currency or '(no currency)'} {c.unexplained.items} items {shown(c.unexplained.amount, c.currency)}"
            for c in self.bridge.columns
        )
        further = (
            f"{link.stage.key} {link.currency or '(no currency)'} {link.unexplained.items} items"
            f" {shown(link.unexplained.amount, link.currency)}"
            for link in self.chain.links
            if link.unexplained
        )
        return "; ".join((*parts, *further)) or "nothing was compared"

    @property
    def largest(self) -> Sequence[Discrepancy]:
        """The records to look at first; doubts about the run itself are reasons of the verdict."""
        return [one for one in self.exceptions if one.family != CONTROL][:LARGEST]

    @property
    def signable(self) -> bool:
        """Whether nothing stands against a signature."""
        return self.verdict == "SIGNABLE"


def instant(moment: datetime) -> str:
    """Write an instant to the second, in UTC."""
    return moment.strftime("%Y-%m-%d %H:%M:%SZ")


def lasting(duration: timedelta) -> str:
    """Write a duration in the largest units that fit: ``2 days``, ``4 hours``, ``1 day 12 hours``."""
    minutes = int(duration.total_seconds() // 60)
    parts = ((minutes // 1440, "day"), (minutes // 60 % 24, "hour"), (minutes % 60, "minute"))
    return " ".join(f"{number} {unit}{'' if number == 1 else 's'}" for number, unit in parts if number) or "none"


def to_json(report: Report) -> dict[str, object]:
    """Return the report as JSON values; amounts are texts, so that no digit is lost."""
    from reconcile.report_json import as_json

    return as_json(report)
