"""How one reconciliation is run: scope, limits and the names that appear in the report."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Literal

from connectors.records import Value

Severity = Literal["critical", "high", "medium", "low", "info"]
"""critical: misstates money now; high: will at close; medium: operational; low; info: a timing difference."""

SEVERITIES: tuple[Severity, ...] = ("critical", "high", "medium", "low", "info")


def everything(_: Mapping[str, Value]) -> bool:
    """Accept every deal: the scope of a company that named none."""
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Everything that decides what a run compares and how strictly.

    Args:
        go_live: deals won before this day (company's time zone) are counted apart, never compared.
        sla: how long a won deal may lack its order before that is an exception.
        wait: how long the sync itself leaves a won deal alone before it acts; a deal is in flight for the longer of
            the two.
        tolerance_cap: most that rounding may explain on one deal, as an amount of a currency with two decimals
            (1.00 = 100 minor units; for JPY that is 100, for KWD 0.100).
        in_scope: the admin's condition, evaluated on the deal's fields.
        scope_text: that condition as written, with file and line, for the report.
        scope_fields: field paths the condition reads beyond the usual ones.
        won_on: business day a deal was won on, from its fields; None: CloseDate, else the day of
            LastStageChangeDate in ``time_zone``. Must be the day by which the sync judges go-live.
        company: name for the report's headline.
        time_zone: IANA zone of the company's business days.
        mapping_version: hash of the effective mappings, printed as evidence.
        software_version: version of this program, printed as evidence.
        owners: who looks after a class of holds, by owner key.
        blocking: severities of open exceptions that make a run unsignable.
        max_skew: how far apart the two systems' clocks may be when reading began.
        sample_seed: seed of the matched sample; None derives it from the CRM's as-of day.
        memory_limit: memory the compare engine may use before it spills to ``temp_directory``.
        temp_directory: folder for spilled data; None: a temporary folder removed after the run.
        max_temp_size: most disk that spilling may take.
        approval_sla: how long an order may stay Pending Approval.
        billing_grace: how long an amount that is due may stay unbilled.
        unapplied_after: how old money on account may become.
        deal_field: custom body field of NetSuite invoices in which finance writes the opportunity's id.
        receivables: compare the figures of invoices and payments that Salesforce shows on its deals.
        period: the period to reconcile (``2026-11`` or ``Nov 2026``); None: everything as of now.
    """

    go_live: date
    sla: timedelta
    wait: timedelta = timedelta(0)
    tolerance_cap: Decimal = Decimal("1.00")
    in_scope: Callable[[Mapping[str, Value]], bool] = everything
    scope_text: str = "every won deal"
    scope_fields: Sequence[str] = ()
    won_on: Callable[[Mapping[str, Value]], date | None] | None = None
    company: str = "Company"
    time_zone: str = "UTC"
    mapping_version: str = ""
    software_version: str = ""
    owners: Mapping[str, str] = field(default_factory=dict)
    blocking: frozenset[Severity] = frozenset({"critical", "high"})
    max_skew: timedelta = timedelta(minutes=5)
    sample_seed: int | None = None
    sample_size: int = 25
    memory_limit: str = "256MB"
    temp_directory: Path | None = None
    max_temp_size: str = "20GB"
    approval_sla: timedelta = timedelta(days=2)
    billing_grace: timedelta = timedelta(days=3)
    unapplied_after: timedelta = timedelta(days=7)
    deal_field: str | None = None
    receivables: bool = True
    period: str | None = None
