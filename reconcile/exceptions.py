"""One discrepancy between the two systems, with an identity that outlives its values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from connectors.records import minor_unit
from reconcile.options import SEVERITIES, Severity

SECONDS_A_DAY = 86_400
CONTROL = "control"
"""The family of discrepancies that concern the run itself, not a record."""


def identity(code: str, entity: str, key: str, field: str) -> str:
    """Return the stable identity of a discrepancy: it keeps its age and comments while its values change."""
    return sha256("\x1f".join((code, entity, key, field)).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class Discrepancy:
    """One record, or pair of records, on which the systems disagree.

    ``crm_amount`` and ``erp_amount`` hold the compared values where they are money, ``crm_value`` and ``erp_value``
    where they are not. ``difference`` is ERP less CRM; ``exposure`` the money at stake where there is no difference.
    ``since`` is when it can have begun at the earliest that is known: the hold's opening, the deal's entry into scope,
    else the last change of either record.
    """

    code: str
    family: str
    severity: Severity
    owner: str
    title: str
    action: str
    entity: str
    key: str
    field: str = ""
    crm_id: str | None = None
    crm_name: str = ""
    customer: str = ""
    crm_url: str = ""
    erp_id: str | None = None
    order_number: str = ""
    erp_url: str = ""
    crm_value: str | None = None
    erp_value: str | None = None
    crm_amount: Decimal | None = None
    erp_amount: Decimal | None = None
    difference: Decimal | None = None
    currency: str = ""
    tolerance: Decimal | None = None
    exposure: Decimal | None = None
    detail: str = ""
    hold_code: str = ""
    since: datetime | None = None
    age_days: int | None = None

    @property
    def id(self) -> str:
        """The stable identity."""
        return identity(self.code, self.entity, self.key, self.field)

    @property
    def values_sha(self) -> str:
        """Hash of the compared values: an acceptance holds for these alone."""
        amounts = (self.crm_amount, self.erp_amount, self.difference, self.exposure)
        texts = ("" if amount is None else f"{plain(amount, self.currency):f}" for amount in amounts)
        values = (self.crm_value or "", self.erp_value or "", *texts, self.currency, self.hold_code)
        return sha256("\x1f".join(values).encode()).hexdigest()[:16]

    @property
    def at_stake(self) -> Decimal:
        """The money that the discrepancy is about, without sign."""
        amount = self.exposure if self.difference is None else self.difference
        return abs(amount) if amount is not None else Decimal(0)

    def crm_text(self) -> str:
        """The CRM's value as a person reads it."""
        return shown(self.crm_amount, self.currency) if self.crm_amount is not None else self.crm_value or ""

    def erp_text(self) -> str:
        """The ERP's value as a person reads it."""
        return shown(self.erp_amount, self.currency) if self.erp_amount is not None else self.erp_value or ""


def plain(amount: Decimal, currency: str) -> Decimal:
    """Drop digits that are only zeros, down to the currency's minor unit; never round."""
    minor = minor_unit(currency)
    rounded = amount.quantize(minor)
    return rounded if rounded == amount else amount.normalize()


def shown(amount: Decimal | None, currency: str) -> str:
    """Write an amount with thousands separated: ``1,234.50``; empty when there is none."""
    return "" if amount is None else f"{plain(amount, currency):,f}"


def days_between(since: datetime | None, now: datetime) -> int | None:
    """Return full days from then to now."""
    return None if since is None else max(0, int((now - since).total_seconds() // SECONDS_A_DAY))


def ranked(found: Iterable[Discrepancy], sizes: Mapping[str, Decimal]) -> list[Discrepancy]:
    """Sort by severity, then by money at stake.

    Amounts of different currencies are never compared as such: each is taken as its share of ``sizes``, the size of
    its own currency's population. Doubts about the run itself come first.
    """
    return sorted(
        found,
        key=lambda d: (d.family != CONTROL, SEVERITIES.index(d.severity), -share(d, sizes), d.code, d.key, d.field),
    )


def share(one: Discrepancy, sizes: Mapping[str, Decimal]) -> Decimal:
    """Return the money at stake as a share of its currency's population."""
    size = abs(sizes.get(one.currency, Decimal(0)))
    return one.at_stake / size if size else one.at_stake
