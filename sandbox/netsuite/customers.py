"""Customers: required fields, unique names, automatic numbers, the address book."""

from __future__ import annotations

import re
from typing import Any

from sandbox.netsuite.countries import CODE_BY_ENUM
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.numbering import SERIES
from sandbox.store import Body

TYPE = "customer"
UNIQUE = (
    "A customer record with this ID already exists. You must enter a unique customer ID for each record you create."
)


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the customer that results from a settled draft; nothing is written.

    Args:
        ledger: the account.
        base: the customer as it is, or None for a new one.
        draft: what is wanted; its references are resolved.
        strict: whether the rules for web services hold; an import may do more.

    Raises:
        RecordError: the customer cannot be saved like this.
    """
    body: Body = {**(base or {}), **draft.values}
    if draft.external_id:
        body["externalId"] = draft.external_id
    body = {name: value for name, value in body.items() if value is not None or name == "externalId"}
    _require(body)
    if draft.addresses is not None:
        _set_addresses(body, draft)
    if strict:
        _check_forms(draft.values)
        _check_names(ledger, base, body)
    if body.get("parent") and body["parent"] == body.get("id"):
        raise bad_reference("parent", str(body["parent"]), "A customer cannot be its own parent.")
    _default(ledger, body)
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new customer with internal id, number and creation stamp, unless it has them."""
    now = ledger.now()
    new = {"id": "", "externalId": None, "entityId": "", "dateCreated": now, "lastModifiedDate": now, **body}
    new["id"] = new["id"] or ledger.next_id(TYPE)
    if not new["entityId"]:
        sequence, prefix, first = SERIES[TYPE]
        new["entityId"] = f"{prefix}{ledger.next_number(sequence, first)}"
    return new


def _require(body: Body) -> None:
    if body.get("isPerson"):
        for name, label in (("firstName", "First Name"), ("lastName", "Last Name")):
            if not body.get(name):
                raise missing_value(label)
    elif not body.get("companyName"):
        raise missing_value("Company Name")
    if not body.get("subsidiary"):
        raise missing_value("Primary Subsidiary")


def _default(ledger: Ledger, body: Body) -> None:
    subsidiary = ledger.peek("subsidiary", body["subsidiary"]) or {}
    if subsidiary.get("currency"):
        body.setdefault("currency", subsidiary["currency"])
    body.setdefault("isPerson", False)
    body.setdefault("isInactive", False)
    body.setdefault("creditHoldOverride", "_auto")


def _check_forms(values: dict[str, Any]) -> None:
    for name in ("email", "altEmail"):
        if values.get(name) and not re.fullmatch(r"[^@\s,;]+@[^@\s,;]+\.[^@\s,;.]+", values[name]):
            raise RecordError("INVALID_EMAIL", f"Invalid email found: {name}.")
    for name in ("phone", "fax", "altPhone", "mobilePhone", "homePhone"):
        if values.get(name) and sum(char.isdigit() for char in values[name]) < 7:
            raise RecordError("INVALID_PHONE_NUMBER", f"Phone number should have seven digits or more: {name}.")
    if values.get("url") and not re.match(r"(https?|ftp|file)://\S", values["url"]):
        raise RecordError("INVALID_URL", "Invalid URL. Url must start with http://, https://, ftp://, or file://")


def _check_names(ledger: Ledger, base: Body | None, body: Body) -> None:
    """Refuse a number or a company name that another entity has, without regard to case."""
    for field in ("entityId", "companyName"):
        wanted = str(body.get(field) or "").strip().lower()
        if not wanted or wanted == str((base or {}).get(field) or "").strip().lower():
            continue
        for type_ in ("customer", "employee"):
            for other in ledger.store.all(type_):
                if str(other.get(field) or "").strip().lower() == wanted and other["id"] != body.get("id"):
                    raise RecordError("UNIQUE_CUST_ID_REQD", UNIQUE)


def _set_addresses(body: Body, draft: Draft) -> None:
    """Merge address book entries by their internal id; a list given with replaceAll leaves only what it names."""
    existing = {str(entry["internalId"]): entry for entry in body.get("addresses", [])}
    number = int(body.get("nextAddress", 1))
    result: dict[str, dict[str, Any]] = {} if draft.replace_addresses else dict(existing)
    for wanted in draft.addresses or ():
        key = wanted.get("internalId")
        if key is not None and key not in existing:
            raise bad_reference("addressbook", str(key))
        if key is None:
            key, number = str(number), number + 1
        entry = {**existing.get(key, {}), **wanted, "internalId": key}
        _check_country(entry)
        result[key] = entry
    body["addresses"] = _one_default(list(result.values()))
    body["nextAddress"] = number


def _check_country(entry: dict[str, Any]) -> None:
    country = (entry.get("addressbookAddress") or {}).get("country")
    if country is not None and country not in CODE_BY_ENUM:
        raise RecordError("INVALID_KEY_OR_REF", f"Invalid country reference key {country}.")


def _one_default(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the entries with at most one default of each kind: the last one that claims it."""
    for flag in ("defaultBilling", "defaultShipping"):
        holders = [index for index, entry in enumerate(entries) if entry.get(flag)]
        for index in holders[:-1]:
            entries[index] = {**entries[index], flag: False}
    return entries
