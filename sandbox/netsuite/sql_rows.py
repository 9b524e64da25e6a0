"""How a stored record becomes rows of the SuiteQL tables."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite.countries import CODE_BY_ENUM
from sandbox.netsuite.custom_fields import CUSTOM_FIELDS
from sandbox.netsuite.references import title
from sandbox.netsuite.sql_links import links_of
from sandbox.netsuite.sql_money import heading_of
from sandbox.netsuite.sql_tables import DOCUMENTS, TABLES, Row
from sandbox.store import Body

TABLE_OF = {"accountingPeriod": "accountingperiod", "billingSchedule": "billingschedule"}
"""Tables whose name is not that of the stored type."""

CREDIT = ("creditMemo",)
"""Documents whose lines take back what sales lines give: quantities and amounts have the other sign."""


def rows_of(type_: str, body: Body) -> Mapping[str, list[Row]]:
    """Return the rows of a stored record by table; missing columns are NULL."""
    if type_ in DOCUMENTS:
        return {
            "transaction": [_document(type_, body)],
            "transactionline": _lines(type_, body),
            "transactionlink": links_of(type_, body),
        }
    if type_ == "deletedRecord":
        return {"deletedrecord": [_deleted(body)]}
    return {TABLE_OF.get(type_, type_): [_listed(type_, body)]}


def _listed(type_: str, body: Body) -> Row:
    table = TABLES[TABLE_OF.get(type_, type_)]
    lowered = {name.lower(): value for name, value in body.items()}
    row = {name: plain_of(lowered.get(name)) for name in table}
    row["fullname"] = body.get("name") or body.get("itemId")
    if "isinactive" in table:
        row["isinactive"] = "T" if body.get("isInactive") else "F"
    row.update(SPECIAL[type_](body) if type_ in SPECIAL else {})
    return {name: row.get(name) for name in table}


def _customer(body: Body) -> Row:
    hold = str(body.get("creditHoldOverride") or "_auto")
    return {
        "altname": title("customer", body).removeprefix(f"{body['entityId']} "),
        "creditholdoverride": hold.removeprefix("_").upper(),
    }


def _item(body: Body) -> Row:
    fulfillable = body.get("isFulfillable")
    if fulfillable is None:
        fulfillable = body.get("itemType") == "InvtPart"
    return {"isfulfillable": "T" if fulfillable else "F"}


def _subsidiary(body: Body) -> Row:
    return {"country": CODE_BY_ENUM.get(str(body.get("country")), body.get("country"))}


def _period(body: Body) -> Row:
    flags = {"closed": "closed", "arlocked": "arLocked", "isquarter": "isQuarter", "isyear": "isYear"}
    row = {column: "T" if body.get(name) else "F" for column, name in flags.items()}
    groups = body.get("isQuarter") or body.get("isYear")
    return {**row, "isadjust": "F", "isposting": "F" if groups else "T"}


SPECIAL = {"customer": _customer, "item": _item, "subsidiary": _subsidiary, "accountingPeriod": _period}
"""Columns that are more than the stored value under another name, by type."""


def _document(type_: str, body: Body) -> Row:
    kind, name = DOCUMENTS[type_]
    lowered = {name.lower(): value for name, value in body.items()}
    row = {column: plain_of(lowered.get(column)) for column in TABLES["transaction"]}
    row.update(
        type=kind,
        recordtype=type_.lower(),
        abbrevtype=name.upper().replace(" ", "")[:7] if type_ != "salesOrder" else "SALESORD",
        voided="T" if body.get("voided") else "F",
        posting="F" if type_ in ("salesOrder", "itemFulfillment") else "T",
        employee=body.get("salesRep"),
        entity=body.get("entity") or body.get("customer"),
        status=body.get("orderStatus") if type_ == "salesOrder" else body.get("status"),
    )
    row.update(heading_of(type_, body))
    return row


def _lines(type_: str, body: Body) -> list[Row]:
    """Return the main line (total), the item lines and, where they are not zero, shipping, discount and tax.

    A sale's item lines are negative in quantity and amount, a credit memo's positive; all lines of a document
    together make zero. Payments, deposits, refunds and journals have their main line only.
    """
    sign = 1 if type_ in CREDIT else -1
    rows = [_main_line(type_, body)]
    if type_ == "journalEntry":
        return rows
    common = {name: rows[0].get(name) for name in ("transaction", "iscogs", "entity", "subsidiary")}
    for line in body.get("lines") or ():
        rows.append({**common, **_line(line, sign, voided=bool(body.get("voided"))), "linesequencenumber": len(rows)})
    next_id = int(body.get("nextLine") or len(rows))
    for kind, taxline, amount in _extras(body):
        if amount:
            extra = {"id": next_id, "itemtype": kind, "mainline": "F", "taxline": taxline}
            sequence = {"foreignamount": str(sign * Decimal(amount)), "linesequencenumber": len(rows)}
            rows.append({**common, **extra, **sequence})
            next_id += 1
    return rows


def _main_line(type_: str, body: Body) -> Row:
    entity = body.get("entity") or body.get("customer")
    common = {"transaction": body["id"], "iscogs": "F", "entity": entity, "subsidiary": body.get("subsidiary")}
    segments = {name: body.get(name) for name in ("department", "class", "location")}
    amount = heading_of(type_, body).get("foreigntotal", "0")
    main = {"id": 0, "mainline": "T", "taxline": "F", "foreignamount": amount, "memo": body.get("memo")}
    # A deposit's order is its origin: the account's searches show it under Created From.
    origin = body.get("createdFrom") or body.get("salesOrder") or body.get("deposit")
    return {**common, **segments, **main, "createdfrom": origin, "linesequencenumber": 0}


def _extras(body: Body) -> tuple[tuple[str, str, Any], ...]:
    if body.get("voided"):
        return ()
    shipping = Decimal(body.get("shippingCost") or 0) + Decimal(body.get("handlingCost") or 0)
    discount, tax = body.get("discountTotal") or 0, body.get("taxTotal") or 0
    return ("ShipItem", "F", shipping), ("Discount", "F", discount), ("TaxItem", "T", tax)


def _line(line: Mapping[str, Any], sign: int, *, voided: bool) -> Row:
    row: Row = {name: plain_of(line.get(name)) for name in ("item", "rate", "department", "class", "location")}
    row.update(
        id=int(line["line"]),
        mainline="F",
        taxline="F",
        memo=line.get("description"),
        quantity=_signed(line.get("quantity"), sign, voided=voided),
        foreignamount=_signed(line.get("amount") or 0, sign, voided=voided),
        isclosed="T" if line.get("isClosed") else "F",
        quantitybilled=_signed(line.get("quantityBilled") or 0, sign),
        quantityshiprecv=_signed(line.get("quantityFulfilled") or 0, sign),
    )
    for name, value in line.items():
        if name in CUSTOM_FIELDS:
            row[name] = plain_of(value)
    return row


def _signed(value: Any, sign: int, *, voided: bool = False) -> str | None:  # noqa: ANN401  a stored number
    if value is None:
        return None
    return "0" if voided else format(sign * Decimal(value), "f")


def _deleted(body: Body) -> Row:
    lowered = {name.lower(): value for name, value in body.items()}
    row = {name: plain_of(lowered.get(name)) for name in TABLES["deletedrecord"]}
    return {**row, "type": str(body["type"]).lower(), "context": "UI"}


def plain_of(value: Any) -> Any:  # noqa: ANN401  any stored value
    """Return a kept value in a form that DuckDB casts without loss."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return None if value == "" or isinstance(value, dict) else value
