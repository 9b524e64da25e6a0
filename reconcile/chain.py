"""What follows the order: ordered -> invoiced (net) -> invoiced (gross) -> collected, per currency, with nothing left.

Each stage proves itself as the bridge from deals to orders does: both ends come from direct scans, the lines between
from rows, and unmatched records are counted a second, independent way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from connectors.records import ControlTotal
from reconcile.bridge import Line, Sum


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """One step of the chain: the words for its two ends, and its lines in printing order."""

    key: str
    title: str
    opening: str
    closing: str
    lines: Sequence[Line]
    causes: Sequence[str]


INVOICED = Stage(
    key="invoiced",
    title="Ordered -> invoiced, net of tax and shipping",
    opening="Ordered in NetSuite, in scope (direct scan)",
    closing="Invoiced in NetSuite, net (direct scan)",
    lines=(
        Line("unapproved", "Orders awaiting approval", "not approved"),
        Line("unapproved_late", "Orders awaiting approval beyond the SLA", "not approved"),
        Line("scheduled", "Billing schedule: not yet due", "not yet due"),
        Line("within_grace", "Due, within the billing grace", "not yet due"),
        Line("waiting_goods", "Goods not yet fulfilled", "not yet due"),
        Line("bill_held", "Billing held by the sync", "held"),
        Line("unbilled", "Services due and unbilled", "unbilled"),
        Line("goods_unbilled", "Goods fulfilled and unbilled", "unbilled"),
        Line("invoice_pending", "On invoices pending approval or rejected", "invoice not approved"),
        Line("invoiced_later", "Invoiced in a later period", "later period"),
        Line("closed_rest", "Rest of closed orders", "closed"),
        Line("closed_lines", "Rest of closed lines", "closed"),
        Line("questioned", "Orders of no live deal, or extra copies", "order in question"),
        Line("unoffered", "Rest that NetSuite does not offer to bill", "not offered"),
        Line("over_billed", "Invoiced beyond the order", "over-billed"),
        Line("over_credited", "Invoiced beyond the order and credited", "over-billed"),
        Line("invoice_only", "Invoices whose order is not in the population", "other invoices"),
        Line("invoice_currency", "Invoices in another currency than the order", "other currency"),
        Line("invoice_further", "Further invoices of the same order", "split"),
        Line("billed_tolerated", "Tolerated rounding", "tolerated"),
    ),
    causes=(
        "not approved", "not yet due", "held", "unbilled", "invoice not approved", "later period", "closed",
        "order in question", "not offered", "over-billed", "other invoices", "other currency", "split", "tolerated",
    ),
)  # fmt: skip
GROSS = Stage(
    key="gross",
    title="Invoiced net -> gross",
    opening="Invoiced in NetSuite, net (direct scan)",
    closing="Invoiced in NetSuite, gross (direct scan)",
    lines=(Line("tax_shipping", "Tax and shipping", "tax and shipping"),),
    causes=("tax and shipping",),
)
COLLECTED = Stage(
    key="collected",
    title="Invoiced gross -> collected",
    opening="Invoiced in NetSuite, gross (direct scan)",
    closing="Collected in NetSuite, cash (direct scan)",
    lines=(
        Line("credited", "Credit memos applied", "credited"),
        Line("written_off", "Discounts, write-offs and journals applied", "written off"),
        Line("open_not_due", "Open, not due", "open, not due"),
        Line("open_overdue", "Open, overdue", "open, overdue"),
    ),
    causes=("credited", "written off", "open, not due", "open, overdue"),
)
STAGES = (INVOICED, GROSS, COLLECTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """One stage in one currency.

    ``alone`` is the number of opening records without a closing one, counted by anti-join: the lines' negative items
    must explain as many. ``only`` counts closing records beyond the first or without an opening one the same way.
    """

    stage: Stage
    currency: str
    opening: Sum
    closing: Sum
    legs: Mapping[str, Sum] = field(default_factory=dict)
    alone: int = 0
    only: int = 0

    def leg(self, key: str) -> Sum:
        """Return one line's effect."""
        return self.legs.get(key, Sum())

    @property
    def gap(self) -> Sum:
        """Closing less opening."""
        return self.closing - self.opening

    @property
    def unexplained(self) -> Sum:
        """What is left when every line is added to the opening end; must be nothing."""
        return self.closing - sum((self.leg(line.key) for line in self.stage.lines), self.opening)

    def cause(self, cause: str) -> Sum:
        """Return the part of the gap that one cause explains."""
        return sum((self.leg(line.key) for line in self.stage.lines if line.cause == cause), Sum())

    def faults(self) -> list[str]:
        """Return why this stage does not prove anything; empty when it does."""
        name = self.currency or "(no currency)"
        found = []
        left = self.unexplained
        if left:
            found.append(f"{name}, {self.stage.key}: {left.items} items and {left.amount:f} are unexplained")
        listed = sum(self.leg(line.key).items for line in self.stage.lines)
        if listed != self.only - self.alone:
            found.append(
                f"{name}, {self.stage.key}: {self.alone} records have no successor and {self.only} no predecessor,"
                f" but the lines explain {listed}"
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """All stages in all currencies, stage by stage, currencies in alphabetical order."""

    links: Sequence[Link]

    def of(self, stage: Stage) -> list[Link]:
        """Return one stage's currencies."""
        return [link for link in self.links if link.stage.key == stage.key]

    def find(self, stage: Stage, currency: str) -> Link:
        """Return one stage in one currency; an empty one where nothing of it was read."""
        found = (link for link in self.of(stage) if link.currency == currency)
        return next(found, Link(stage=stage, currency=currency, opening=Sum(), closing=Sum()))

    @property
    def currencies(self) -> list[str]:
        """Every currency of the chain."""
        return sorted({link.currency for link in self.links})

    def faults(self) -> list[str]:
        """Return every reason why the chain is broken."""
        return [fault for link in self.links for fault in link.faults()]


NOTHING = Chain(links=())


def assemble_stage(
    stage: Stage,
    opening: Sequence[ControlTotal],
    closing: Sequence[ControlTotal],
    legs: Mapping[tuple[str, str], Sum],
    alone: Mapping[str, int],
    only: Mapping[str, int],
) -> list[Link]:
    """Put the ends, the legs and the independent counts of one stage together."""
    keys = {line.key for line in stage.lines}
    own = {key: part for key, part in legs.items() if key[0] in keys}
    first, last = _by_currency(opening), _by_currency(closing)
    return [
        Link(
            stage=stage,
            currency=currency,
            opening=first.get(currency, Sum()),
            closing=last.get(currency, Sum()),
            legs={line: part for (line, code), part in own.items() if code == currency},
            alone=alone.get(currency, 0),
            only=only.get(currency, 0),
        )
        for currency in sorted(first.keys() | last.keys() | {code for _, code in own})
    ]


def _by_currency(totals: Iterable[ControlTotal]) -> dict[str, Sum]:
    return {total.currency: Sum(total.count, total.amount or Decimal(0)) for total in totals}
