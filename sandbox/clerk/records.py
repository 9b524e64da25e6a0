"""NetSuite records as XML: built from nothing, or taken from ``initialize`` and changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

from lxml import etree

CORE = "urn:core_2025_2.platform.webservices.netsuite.com"
MESSAGES = "urn:messages_2025_2.platform.webservices.netsuite.com"
SALES = "urn:sales_2025_2.transactions.webservices.netsuite.com"
CUSTOMERS = "urn:customers_2025_2.transactions.webservices.netsuite.com"
ACCOUNTING = "urn:accounting_2025_2.lists.webservices.netsuite.com"
XSI_TYPE = "{http://www.w3.org/2001/XMLSchema-instance}type"
PREFIXES = {
    "xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "msg": MESSAGES,
    "core": CORE,
    "sales": SALES,
    "cust": CUSTOMERS,
    "acct": ACCOUNTING,
}
SPACES: Mapping[str, str] = {
    **dict.fromkeys(("SalesOrder", "Invoice", "ItemFulfillment"), "sales"),
    **dict.fromkeys(
        ("CustomerPayment", "CreditMemo", "CustomerDeposit", "DepositApplication", "CustomerRefund"), "cust"
    ),
    "AccountingPeriod": "acct",
}
"""The name space of each record type that the clerk writes, by prefix."""

CUSTOM_PRICE = "-1"
"""The price level with which a line has a rate of its own."""


class Ref:
    """A reference by internal id."""

    def __init__(self, internal_id: str) -> None:
        self.internal_id = internal_id


class Lines:
    """A sublist: the member element's name and one mapping of fields a line.

    Args:
        member: such as ``apply`` or ``item``.
        rows: the lines.
        replace: whether lines that are not named go away.
    """

    def __init__(self, member: str, rows: Sequence[Mapping[str, Value]], *, replace: bool = True) -> None:
        self.member = member
        self.rows = rows
        self.replace = replace


class Customs:
    """Custom fields by script id: texts or flags."""

    def __init__(self, values: Mapping[str, str | bool]) -> None:
        self.values = values


Value = str | bool | Decimal | date | Ref | Lines | Customs
"""What a field can be given."""


def record(kind: str, values: Mapping[str, Value], *, internal_id: str = "") -> etree._Element:
    """Return a record element of that type; fields in the order given, which must be the schema's."""
    element = etree.Element(f"{{{MESSAGES}}}record", nsmap=PREFIXES)
    element.set(XSI_TYPE, f"{SPACES[kind]}:{kind}")
    if internal_id:
        element.set("internalId", internal_id)
    for name, value in values.items():
        add_field(element, PREFIXES[SPACES[kind]], name, value)
    return element


def add_field(parent: etree._Element, space: str, name: str, value: Value) -> etree._Element:
    """Append a field and return it."""
    element = etree.SubElement(parent, f"{{{space}}}{name}")
    if isinstance(value, Ref):
        element.set("internalId", value.internal_id)
    elif isinstance(value, Lines):
        element.set("replaceAll", "true" if value.replace else "false")
        for row in value.rows:
            line = etree.SubElement(element, f"{{{space}}}{value.member}")
            for field, content in row.items():
                add_field(line, space, field, content)
    elif isinstance(value, Customs):
        for script_id, content in value.values.items():
            _custom(element, script_id, content)
    else:
        element.text = text_of(value)
    return element


def set_field(owner: etree._Element, space: str, name: str, value: Value, *, after: Sequence[str] = ()) -> None:
    """Give a field of a record (or line) this value; a new one comes behind the last of those named in ``after``."""
    fresh = add_field(owner, space, name, value)
    old = owner.find(f"{{{space}}}{name}")
    if old is not fresh and old is not None:
        owner.replace(old, fresh)
        return
    places = [owner.index(found) for other in after if (found := owner.find(f"{{{space}}}{other}")) is not None]
    owner.insert(max(places, default=-1) + 1, fresh)


def drop_fields(owner: etree._Element, space: str, *names: str) -> None:
    """Remove fields, if they are there."""
    for name in names:
        for element in owner.findall(f"{{{space}}}{name}"):
            owner.remove(element)


def number_of(owner: etree._Element, space: str, name: str) -> Decimal | None:
    """Return a field's number, or None when it is absent."""
    text = owner.findtext(f"{{{space}}}{name}")
    return Decimal(text) if text else None


def text_of(value: str | bool | Decimal | date) -> str:
    """Return a value as the wire has it; a day is noon in California, so that it is that day in NetSuite."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return f"{value.isoformat()}T12:00:00.000-08:00" if isinstance(value, date) else value


def _custom(parent: etree._Element, script_id: str, value: str | bool) -> None:
    element = etree.SubElement(parent, f"{{{CORE}}}customField", scriptId=script_id)
    element.set(XSI_TYPE, f"core:{'Boolean' if isinstance(value, bool) else 'String'}CustomFieldRef")
    etree.SubElement(element, f"{{{CORE}}}value").text = text_of(value)
