"""What both systems hold by their own dumps, and Tieout's books of it, as one thing that two right runs share."""

from __future__ import annotations

import json
import re
import sqlite3
from contextlib import closing

from sandbox.dump import dump

VOLATILE = {"createdDate", "lastModifiedDate", "dateCreated", "SystemModstamp", "LastModifiedDate", "CreatedDate"}
GIVEN = {
    "id",
    "Id",
    "Name",
    "tranId",
    "entityId",
    "custbody_tieout_intent",
    "custbody_tieout_ver",
    "custentity_tieout_intent",
    "Tieout_Status_Version__c",
}
"""Numbers that are given in order of arrival, and what names the intent and the reading behind it.

A disturbed run shows its deals as waiting and reads them again: the same content then carries a later version.
"""

NETSUITE_TYPES = ("salesOrder", "customer", "invoice", "customerPayment")
ROW_TYPES = ("Tieout_Financial__c", "Tieout_Account_Balance__c")


def held(stage):
    """Return what both systems hold, and Tieout's books of it, without what may differ between two right runs."""
    system = {type_: [json.loads(line) for line in dump(stage.sandbox, "netsuite", type_)] for type_ in NETSUITE_TYPES}
    names = _names(system)
    found = {type_: sorted((_named(record, names) for record in records), key=str) for type_, records in system.items()}
    for type_ in ("Opportunity", *ROW_TYPES):
        records = map(json.loads, dump(stage.sandbox, "salesforce", type_))
        # A row that a person must never see twice is known by its key, which carries NetSuite's own id.
        found[type_] = sorted((_named(record, names) for record in records if not record.get("IsDeleted")), key=str)
    return found | {"books": _books(stage, names)}


def differences(truth, found):
    """Return the first records that one has and the other lacks; empty where both are the same."""
    lost = [f"-{one}" for name in truth for one in truth[name] if one not in found[name]]
    more = [f"+{one}" for name in truth for one in found[name] if one not in truth[name]]
    sizes = {name: (len(truth[name]), len(found[name])) for name in truth}
    count = [f"{name}: {right} / {wrong}" for name, (right, wrong) in sizes.items() if right != wrong]
    return "\n".join([*count, *lost[:3], *more[:3]])


def _names(system):
    """Return what a record is called in every run, by the id and number that it has in this one."""
    called = {}
    for type_, records in system.items():
        for record in records:
            name = record.get("externalId") or record.get("companyName") or record.get("checkNum") or record.get("memo")
            name = name or f"{type_} of {record.get('payment') or record.get('total')}"
            called[record["id"]] = f"{type_} {name}"
            called[record.get("tranId") or record.get("entityId")] = f"number of {type_} {name}"
    return called


def _named(record, names):
    kept = {name: value for name, value in record.items() if name not in VOLATILE | GIVEN}
    return _renamed(kept, names)


def _renamed(value, names):
    """Replace the ids and numbers that NetSuite gave, wherever they stand, also inside keys and links."""
    if isinstance(value, dict):
        return {key: _renamed(inner, names) for key, inner in value.items()}
    if isinstance(value, list):
        return [_renamed(inner, names) for inner in value]
    if not isinstance(value, str):
        return value
    return names.get(value) or re.sub(
        r"(?<=[:=|-])\d+(?=$|[:&|-])", lambda found: f"<{names.get(found[0], found[0])}>", value
    )


def _books(stage, names):
    """Return the orders and invoices that Tieout knows as the deals' own."""
    with closing(sqlite3.connect(f"file:{stage.admin}/state/tieout.db?mode=ro", uri=True)) as db:
        rows = db.execute("SELECT kind, source_id, doc_no, external_id, target_id, number FROM binding")
        return sorted([str(names.get(value, value)) for value in row] for row in rows)
