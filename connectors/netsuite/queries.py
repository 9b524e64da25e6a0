"""The texts of all SuiteQL queries. Values enter only through the checks at the end of this file."""

# ruff: noqa: S608  SuiteQL over REST has no bound parameters

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors.records import require_aware

IN_LIST = 500
"""Most values in one IN list (Oracle allows 1,000)."""

UTC = 'TO_CHAR(SYS_EXTRACT_UTC({}), \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'

REFERENCE_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "item": ("externalid", "isinactive", "itemtype", "displayname"),
    "customer": ("externalid", "isinactive"),
    "employee": ("isinactive",),
    "subsidiary": ("isinactive",),
    "currency": ("isinactive",),
    "term": ("isinactive",),
    "department": ("isinactive",),
    "classification": ("isinactive",),
    "location": ("isinactive",),
}
"""Lists that mappings refer to, with the columns that are read beside id and name."""

STAMPED = ("customer", "item")
"""The long ones among them; they keep the stamp of each entry's last change."""

COLUMN_OF: Mapping[tuple[str, str], str] = {
    ("customer", "account"): "custentity_tieout_account_id",
    ("customer", "name"): "companyname",
    ("item", "name"): "displayname",
    ("employee", "name"): "entityid",
}
"""Words a mapping uses for a column that is called otherwise."""

DETAIL_LINES = "tl.mainline = 'F' AND NVL(tl.iscogs, 'F') = 'F'"
NET_LINES = f"{DETAIL_LINES} AND tl.taxline = 'F' AND NVL(tl.itemtype, '-') <> 'ShipItem'"
"""Lines and discounts; neither tax nor shipping, nor the cost side that NetSuite adds to some transactions."""

NET_AMOUNT = "CASE WHEN tl.taxline = 'T' OR NVL(tl.itemtype, '-') = 'ShipItem' THEN 0 ELSE tl.foreignamount END"


def references(kind: str, by: str, after: int | None) -> str:
    """Return the query for a list, ``name`` being the column that people type.

    Raises:
        ValueError: the list is not known, or ``by`` is no column name.
    """
    if kind not in REFERENCE_COLUMNS:
        raise ValueError(f"{kind!r} is not a NetSuite list that a mapping can refer to: {', '.join(REFERENCE_COLUMNS)}")
    column = identifier(COLUMN_OF.get((kind, by), by))
    extra = "".join(f", {name}" for name in REFERENCE_COLUMNS[kind])
    return f"SELECT id, {column} AS name{extra} FROM {kind} WHERE id > {after or 0} ORDER BY id"


def customers(after: int | None, changed_since: datetime | None) -> str:
    """Return the query for all customers, or for those that changed at or after a moment."""
    where = "" if changed_since is None else f" AND SYS_EXTRACT_UTC(lastmodifieddate) >= {timestamp(changed_since)}"
    return (
        "SELECT id, entityid, companyname, externalid, subsidiary, parent, isinactive,"
        f" custentity_tieout_account_id, {UTC.format('lastmodifieddate')} AS modified"
        f" FROM customer WHERE id > {after or 0}{where} ORDER BY id"
    )


def list_mark(kind: str) -> str:
    """Return the query for the size and the newest change of a list that keeps stamps.

    Raises:
        ValueError: the list keeps none.
    """
    if kind not in STAMPED:
        raise ValueError(f"the list {kind!r} keeps no stamps; {', '.join(STAMPED)} do")
    return f"SELECT COUNT(*) AS entries, MAX({UTC.format('lastmodifieddate')}) AS newest FROM {kind}"


SCHEDULE_NAMES = ("billingschedule", "nextbilldate")
"""What only accounts with billing schedules have."""


def orders(after: int | None, conditions: Sequence[str], *, schedules: bool = True) -> str:
    """Return the query for the heads of sales orders; the subsidiary stands on the main line.

    Args:
        after: internal id after which to begin.
        conditions: what is selected, joined by AND.
        schedules: whether the account has billing schedules.
    """
    where = "".join(f" AND {condition}" for condition in conditions)
    columns = " b.name AS billingschedule, TO_CHAR(t.nextbilldate, 'YYYY-MM-DD') AS nextbill," if schedules else ""
    joined = " LEFT JOIN billingschedule b ON b.id = t.billingschedule" if schedules else ""
    return (
        "SELECT t.id, t.tranid, t.externalid, t.entity, c.symbol AS currency,"
        " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, t.status, t.otherrefnum, t.memo, t.foreigntotal,"
        " t.custbody_tieout_deal_id, t.custbody_tieout_intent, t.custbody_tieout_ver, tl.subsidiary,"
        f"{columns}"
        f" {UTC.format('t.createddate')} AS created, {UTC.format('t.lastmodifieddate')} AS modified"
        " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'"
        f" LEFT JOIN currency c ON c.id = t.currency{joined}"
        f" WHERE t.type = 'SalesOrd' AND t.id > {after or 0}{where} ORDER BY t.id"
    )


def sums(ids: Sequence[int]) -> str:
    """Return the query for net and tax of these orders or invoices, negative as NetSuite keeps sales.

    At most ``IN_LIST`` of them.
    """
    return (
        f"SELECT tl.transaction, SUM({NET_AMOUNT}) AS net,"
        " SUM(CASE WHEN tl.taxline = 'T' THEN tl.foreignamount ELSE 0 END) AS tax"
        f" FROM transactionline tl WHERE {DETAIL_LINES}"
        f" AND tl.transaction IN ({numbers(ids)}) GROUP BY tl.transaction ORDER BY tl.transaction"
    )


def order_lines(order_ids: Sequence[int], after: tuple[int, int] | None) -> str:
    """Return the query for the item lines of these orders (at most ``IN_LIST``), ordered by order and line."""
    order, line = after or (0, 0)
    return (
        "SELECT tl.transaction, tl.id AS line, tl.item, i.itemid, tl.quantity, tl.rate, tl.foreignamount,"
        " tl.memo, tl.custcol_tieout_line_id, i.isfulfillable, tl.quantitybilled, tl.quantityshiprecv, tl.isclosed"
        " FROM transactionline tl LEFT JOIN item i ON i.id = tl.item"
        f" WHERE {NET_LINES} AND tl.transaction IN ({numbers(order_ids)})"
        f" AND (tl.transaction > {order} OR (tl.transaction = {order} AND tl.id > {line}))"
        " ORDER BY tl.transaction, tl.id"
    )


def order_totals() -> str:
    """Return NetSuite's own count and net sum of all sales orders per currency."""
    return (
        "SELECT c.symbol AS currency, COUNT(DISTINCT t.id) AS documents, SUM(tl.foreignamount) AS net"
        " FROM transaction t LEFT JOIN currency c ON c.id = t.currency"
        f" LEFT JOIN transactionline tl ON tl.transaction = t.id AND {NET_LINES}"
        " WHERE t.type = 'SalesOrd' GROUP BY c.symbol ORDER BY c.symbol"
    )


def ids_in(column: str, ids: Sequence[str]) -> str:
    """Return a condition on internal ids.

    Raises:
        ValueError: one of them is not a number.
    """
    return f"{identifier(column)} IN ({numbers(internal_id(id_) for id_ in ids)})"


def texts_in(column: str, texts: Sequence[str]) -> str:
    """Return a condition on texts, compared without regard to case as NetSuite compares external ids."""
    return f"LOWER({identifier(column)}) IN ({', '.join(literal(text.lower()) for text in texts)})"


def literal(text: str) -> str:
    """Return a text as an SQL literal.

    Raises:
        ValueError: it holds control characters, which no id or name has.
    """
    if any(ord(character) < 32 for character in text):
        raise ValueError(f"{text!r} holds control characters")
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Return a column name, perhaps with its table's alias.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"([a-z]{1,3}\.)?[a-z][a-z0-9_]*", name):
        raise ValueError(f"{name!r} is not a NetSuite column name (lower-case letters, digits and _)")
    return name


def internal_id(text: str) -> int:
    """Return an internal id as a number.

    Raises:
        ValueError: it is none.
    """
    if not text.isdecimal() or not text.isascii():
        raise ValueError(f"{text!r} is not a NetSuite internal id (digits only)")
    return int(text)


def timestamp(moment: datetime) -> str:
    """Return a moment as SuiteQL compares it, in UTC and to the second below."""
    return f"TO_TIMESTAMP('{require_aware(moment):%Y-%m-%d %H:%M:%S}', 'YYYY-MM-DD HH24:MI:SS')"


def numbers(ids: Iterable[int]) -> str:
    """Return internal ids as the inside of an IN list."""
    return ", ".join(str(id_) for id_ in ids)
