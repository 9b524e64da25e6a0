"""The words in which a mapping says what is wrong with a record: cause, owner and a fix without programming."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from connectors.records import Value
from mappings.labels import label, noun
from mappings.model import FieldRule, HoldRule, Lookup
from mappings.resolver import Unresolved
from mappings.tables import ValueTable, key_text, plain_number

NO_LINES = "NO_LINES"
NO_ACCOUNT = "NO_ACCOUNT"
ITEM_NOT_FOUND = "ITEM_NOT_FOUND"
ITEM_INACTIVE = "ITEM_INACTIVE"
REFERENCE_NOT_FOUND = "REFERENCE_NOT_FOUND"
VALUE_MISSING = "VALUE_MISSING"
VALUE_NOT_IN_TABLE = "VALUE_NOT_IN_TABLE"
TOO_LONG = "TOO_LONG"
BAD_VALUE = "BAD_VALUE"
NEGATIVE_LINE = "NEGATIVE_LINE"
RULE_HOLD = "RULE_HOLD"
LINE_CURRENCY = "LINE_CURRENCY"
LINES_DIFFER = "LINES_DIFFER"
ZERO_TOTAL = "ZERO_TOTAL"

CODES = frozenset({
    NO_LINES, NO_ACCOUNT, ITEM_NOT_FOUND, ITEM_INACTIVE, REFERENCE_NOT_FOUND, VALUE_MISSING, VALUE_NOT_IN_TABLE,
    TOO_LONG, BAD_VALUE, NEGATIVE_LINE, RULE_HOLD, LINE_CURRENCY, LINES_DIFFER, ZERO_TOTAL,
})  # fmt: skip
"""Every code that mapping a record can give; a rule may name further ones of the admin's own."""

DATA, FINANCE, ADMIN = "data", "finance", "admin"
SHOWN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A finding before its place is known. ``where`` is given when another line than the field's decided it.

    ``about``: see :class:`mappings.outcome.Finding`.
    """

    code: str
    cause: str
    owner: str
    fix: str
    where: str = ""
    about: str = ""


def quoted(value: Value) -> str:
    """Return a value in quotes as a person reads it, shortened when it is long."""
    text = value.isoformat() if isinstance(value, datetime) else key_text(value)
    return f"'{text}'" if len(text) <= SHOWN else f"'{text[: SHOWN - 1]}…'"


def subject(rule: FieldRule) -> str:
    """Return what the field's value is called: the CRM field in words, or the target for a constant."""
    return label(rule.source) if rule.source else f"The constant for {rule.target}"


def missing(rule: FieldRule) -> Fault:
    """There is no source value."""
    if rule.target == "entity":
        fix = "Choose the account on the deal in Salesforce."
        return Fault(code=NO_ACCOUNT, cause="The deal has no account.", owner=DATA, fix=fix)
    name = subject(rule)
    fix = f"Fill in {name} in Salesforce."
    cause = f"{name} is empty, {rule.target} needs it."
    return Fault(code=VALUE_MISSING, cause=cause, owner=DATA, fix=fix, about=rule.source or rule.target)


def unlisted(rule: FieldRule, value: Value, table: ValueTable) -> Fault:
    """The value table does not list the value."""
    return Fault(
        code=VALUE_NOT_IN_TABLE,
        cause=f"{subject(rule)} {quoted(value)} is not in the value table '{table.name}'.",
        owner=ADMIN,
        fix=f'Correct it in Salesforce, or add a line "{key_text(value)}" = "…" to [tables.{table.name}].',
        where=table.where,
        about=f"{table.name}:{key_text(value)}",
    )


def unfound(rule: FieldRule, raw: Value, name: str, lookup: Lookup, reason: Unresolved | None) -> Fault:
    """NetSuite has no usable entry of that name."""
    item = lookup.kind == "item"
    if lookup.kind == "customer":
        return _no_customer(rule, name)
    given = key_text(raw)
    shown = f"{subject(rule)} {quoted(raw)}" + (f" (in NetSuite {quoted(name)})" if given != name else "")
    match reason:
        case Unresolved.INACTIVE:
            code = ITEM_INACTIVE if item else REFERENCE_NOT_FOUND
            cause = f"{shown} is inactive in NetSuite."
            fix = f"Activate it in NetSuite, or choose another {_bare(lookup)}."
            return Fault(code=code, cause=cause, owner=FINANCE, fix=fix, about=name)
        case Unresolved.AMBIGUOUS:
            code = ITEM_NOT_FOUND if item else REFERENCE_NOT_FOUND
            cause = f"{shown} is the name of more than one {_bare(lookup)} in NetSuite."
            fix = "Give each a name of its own in NetSuite."
            return Fault(code=code, cause=cause, owner=FINANCE, fix=fix, about=name)
    code = ITEM_NOT_FOUND if item else REFERENCE_NOT_FOUND
    cause = f"{shown} is not {noun(lookup.kind)} in NetSuite."
    owner = DATA if item else ADMIN
    return Fault(code=code, cause=cause, owner=owner, fix=_unfound_fix(rule, name, lookup), about=name)


def _no_customer(rule: FieldRule, name: str) -> Fault:
    return Fault(
        code=REFERENCE_NOT_FOUND,
        cause=f"{subject(rule)} {quoted(name)} has no customer in NetSuite.",
        owner=DATA,
        fix="See what holds this account's customer; the record follows by itself once the customer exists.",
    )


def _unfound_fix(rule: FieldRule, name: str, lookup: Lookup) -> str:
    table = f", or add {quoted(name)} to [tables.{rule.table.name}]" if rule.table and rule.aliases else ""
    return f"Correct the value, create the {_bare(lookup)} {quoted(name)} in NetSuite{table}."


def _bare(lookup: Lookup) -> str:
    return noun(lookup.kind).split(" ", 1)[1]


def too_long(rule: FieldRule, value: str, limit: int) -> Fault:
    """The text has more characters than NetSuite's field."""
    return Fault(
        code=TOO_LONG,
        cause=f"{subject(rule)} {quoted(value)} has {len(value)} characters, {rule.target} takes at most {limit}.",
        owner=DATA,
        fix=f"Shorten {subject(rule)} in Salesforce.",
        about=rule.target,
    )


def bad_value(rule: FieldRule, value: Value, expected: str) -> Fault:
    """The value has not the target's type."""
    return Fault(
        code=BAD_VALUE,
        cause=f"{subject(rule)} {quoted(value)} does not fit {rule.target}: {expected}.",
        owner=ADMIN,
        fix=f"Map {rule.target} from a Salesforce field of the right type, or correct the value.",
        about=rule.target,
    )


def illegal_characters(rule: FieldRule, points: str) -> Fault:
    """The text holds characters that no XML can carry."""
    return Fault(
        code=BAD_VALUE,
        cause=f"{subject(rule)} holds control characters ({points}) that NetSuite cannot take; they are left out.",
        owner=DATA,
        fix=f"Nothing to do; to be rid of the warning, type {subject(rule)} anew in Salesforce.",
    )


def direction_marks(rule: FieldRule, points: str) -> Fault:
    """The text holds invisible marks that change the order in which it is read."""
    return Fault(
        code=BAD_VALUE,
        cause=f"{subject(rule)} holds invisible marks ({points}) that can make it read otherwise than it is written.",
        owner=DATA,
        fix=f"It is passed on as it is. Type {subject(rule)} anew in Salesforce unless the marks are wanted.",
    )


def no_lines() -> Fault:
    """The deal has no products."""
    fix = "Add the products to the deal in Salesforce."
    return Fault(code=NO_LINES, cause="The deal has no product lines.", owner=DATA, fix=fix)


def rule_hold(rule: HoldRule) -> Fault:
    """A rule of the admin holds the record."""
    names = ", ".join(sorted(label(path) for path in rule.when.fields))
    fix = rule.fix or f"Complete the record in Salesforce (this depends on: {names})."
    cause = f"{rule.hold} (rule: {rule.when.text})."
    return Fault(code=rule.code, cause=cause, owner=rule.owner, fix=fix, about=rule.hold.rstrip(" ."))


def negative_line(amount: Decimal) -> Fault:
    """A line takes money off the order."""
    return Fault(
        code=NEGATIVE_LINE,
        cause=f"the amount {plain_number(amount)} is negative.",
        owner=FINANCE,
        fix='Give the discount on the other lines, or allow it with negative = "line" under [lines].',
    )


def line_currency(line: str, deal: str) -> Fault:
    """A line is in another currency than its deal."""
    return Fault(
        code=LINE_CURRENCY,
        cause=f"the line is in {line}, the deal in {deal}.",
        owner=DATA,
        fix="Choose the product from a price book entry in the deal's currency.",
    )


def amount_without_quantity(amount: Decimal) -> Fault:
    """A line has a price but nothing is sold."""
    return Fault(
        code=BAD_VALUE,
        cause=f"the quantity is 0 but the amount is {plain_number(amount)}.",
        owner=DATA,
        fix="Correct the quantity of the line in Salesforce.",
    )


def too_precise(amount: Decimal, currency: str) -> Fault:
    """An amount has more digits than its currency, and nobody said that it may be rounded."""
    return Fault(
        code=BAD_VALUE,
        cause=f"the amount {plain_number(amount)} has more digits than {currency} knows.",
        owner=DATA,
        fix='Correct the line in Salesforce, or allow rounding with precision = "round" under [lines].',
    )


def lines_differ(lines: Decimal, header: Decimal, name: str) -> Fault:
    """The lines do not add up to what the deal says."""
    return Fault(
        code=LINES_DIFFER,
        cause=f"the lines add up to {plain_number(lines)}, but {label(name)} is {plain_number(header)}.",
        owner=DATA,
        fix="Usually the deal was being edited, and the next sync heals it. Else correct the lines in Salesforce.",
    )


def zero_total() -> Fault:
    """The order would be over nothing."""
    return Fault(
        code=ZERO_TOTAL,
        cause="The lines add up to nothing.",
        owner=DATA,
        fix='Enter the prices in Salesforce, or allow free orders with zero_total = "allow" under [lines].',
    )


def rounded(amount: Decimal, to: Decimal, currency: str) -> Fault:
    """An amount has more digits than its currency."""
    return Fault(
        code=BAD_VALUE,
        cause=f"the amount {plain_number(amount)} was rounded to {to} {currency}.",
        owner=FINANCE,
        fix="Nothing to do; the amount has more digits than the currency knows.",
    )
