"""The SuiteQL tables that the sandbox offers, and how a stored record becomes their rows."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.netsuite.countries import CODE_BY_ENUM
from sandbox.netsuite.custom_fields import CUSTOM_FIELDS
from sandbox.netsuite.references import title
from sandbox.store import Body

Row = dict[str, Any]
MONEY = "DECIMAL(20,3)"
RATE = "DECIMAL(20,8)"
CUSTOM_TYPES = {"moment": "TIMESTAMPTZ", "day": "DATE", "number": RATE, "whole": "BIGINT", "select": "BIGINT"}


def _columns(text: str, prefix: str = "") -> Mapping[str, str]:
    columns = dict(part.split(":") for part in text.split())
    for name, field in CUSTOM_FIELDS.items():
        if prefix and name.startswith(f"{prefix}_"):
            columns[name] = CUSTOM_TYPES.get(field.kind, "VARCHAR")
    short = {
        "i": "BIGINT",
        "s": "VARCHAR",
        "d": "DATE",
        "t": "TIMESTAMPTZ",
        "m": MONEY,
        "r": RATE,
        "q": "DECIMAL(20,5)",
    }
    return {name: short.get(kind, kind) for name, kind in columns.items()}


_SEGMENT = _columns("id:i name:s fullname:s parent:i isinactive:s externalid:s")
TABLES: Mapping[str, Mapping[str, str]] = {
    "transaction": _columns(
        "id:i type:s recordtype:s abbrevtype:s tranid:s externalid:s entity:i currency:i exchangerate:r trandate:d "
        "createddate:t lastmodifieddate:t status:s otherrefnum:s memo:s foreigntotal:m voided:s posting:s terms:i "
        "employee:i email:s startdate:d enddate:d shipdate:d",
        "custbody",
    ),
    "transactionline": _columns(
        "transaction:i id:i linesequencenumber:i mainline:s taxline:s iscogs:s itemtype:s item:i quantity:q rate:r "
        "foreignamount:m memo:s entity:i subsidiary:i createdfrom:i department:i class:i location:i isclosed:s",
        "custcol",
    ),
    "customer": _columns(
        "id:i entityid:s altname:s companyname:s firstname:s lastname:s isperson:s externalid:s email:s phone:s url:s "
        "parent:i subsidiary:i isinactive:s currency:i terms:i salesrep:i datecreated:t lastmodifieddate:t",
        "custentity",
    ),
    "employee": _columns("id:i entityid:s firstname:s lastname:s email:s title:s isinactive:s externalid:s"),
    "item": _columns(
        "id:i itemid:s fullname:s displayname:s externalid:s isinactive:s itemtype:s subtype:s createddate:t "
        "lastmodifieddate:t"
    ),
    "subsidiary": _columns("id:i name:s fullname:s parent:i currency:i country:s state:s isinactive:s externalid:s"),
    "currency": _columns("id:i symbol:s name:s exchangerate:r isbasecurrency:s isinactive:s externalid:s"),
    "term": _columns("id:i name:s daysuntilnetdue:i isinactive:s externalid:s"),
    "department": _SEGMENT,
    "classification": _SEGMENT,
    "location": _SEGMENT,
    "deletedrecord": _columns("id:i recordid:i recordtypeid:i type:s name:s externalid:s deleteddate:t context:s"),
}
"""Column types by table and column; times are instants, shown in the Pacific zone."""

KEYS: Mapping[str, Mapping[str, str]] = {
    "salesOrder": {"transaction": "id", "transactionline": "transaction"},
    "deletedRecord": {"deletedrecord": "id"},
    **{name: {name: "id"} for name in TABLES if name not in ("transaction", "transactionline", "deletedrecord")},
}
"""For each stored type the tables that it fills, and the column that holds the record's id there."""

DISPLAYED: Mapping[str, str] = {
    "entity": "SELECT entityid || ' ' || altname FROM customer WHERE id = x",
    "parent": "SELECT entityid || ' ' || altname FROM customer WHERE id = x",
    "salesrep": "SELECT entityid FROM employee WHERE id = x",
    "employee": "SELECT entityid FROM employee WHERE id = x",
    "currency": "SELECT name FROM currency WHERE id = x",
    "subsidiary": "SELECT name FROM subsidiary WHERE id = x",
    "item": "SELECT itemid FROM item WHERE id = x",
    "terms": "SELECT name FROM term WHERE id = x",
    "department": "SELECT name FROM department WHERE id = x",
    "class": "SELECT name FROM classification WHERE id = x",
    "location": "SELECT name FROM location WHERE id = x",
    "transaction": "SELECT 'Sales Order #' || tranid FROM transaction WHERE id = x",
    "createdfrom": "SELECT 'Sales Order #' || tranid FROM transaction WHERE id = x",
}
"""What ``BUILTIN.DF(column)`` looks up, by column."""


def rows_of(type_: str, body: Body) -> Mapping[str, list[Row]]:
    """Return the rows of a stored record by table; missing columns are NULL."""
    if type_ == "salesOrder":
        return {"transaction": [_order(body)], "transactionline": _order_lines(body)}
    if type_ == "deletedRecord":
        return {"deletedrecord": [_deleted(body)]}
    table = TABLES[type_]
    lowered = {name.lower(): value for name, value in body.items()}
    row = {name: _plain(lowered.get(name)) for name in table}
    row["fullname"] = body.get("name") or body.get("itemId")
    if "isinactive" in table:
        row["isinactive"] = "T" if body.get("isInactive") else "F"
    if type_ == "customer":
        row["altname"] = title("customer", body).removeprefix(f"{body['entityId']} ")
    if type_ == "subsidiary":
        row["country"] = CODE_BY_ENUM.get(str(body.get("country")), body.get("country"))
    return {type_: [{name: row.get(name) for name in table}]}


def _order(body: Body) -> Row:
    lowered = {name.lower(): value for name, value in body.items()}
    row = {name: _plain(lowered.get(name)) for name in TABLES["transaction"]}
    row.update(
        type="SalesOrd",
        recordtype="salesorder",
        abbrevtype="SALESORD",
        status=body["orderStatus"],
        foreigntotal=str(body["total"]),
        voided="F",
        posting="F",
        employee=body.get("salesRep"),
    )
    return row


def _order_lines(body: Body) -> list[Row]:
    """Return the main line (total), the item lines and, where they are not zero, shipping, discount and tax.

    A sales order's item lines are negative in quantity and amount; all lines together make zero.
    """
    common = {"transaction": body["id"], "iscogs": "F", "entity": body["entity"], "subsidiary": body["subsidiary"]}
    segments = {name: body.get(name) for name in ("department", "class", "location")}
    main = {"id": 0, "mainline": "T", "taxline": "F", "foreignamount": str(body["total"]), "memo": body.get("memo")}
    rows = [{**common, **segments, **main, "createdfrom": body.get("createdFrom"), "linesequencenumber": 0}]
    for line in body["lines"]:
        rows.append({**common, **_line(line), "linesequencenumber": len(rows)})
    next_id = int(body["nextLine"])
    shipping = Decimal(body.get("shippingCost") or 0) + Decimal(body.get("handlingCost") or 0)
    extras = (("ShipItem", "F", shipping), ("Discount", "F", body["discountTotal"]), ("TaxItem", "T", body["taxTotal"]))
    for kind, taxline, amount in extras:
        if amount:
            extra = {"id": next_id, "itemtype": kind, "mainline": "F", "taxline": taxline}
            sequence = {"foreignamount": str(-Decimal(amount)), "linesequencenumber": len(rows)}
            rows.append({**common, **extra, **sequence})
            next_id += 1
    return rows


def _line(line: Mapping[str, Any]) -> Row:
    row: Row = {name: _plain(line.get(name)) for name in ("item", "rate", "department", "class", "location")}
    row.update(
        id=int(line["line"]),
        mainline="F",
        taxline="F",
        memo=line.get("description"),
        quantity=str(-Decimal(line["quantity"])),
        foreignamount=str(-Decimal(line["amount"])),
        isclosed="T" if line.get("isClosed") else "F",
    )
    for name, value in line.items():
        if name in CUSTOM_FIELDS:
            row[name] = _plain(value)
    return row


def _deleted(body: Body) -> Row:
    lowered = {name.lower(): value for name, value in body.items()}
    row = {name: _plain(lowered.get(name)) for name in TABLES["deletedrecord"]}
    return {**row, "type": str(body["type"]).lower(), "context": "UI"}


def _plain(value: Any) -> Any:  # noqa: ANN401  any stored value
    """Return a kept value in a form that DuckDB casts without loss."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, list):
        return ", ".join(str(item) for item in value)
    return None if value == "" or isinstance(value, dict) else value
