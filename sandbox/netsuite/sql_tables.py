"""The SuiteQL tables that the sandbox offers: columns, keys, views, and what ``BUILTIN.DF`` shows.

How a stored record becomes rows: :mod:`sandbox.netsuite.sql_rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.netsuite.custom_fields import CUSTOM_FIELDS

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
        "employee:i email:s startdate:d enddate:d shipdate:d duedate:d postingperiod:i foreignamountpaid:m "
        "foreignamountunpaid:m foreignpaymentamountused:m foreignpaymentamountunused:m billingschedule:i "
        "nextbilldate:d approvalstatus:i",
        "custbody",
    ),
    "transactionline": _columns(
        "transaction:i id:i linesequencenumber:i mainline:s taxline:s iscogs:s itemtype:s item:i quantity:q rate:r "
        "foreignamount:m memo:s entity:i subsidiary:i createdfrom:i department:i class:i location:i isclosed:s "
        "quantitybilled:q quantityshiprecv:q",
        "custcol",
    ),
    "transactionlink": _columns(
        "owner:i previousdoc:i previousline:i nextdoc:i nextline:i linktype:s foreignamount:m lastmodifieddate:t"
    ),
    "customer": _columns(
        "id:i entityid:s altname:s companyname:s firstname:s lastname:s isperson:s externalid:s email:s phone:s url:s "
        "parent:i subsidiary:i isinactive:s currency:i terms:i salesrep:i datecreated:t lastmodifieddate:t "
        "creditlimit:m creditholdoverride:s",
        "custentity",
    ),
    "employee": _columns("id:i entityid:s firstname:s lastname:s email:s title:s isinactive:s externalid:s"),
    "item": _columns(
        "id:i itemid:s fullname:s displayname:s externalid:s isinactive:s itemtype:s subtype:s createddate:t "
        "lastmodifieddate:t isfulfillable:s"
    ),
    "subsidiary": _columns("id:i name:s fullname:s parent:i currency:i country:s state:s isinactive:s externalid:s"),
    "currency": _columns("id:i symbol:s name:s exchangerate:r isbasecurrency:s isinactive:s externalid:s"),
    "term": _columns("id:i name:s daysuntilnetdue:i isinactive:s externalid:s"),
    "department": _SEGMENT,
    "classification": _SEGMENT,
    "location": _SEGMENT,
    "accountingperiod": _columns(
        "id:i periodname:s startdate:d enddate:d closed:s arlocked:s isquarter:s isyear:s isadjust:s isposting:s "
        "closedondate:t isinactive:s"
    ),
    "billingschedule": _columns("id:i name:s isinactive:s externalid:s"),
    "deletedrecord": _columns("id:i recordid:i recordtypeid:i type:s name:s externalid:s deleteddate:t context:s"),
}
"""Column types by table and column; times are instants, shown in the Pacific zone."""

DOCUMENTS: Mapping[str, tuple[str, str]] = {
    "salesOrder": ("SalesOrd", "Sales Order"),
    "invoice": ("CustInvc", "Invoice"),
    "customerPayment": ("CustPymt", "Payment"),
    "creditMemo": ("CustCred", "Credit Memo"),
    "customerDeposit": ("CustDep", "Customer Deposit"),
    "depositApplication": ("DepAppl", "Deposit Application"),
    "customerRefund": ("CustRfnd", "Customer Refund"),
    "itemFulfillment": ("ItemShip", "Item Fulfillment"),
    "journalEntry": ("Journal", "Journal"),
}
"""Stored transaction types: SuiteQL's ``transaction.type`` and what people see."""

KEYS: Mapping[str, Mapping[str, str]] = {
    **{name: {"transaction": "id", "transactionline": "transaction", "transactionlink": "owner"} for name in DOCUMENTS},
    "deletedRecord": {"deletedrecord": "id"},
    "accountingPeriod": {"accountingperiod": "id"},
    "billingSchedule": {"billingschedule": "id"},
    **{
        name: {name: "id"}
        for name in TABLES
        if name not in ("deletedrecord", "accountingperiod", "billingschedule") and not name.startswith("transaction")
    },
}
"""For each stored type the tables that it fills, and the column that holds the record's id there."""

LINK_VIEW = (
    "SELECT l.previousdoc, l.previousline, p.type AS previoustype, l.nextdoc, l.nextline, n.type AS nexttype, "
    "l.linktype, l.foreignamount, l.lastmodifieddate FROM transactionlink l "
    "LEFT JOIN transaction p ON p.id = l.previousdoc LEFT JOIN transaction n ON n.id = l.nextdoc"
)
VIEWS: Mapping[str, str] = {"nexttransactionlinelink": LINK_VIEW, "previoustransactionlinelink": LINK_VIEW}
"""Two names of the same rows: each line-to-line link, whichever side a query starts from."""

STATUS_NAMES: Mapping[str, Mapping[str, str]] = {
    "CustInvc": {"A": "Open", "B": "Paid In Full", "D": "Pending Approval", "E": "Rejected", "V": "Voided"},
    "CustPymt": {"A": "Unapproved Payment", "B": "Not Deposited", "C": "Deposited", "V": "Voided"},
    "CustCred": {"A": "Open", "B": "Fully Applied", "V": "Voided"},
    "CustDep": {"A": "Not Deposited", "B": "Deposited", "C": "Fully Applied"},
    "CustRfnd": {"V": "Voided"},
}
"""What people see of a status letter, by transaction type; a letter means nothing without its type."""

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
    "postingperiod": "SELECT periodname FROM accountingperiod WHERE id = x",
    "billingschedule": "SELECT name FROM billingschedule WHERE id = x",
    **dict.fromkeys(
        ("transaction", "createdfrom", "previousdoc", "nextdoc"),
        "SELECT df_type(type) || ' #' || tranid FROM transaction WHERE id = x",
    ),
}
"""What ``BUILTIN.DF(column)`` looks up, by column."""
