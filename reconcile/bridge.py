"""The bridge: how the CRM's population becomes the ERP's, per currency, with nothing left over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.records import ControlTotal


@dataclass(frozen=True, slots=True)
class Sum:
    """A number of records and their amount in one currency."""

    items: int = 0
    amount: Decimal = Decimal(0)

    def __add__(self, other: Sum) -> Sum:
        return Sum(self.items + other.items, self.amount + other.amount)

    def __sub__(self, other: Sum) -> Sum:
        return Sum(self.items - other.items, self.amount - other.amount)

    def __bool__(self) -> bool:
        return self.items != 0 or self.amount != 0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the bridge: its key, its words, and the cause under which the gap won -> ordered counts it."""

    key: str
    label: str
    cause: str


LINES: tuple[Line, ...] = (
    Line("missing", "Missing in NetSuite", "missing"),
    Line("in_flight", "On their way (within the SLA or not yet settled)", "not yet due"),
    Line("blocked", "Held by the sync", "held"),
    Line("cancelled", "Order cancelled in NetSuite", "changed"),
    Line("erp_only", "Only in NetSuite: no such deal", "only in NetSuite"),
    Line("deal_deleted", "Only in NetSuite: deal deleted", "only in NetSuite"),
    Line("deal_lost", "Only in NetSuite: deal no longer won", "only in NetSuite"),
    Line("closed_lost", "Closed orders of deals no longer there", "only in NetSuite"),
    Line("extra_copies", "Extra copies of orders", "duplicated"),
    Line("further", "Further orders of the same deal", "split"),
    Line("currency_out", "Other currency in NetSuite (out)", "changed"),
    Line("currency_in", "Other currency in Salesforce (in)", "changed"),
    Line("amount_variance", "Amounts differ beyond rounding", "changed"),
    Line("tolerated_up", "Tolerated rounding, NetSuite higher", "tolerated"),
    Line("tolerated_down", "Tolerated rounding, NetSuite lower", "tolerated"),
)
"""Every line, in printing order. All but the rounding, ``further`` and ``closed_lost`` are made of listed rows."""

CAUSES = ("not yet due", "held", "missing", "changed", "only in NetSuite", "duplicated", "split", "tolerated")
CRM_ONLY = ("missing", "in_flight", "blocked", "cancelled")
ERP_ONLY = ("erp_only", "deal_deleted", "deal_lost", "closed_lost")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """The bridge of one currency. ``crm`` and ``erp`` come from direct scans, ``legs`` from what the rules found.

    ``without_order`` and ``without_deal`` count unmatched records a second, independent way; ``tolerated_items`` is
    the number of pairs whose difference rounding explains.
    """

    currency: str
    crm: Sum
    erp: Sum
    legs: Mapping[str, Sum] = field(default_factory=dict)
    without_order: int = 0
    without_deal: int = 0
    tolerated_items: int = 0

    def leg(self, key: str) -> Sum:
        """Return one line's effect."""
        return self.legs.get(key, Sum())

    @property
    def unexplained(self) -> Sum:
        """What is left when every line is added to the CRM's population; must be nothing."""
        return self.erp - sum((self.leg(line.key) for line in LINES), self.crm)

    @property
    def gap(self) -> Sum:
        """Ordered less won."""
        return self.erp - self.crm

    def cause(self, cause: str) -> Sum:
        """Return the part of the gap that one cause explains."""
        return sum((self.leg(line.key) for line in LINES if line.cause == cause), Sum())

    def faults(self) -> list[str]:
        """Return why this column does not prove anything, in plain words; empty when it does."""
        name = self.currency or "(no currency)"
        found = []
        if self.unexplained:
            found.append(f"{name}: {self.unexplained.items} items and {self.unexplained.amount:f} are unexplained")
        if not self.currency:
            found.append(f"{self.crm.items} deals and {self.erp.items} orders carry no currency")
        listed = -sum(self.leg(key).items for key in CRM_ONLY)
        if listed != self.without_order:
            found.append(f"{name}: {self.without_order} deals have no order, but {listed} are explained")
        listed = sum(self.leg(key).items for key in ERP_ONLY)
        if listed != self.without_deal:
            found.append(f"{name}: {self.without_deal} orders have no deal, but {listed} are explained")
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """All currencies, in alphabetical order; amounts of different currencies are never added."""

    columns: Sequence[Column]

    @property
    def foots(self) -> bool:
        """Whether every column proves itself."""
        return not self.faults()

    def faults(self) -> list[str]:
        """Return every reason why the bridge is broken."""
        return [fault for column in self.columns for fault in column.faults()]

    def sizes(self) -> dict[str, Decimal]:
        """Return the size of each currency's population: the larger of its two ends."""
        return {column.currency: max(abs(column.crm.amount), abs(column.erp.amount)) for column in self.columns}


def assemble(
    crm: Sequence[ControlTotal],
    erp: Sequence[ControlTotal],
    legs: Mapping[tuple[str, str], Sum],
    without_order: Mapping[str, int],
    without_deal: Mapping[str, int],
    tolerated: Mapping[str, int],
) -> Bridge:
    """Put the ends, the legs (by line and currency) and the independent counts together."""
    crm_by, erp_by = _by_currency(crm), _by_currency(erp)
    currencies = crm_by.keys() | erp_by.keys() | {currency for _, currency in legs}
    return Bridge(
        columns=[
            Column(
                currency=currency,
                crm=crm_by.get(currency, Sum()),
                erp=erp_by.get(currency, Sum()),
                legs={line: part for (line, code), part in legs.items() if code == currency},
                without_order=without_order.get(currency, 0),
                without_deal=without_deal.get(currency, 0),
                tolerated_items=tolerated.get(currency, 0),
            )
            for currency in sorted(currencies)
        ]
    )


def _by_currency(totals: Sequence[ControlTotal]) -> dict[str, Sum]:
    return {total.currency: Sum(total.count, total.amount) for total in totals}
