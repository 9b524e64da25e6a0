"""The texts of the SuiteQL queries for invoices, what was applied to them, money on account, and periods.

Settlement links have the invoice as ``previousdoc`` and the applying transaction as ``nextdoc``; the sign of their
``foreignamount`` is not specified, so it is taken without one.
"""

# ruff: noqa: S608  SuiteQL over REST has no bound parameters

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from connectors.netsuite.queries import NET_LINES, UTC, identifier, literal, numbers, timestamp

SETTLING = "('Payment', 'DepAppl', 'PymtDisc')"
"""Link types between an invoice and what settles it."""

LIVE = (
    "NVL(a.voided, 'F') = 'F' AND NVL(a.status, '-') NOT IN ('V', 'CustPymt:V', 'CustCred:V')"
    " AND NOT (a.type = 'CustPymt' AND NVL(a.status, '-') IN ('A', 'CustPymt:A'))"
)
"""An applying transaction counts: neither voided nor a payment that waits for its approval."""

POSTED = "t.status IN ('A', 'CustInvc:A', 'B', 'CustInvc:B') AND NVL(t.voided, 'F') = 'F'"
"""Open and paid invoices. REST gives the bare letter; the long form is what SuiteScript compares with."""

OPEN = f"{POSTED} AND NVL(t.foreignamountunpaid, 0) <> 0"
UNAPPLIED = "NVL(t.foreignpaymentamountunused, 0) <> 0"
RECEIPT_TYPES = ("CustPymt", "CustDep", "CustCred", "CustRfnd")

DELETED_TYPES: Mapping[str, str] = {
    "salesorder": "SalesOrd", "salesord": "SalesOrd",
    "invoice": "CustInvc", "custinvc": "CustInvc",
    "customerpayment": "CustPymt", "payment": "CustPymt", "custpymt": "CustPymt",
    "creditmemo": "CustCred", "custcred": "CustCred",
    "customerdeposit": "CustDep", "custdep": "CustDep",
    "depositapplication": "DepAppl", "depappl": "DepAppl",
    "customerrefund": "CustRfnd", "custrfnd": "CustRfnd",
    "journalentry": "Journal", "journal": "Journal",
    "itemfulfillment": "ItemShip", "itemship": "ItemShip",
}  # fmt: skip
"""Transaction type by NetSuite's name of a deleted record, in lower case and without spaces."""

HEAD = (
    "SELECT t.id, t.type, t.tranid, t.entity, c.symbol AS currency,"
    " TO_CHAR(t.trandate, 'YYYY-MM-DD') AS trandate, t.status, t.voided, t.otherrefnum, t.memo, t.foreigntotal,"
    " t.postingperiod, s.id AS source, s.type AS sourcetype,"
    f" {UTC.format('t.createddate')} AS created, {UTC.format('t.lastmodifieddate')} AS modified"
)
FROM = (
    " FROM transaction t JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'"
    " LEFT JOIN currency c ON c.id = t.currency LEFT JOIN transaction s ON s.id = tl.createdfrom"
)


def invoices(after: int | None, conditions: Sequence[str], stamps: Sequence[str]) -> str:
    """Return the query for the heads of invoices; ``source`` is the transaction that each was made from.

    Args:
        after: internal id after which to begin.
        conditions: what is selected, joined by AND.
        stamps: further custom body fields.

    Raises:
        ValueError: a stamp is no custom body field.
    """
    extra = "".join(f", t.{body_field(name)}" for name in stamps)
    return (
        f"{HEAD}, t.externalid, TO_CHAR(t.duedate, 'YYYY-MM-DD') AS duedate, t.foreignamountpaid,"
        f" t.foreignamountunpaid, t.custbody_tieout_deal_id, t.custbody_tieout_intent{extra}{FROM}"
        f" WHERE t.type = 'CustInvc' AND t.id > {after or 0}{_and(conditions)} ORDER BY t.id"
    )


def receipts(after: int | None, types: Sequence[str], conditions: Sequence[str]) -> str:
    """Return the query for payments, deposits, credit memos and refunds.

    Raises:
        ValueError: a type is none of them.
    """
    unknown = [type_ for type_ in types if type_ not in RECEIPT_TYPES]
    if unknown:
        raise ValueError(f"{unknown[0]!r} is not one of {', '.join(RECEIPT_TYPES)}")
    listed = ", ".join(literal(type_) for type_ in types)
    return (
        f"{HEAD}, t.foreignpaymentamountused, t.foreignpaymentamountunused{FROM}"
        f" WHERE t.type IN ({listed}) AND t.id > {after or 0}{_and(conditions)} ORDER BY t.id"
    )


def applications(invoice_ids: Iterable[int], after: tuple[int, int] | None) -> str:
    """Return the query for what was applied to these invoices, one row for each invoice and applying transaction.

    ``discount`` is what a payment took off beside the money that it brought.
    """
    invoice, source = after or (0, 0)
    return (
        "SELECT l.previousdoc AS invoice, l.nextdoc AS source, a.type, a.tranid,"
        " TO_CHAR(a.trandate, 'YYYY-MM-DD') AS trandate,"
        " SUM(CASE WHEN l.linktype = 'PymtDisc' THEN 0 ELSE ABS(NVL(l.foreignamount, 0)) END) AS applied,"
        " SUM(CASE WHEN l.linktype = 'PymtDisc' THEN ABS(NVL(l.foreignamount, 0)) ELSE 0 END) AS discount"
        " FROM NextTransactionLineLink l JOIN transaction a ON a.id = l.nextdoc"
        f" WHERE l.linktype IN {SETTLING} AND {LIVE} AND l.previousdoc IN ({numbers(invoice_ids)})"
        f" AND (l.previousdoc > {invoice} OR (l.previousdoc = {invoice} AND l.nextdoc > {source}))"
        " GROUP BY l.previousdoc, l.nextdoc, a.type, a.tranid, a.trandate ORDER BY l.previousdoc, l.nextdoc"
    )


def invoice_lines(invoice_ids: Iterable[int], after: tuple[int, int] | None) -> str:
    """Return the query for the item lines of these invoices; ``orderline`` is the order's line that each bills."""
    invoice, line = after or (0, 0)
    return (
        "SELECT tl.transaction, tl.id AS line, tl.item, tl.quantity, tl.foreignamount, tl.custcol_tieout_line_id,"
        " l.previousline AS orderline FROM transactionline tl LEFT JOIN PreviousTransactionLineLink l"
        " ON l.nextdoc = tl.transaction AND l.nextline = tl.id AND l.linktype = 'OrdBill'"
        f" WHERE {NET_LINES} AND tl.transaction IN ({numbers(invoice_ids)})"
        f" AND (tl.transaction > {invoice} OR (tl.transaction = {invoice} AND tl.id > {line}))"
        " ORDER BY tl.transaction, tl.id"
    )


def settled_since(since: datetime) -> str:
    """Return the condition that an invoice, or a transaction applied to it, changed at or after a moment."""
    moment = timestamp(since)
    links, changes = (f"SYS_EXTRACT_UTC({alias}.lastmodifieddate) >= {moment}" for alias in ("l", "a"))
    return (
        f"({changed_since(since)} OR t.id IN (SELECT l.previousdoc FROM PreviousTransactionLineLink l"
        f" JOIN transaction a ON a.id = l.nextdoc WHERE l.linktype IN {SETTLING} AND ({changes} OR {links})))"
    )


def changed_since(since: datetime) -> str:
    """Return the condition that a transaction itself changed at or after a moment."""
    return f"SYS_EXTRACT_UTC(t.lastmodifieddate) >= {timestamp(since)}"


def changed_transactions(since: datetime, after: int | None) -> str:
    """Return the query for orders, invoices and all that settles them that changed at or after a moment."""
    known = ", ".join(literal(type_) for type_ in sorted(set(DELETED_TYPES.values())))
    return (
        f"SELECT t.id, t.type FROM transaction t WHERE t.type IN ({known}) AND {changed_since(since)}"
        f" AND t.id > {after or 0} ORDER BY t.id"
    )


def deleted(since: datetime, after: int | None) -> str:
    """Return the query for transactions that were deleted at or after a moment, by their internal ids."""
    name = "LOWER(REPLACE(d.type, ' ', ''))"
    known = ", ".join(literal(type_) for type_ in DELETED_TYPES)
    return (
        f"SELECT DISTINCT d.recordid, {name} AS type FROM deletedrecord d WHERE {name} IN ({known})"
        f" AND SYS_EXTRACT_UTC(d.deleteddate) >= {timestamp(since)} AND d.recordid > {after or 0} ORDER BY d.recordid"
    )


def periods(after: int | None) -> str:
    """Return the query for the months of the accounting calendar; adjustment periods overlap them."""
    return (
        "SELECT p.id, p.periodname, TO_CHAR(p.startdate, 'YYYY-MM-DD') AS startdate,"
        " TO_CHAR(p.enddate, 'YYYY-MM-DD') AS enddate, p.closed, p.arlocked,"
        f" {UTC.format('p.closedondate')} AS closedon FROM accountingperiod p"
        f" WHERE NVL(p.isquarter, 'F') = 'F' AND NVL(p.isyear, 'F') = 'F'"
        f" AND NVL(p.isadjust, 'F') = 'F' AND p.id > {after or 0} ORDER BY p.id"
    )


def credit_terms(customer_ids: Iterable[int]) -> str:
    """Return the query for credit limit and hold of these customers."""
    return (
        "SELECT k.id, k.creditlimit, k.creditholdoverride, c.symbol AS currency"
        " FROM customer k LEFT JOIN currency c ON c.id = k.currency"
        f" WHERE k.id IN ({numbers(customer_ids)}) ORDER BY k.id"
    )


def invoice_totals() -> str:
    """Return NetSuite's own count and gross sum of all posted invoices per currency."""
    return (
        "SELECT c.symbol AS currency, COUNT(t.id) AS documents, SUM(t.foreigntotal) AS total"
        " FROM transaction t LEFT JOIN currency c ON c.id = t.currency"
        f" WHERE t.type = 'CustInvc' AND {POSTED} GROUP BY c.symbol ORDER BY c.symbol"
    )


def body_field(name: str) -> str:
    """Return a custom body field as a column.

    Raises:
        ValueError: it is none.
    """
    if not re.fullmatch(r"custbody[a-z0-9_]*", name.lower()):
        raise ValueError(f"{name!r} is not a custom body field of NetSuite (custbody…)")
    return identifier(name.lower())


def _and(conditions: Sequence[str]) -> str:
    return "".join(f" AND {condition}" for condition in conditions)
