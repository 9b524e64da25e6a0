"""Maps the lines of a deal: amounts decide, rates follow, the price level is always Custom."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Context, Decimal

from connectors.records import PayloadLine, PayloadValue, Reference, Value, quantize_money
from mappings import findings
from mappings.apply_field import Place, map_field
from mappings.findings import Fault
from mappings.model import LineRules
from mappings.outcome import FieldTrace, Finding
from mappings.resolver import Resolver
from mappings.tables import key_text

CUSTOM_PRICE = Reference(type="priceLevel", id="-1")
"""Price level Custom: with any other one NetSuite prices the line itself (Oracle: SalesOrderItem.price)."""

RATE_DIGITS = 8
RATE_STEP = Decimal(1).scaleb(-RATE_DIGITS)
EXACT = Context(prec=60)


@dataclass(slots=True)
class LinesResult:
    """All lines of one record, mapped, in their order."""

    lines: list[PayloadLine] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)
    warnings: list[Finding] = field(default_factory=list)
    trace: list[FieldTrace] = field(default_factory=list)
    amounts: list[Decimal] = field(default_factory=list)
    """The lines' amounts as they were given, before any rounding."""


def map_lines(
    rules: LineRules,
    lines: Sequence[Mapping[str, Value]],
    currency: str | None,
    resolver: Resolver,
    header: Value = None,
) -> LinesResult:
    """Map every line; ``currency`` is the deal's, None when unknown; ``header`` what the lines must add up to."""
    result = LinesResult()
    for number, fields in enumerate(sorted(lines, key=lambda line: _order(rules, line)), start=1):
        _LineRun(rules, fields, number, currency, result).run(resolver)
    if not lines:
        fault = findings.no_lines()
        result.problems.append(_finding(fault, "lines", rules.where, ""))
    elif not result.problems:
        _check_total(rules, header, result)
    return result


def _check_total(rules: LineRules, header: Value, result: LinesResult) -> None:
    """Hold a deal whose lines do not add up to its amount, or to nothing at all."""
    total = sum(result.amounts, Decimal(0))
    if rules.total and isinstance(header, Decimal) and total != header:
        fault = findings.lines_differ(total, header, rules.total)
        result.problems.append(_finding(fault, "lines", rules.where, ""))
    elif total == 0 and rules.zero_total == "hold":
        result.problems.append(_finding(findings.zero_total(), "lines", rules.where, ""))


def rate(amount: Decimal, quantity: Decimal, currency: str | None) -> Decimal | None:
    """Return the unit price that yields the amount, with up to eight decimals; None for no quantity.

    A quotient with fewer digits keeps at least those of the currency: 100.00 / 4 is 25.00.
    """
    if quantity == 0:
        return None
    exact = EXACT.divide(amount, quantity).quantize(RATE_STEP, context=EXACT)
    money = quantize_money(exact, currency) if currency else exact.quantize(Decimal("0.01"))
    return money if money == exact else Decimal(key_text(exact))


def _order(rules: LineRules, line: Mapping[str, Value]) -> tuple[bool, Decimal, str]:
    place = line.get(rules.order) if rules.order else None
    number = place if isinstance(place, Decimal) else Decimal(0)
    return not isinstance(place, Decimal), number, key_text(line.get(rules.key))


def _finding(fault: Fault, name: str, where: str, cause: str) -> Finding:
    return Finding(
        code=fault.code, field=name, cause=f"{cause}{fault.cause}", owner=fault.owner, fix=fault.fix,
        where=fault.where or where, about=fault.about,
    )  # fmt: skip


class _LineRun:
    """Maps one line into the common result."""

    def __init__(
        self, rules: LineRules, fields: Mapping[str, Value], number: int, currency: str | None, result: LinesResult
    ) -> None:
        self.rules = rules
        self.fields = fields
        self.key = key_text(fields.get(rules.key))
        self.currency = currency
        self.result = result
        self.cause = f"Line {number}: "

    def run(self, resolver: Resolver) -> None:
        self.check_currency()
        values = self.values(resolver)
        amount, quantity = values.get("amount"), values.get("quantity")
        if isinstance(amount, Decimal) and isinstance(quantity, Decimal):
            values |= self.priced(amount, quantity)
        values["price"] = CUSTOM_PRICE
        self.result.lines.append(PayloadLine(key=self.key, values=values))

    def values(self, resolver: Resolver) -> dict[str, PayloadValue]:
        place = Place(field="lines.", trace=f"lines[{self.key}].", cause=self.cause)
        values: dict[str, PayloadValue] = {}
        for rule in self.rules.fields:
            mapped = map_field(rule, self.fields, resolver, place)
            self.result.trace.append(mapped.trace)
            if mapped.problem:
                self.result.problems.append(mapped.problem)
            if mapped.warning:
                self.result.warnings.append(mapped.warning)
            if mapped.value is not None:
                values[rule.target] = mapped.value
        return values

    def priced(self, amount: Decimal, quantity: Decimal) -> dict[str, PayloadValue]:
        self.result.amounts.append(amount)
        amount = self.in_minor_units(amount)
        if amount < 0 and self.rules.negative == "hold":
            self.problem("lines.amount", findings.negative_line(amount))
        unit = rate(amount, quantity, self.currency)
        if unit is None and amount != 0:
            self.problem("lines.quantity", findings.amount_without_quantity(amount))
        steps = (f"amount {key_text(amount)} / quantity {key_text(quantity)}",)
        self.result.trace.append(
            FieldTrace(target=f"lines[{self.key}].rate", source=None, source_value=None, result=unit,
                       where=self.rules.where, steps=steps)
        )  # fmt: skip
        return {"amount": amount} if unit is None else {"amount": amount, "rate": unit}

    def in_minor_units(self, amount: Decimal) -> Decimal:
        if self.currency is None:
            return amount
        money = quantize_money(amount, self.currency)
        if money != amount and self.rules.precision == "hold":
            self.problem("lines.amount", findings.too_precise(amount, self.currency))
        elif money != amount:
            fault = findings.rounded(amount, money, self.currency)
            self.result.warnings.append(_finding(fault, "lines.amount", self.rules.where, self.cause))
        return money

    def check_currency(self) -> None:
        own = key_text(self.fields.get(self.rules.currency)) if self.rules.currency else ""
        if own and self.currency and own != self.currency:
            self.problem("lines.currency", findings.line_currency(own, self.currency))

    def problem(self, name: str, fault: Fault) -> None:
        self.result.problems.append(_finding(fault, name, self.rules.where, self.cause))
