"""Maps one field: source value, transforms, default, value table, type, reference, length; in this order."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from connectors.records import PayloadValue, Reference, Value
from mappings import findings, texts
from mappings.comparing import is_empty
from mappings.findings import Fault
from mappings.model import FieldRule, Lookup, Missing
from mappings.outcome import FieldTrace, Finding
from mappings.resolver import Resolver, Unresolved
from mappings.tables import ValueTable, key_text
from mappings.transforms import TRANSFORMS


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a field stands: ``lines.`` before its name in findings, ``Line 2:`` before the cause."""

    field: str = ""
    trace: str = ""
    cause: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldResult:
    """One mapped field. ``value`` None: it is left out; ``emptied``: because its source holds nothing."""

    rule: FieldRule
    value: PayloadValue
    trace: FieldTrace
    problem: Finding | None = None
    warning: Finding | None = None
    emptied: bool = False


BODY_PLACE = Place()
PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
"""A number in a text: no thousands separators, no exponent, no digits of other scripts, which would be guesses."""
MOST_DIGITS = 18
"""Salesforce keeps no more (Salesforce Object Reference: number, currency)."""


def map_field(
    rule: FieldRule, fields: Mapping[str, Value], resolver: Resolver, place: Place = BODY_PLACE
) -> FieldResult:
    """Return one field's value, or why there is none."""
    return _FieldRun(rule, fields, resolver, place).result()


class _Absent(Exception):
    """The field gets no value; ``policy`` says whether that holds the record."""

    def __init__(self, policy: Missing, fault: Fault) -> None:
        super().__init__(fault.cause)
        self.policy = policy
        self.fault = fault


class _FieldRun:
    """The state of mapping one field: its steps in plain words and a warning, if any."""

    def __init__(self, rule: FieldRule, fields: Mapping[str, Value], resolver: Resolver, place: Place) -> None:
        self.rule = rule
        self.fields = fields
        self.resolver = resolver
        self.place = place
        self.raw = rule.constant if rule.source is None else fields.get(rule.source)
        self.steps: list[str] = []
        self.warning: Finding | None = None

    def result(self) -> FieldResult:
        if self.rule.when and not self.rule.when.evaluate(self.fields):
            self.steps.append(f"left out: not {self.rule.when.text}")
            return self.done(None)
        try:
            return self.done(self.mapped())
        except _Absent as absent:
            return self.absent(absent)

    def mapped(self) -> PayloadValue:
        value = self.transformed(self.cleaned(self.raw))
        if is_empty(value):
            value = self.defaulted()
        elif self.rule.table:
            value = self.listed(value, self.rule.table)
        value = self.converted(value)
        return self.referenced(value, self.rule.lookup) if self.rule.lookup else self.fitted(value)

    def cleaned(self, value: Value) -> Value:
        """Leave out what NetSuite cannot take, and say what else a reader would not see."""
        if not isinstance(value, str) or value.isprintable():
            return value
        marks = texts.DIRECTION_MARKS.findall(value)
        if marks:
            self.steps.append(f"direction marks: {texts.points(marks)}")
            self.warning = self.finding(findings.direction_marks(self.rule, texts.points(marks)))
        illegal = texts.ILLEGAL.findall(value)
        if illegal:
            self.steps.append(f"left out: {texts.points(illegal)}")
            self.warning = self.finding(findings.illegal_characters(self.rule, texts.points(illegal)))
        return texts.ILLEGAL.sub("", value)

    def transformed(self, value: Value) -> Value:
        for name in self.rule.transforms:
            if isinstance(value, str):
                value = TRANSFORMS[name](value)
                self.steps.append(f"{name}: {value}")
        return value

    def defaulted(self) -> Value:
        if self.rule.default is None:
            raise _Absent(self.rule.empty, findings.missing(self.rule))
        self.steps.append(f"default: {key_text(self.rule.default)}")
        return self.rule.default

    def listed(self, value: Value, table: ValueTable) -> Value:
        found = table.find(value)
        if found is not None:
            self.steps.append(f"table {table.name}: {key_text(found)}")
            return found
        if self.rule.aliases:
            return value
        if self.rule.default is not None:
            return self.defaulted()
        raise _Absent(self.rule.unlisted, findings.unlisted(self.rule, value, table))

    def converted(self, value: Value) -> Value:
        try:
            return _convert(value, self.rule.kind)
        except ValueError as error:
            raise _Absent("hold", findings.bad_value(self.rule, value, str(error))) from error

    def referenced(self, value: Value, lookup: Lookup) -> Reference:
        name = key_text(value)
        found = self.resolver.resolve(lookup.kind, lookup.by, name)
        if isinstance(found, Reference):
            self.steps.append(f"lookup {lookup}: {found.id or found.external_id or found.name}")
            return found
        reason = found if isinstance(found, Unresolved) else None
        raise _Absent(self.rule.unfound, findings.unfound(self.rule, self.raw, name, lookup, reason))

    def fitted(self, value: Value) -> Value:
        limit = self.rule.max_length
        if not isinstance(value, str) or limit is None or len(value) <= limit:
            return value
        fault = findings.too_long(self.rule, value, limit)
        if self.rule.too_long != "truncate":
            raise _Absent("hold" if self.rule.too_long == "error" else "warn", fault)
        self.steps.append(f"cut to {limit} characters")
        self.warning = self.finding(fault)
        return texts.cut(value, limit)

    def absent(self, absent: _Absent) -> FieldResult:
        self.steps.append(f"left out: {absent.fault.cause}")
        finding = self.finding(absent.fault)
        emptied = absent.fault.code == findings.VALUE_MISSING
        if absent.policy == "hold":
            return self.done(None, problem=finding)
        if absent.policy == "warn":
            self.warning = finding
        return self.done(None, emptied=emptied)

    def finding(self, fault: Fault) -> Finding:
        return Finding(
            code=fault.code,
            field=f"{self.place.field}{self.rule.target}",
            cause=f"{self.place.cause}{fault.cause}",
            owner=fault.owner,
            fix=fault.fix,
            where=fault.where or self.rule.where,
            about=fault.about,
        )

    def done(self, value: PayloadValue, *, problem: Finding | None = None, emptied: bool = False) -> FieldResult:
        trace = FieldTrace(
            target=f"{self.place.trace}{self.rule.target}",
            source=self.rule.source,
            source_value=self.raw,
            result=value,
            where=self.rule.where,
            steps=tuple(self.steps),
        )
        return FieldResult(
            rule=self.rule, value=value, trace=trace, problem=problem, warning=self.warning, emptied=emptied
        )


def _convert(value: Value, kind: str) -> Value:
    """Return the value in the target's type.

    Raises:
        ValueError: it has no such form; the text says what was expected.
    """
    match kind:
        case "text" | "reference":
            return value if isinstance(value, str) else key_text(value)
        case "number":
            return _number(value)
        case "date":
            return _date(value)
        case "bool" if not isinstance(value, bool):
            raise ValueError("yes or no (a checkbox) is expected")
        case _:
            return value


def _number(value: Value) -> Decimal:
    try:
        number = Decimal(value.strip()) if isinstance(value, str) and PLAIN.fullmatch(value.strip()) else value
    except InvalidOperation as error:
        raise ValueError("a number is expected") from error
    if not isinstance(number, Decimal) or not number.is_finite():
        raise ValueError("a number is expected")
    if number and not -MOST_DIGITS < number.adjusted() < MOST_DIGITS:
        raise ValueError(f"a number with at most {MOST_DIGITS} digits before the point is expected")
    return number


def _date(value: Value) -> date:
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip())
        except ValueError as error:
            raise ValueError("a date like 2026-11-03 is expected") from error
    if not isinstance(value, date) or isinstance(value, datetime):
        raise ValueError("a date without a time is expected")
    return value
