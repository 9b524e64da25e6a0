"""Insert, update and delete of one record, with the org's checks and rules.

Each function changes the store inside the caller's transaction and raises before it changes anything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.ids import canonical, number_of
from sandbox.salesforce import rules
from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import (
    ACCOUNT,
    CONTACT,
    DEFAULT_CURRENCY,
    LINE_ITEM,
    OBJECTS,
    OPPORTUNITY,
    PRICEBOOK_ENTRY,
    USER,
)
from sandbox.salesforce.org import Org, blank
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.security import unwritable
from sandbox.salesforce.values import convert
from sandbox.store import Body

Given = Mapping[str, Any]


def insert(org: Org, kind: ObjectType, given: Given, *, by: str) -> str:
    """Create a record and return its id.

    Args:
        org: the org.
        kind: the object.
        given: field names (any case) to JSON values.
        by: id of the acting user.

    Raises:
        RecordError: a field or the record as a whole is refused.
        ApiError: a value that the API cannot read.
    """
    values = _checked(org, kind, given, _may_create)
    _require(kind, values)
    check_unique(org, kind, values)
    now = org.stamp()
    body = {**blank(kind), **values}
    _fill(org, kind, body, by)
    body.update(
        CreatedDate=now, CreatedById=by, LastModifiedDate=now, LastModifiedById=by, SystemModstamp=now, IsDeleted=False
    )  # fmt: skip
    body.update(_derived(org, kind, body, values, values, now))
    if kind is LINE_ITEM:
        rules.check_entry(org, body)
    body["Id"] = org.new_id(kind)
    body.update(auto_names(kind, body["Id"]))
    org.put(kind, body)
    _roll_up_parent(org, kind, body, by)
    return str(body["Id"])


def update(org: Org, kind: ObjectType, id_: str, given: Given, *, by: str, person: bool = False) -> Body:
    """Change a record and return its new body; its stamps move even when every value is equal.

    ``person`` allows what the screens allow beside the API's rules: values outside restricted picklists.

    Raises:
        RecordError: the record is missing or deleted, or a field is refused.
        ApiError: a value that the API cannot read.
    """
    body = live(org, kind, id_)
    values = _checked(org, kind, given, _may_update, picklists=not person)
    _require_kept(kind, values)
    check_unique(org, kind, values, own=body["Id"])
    if kind is OPPORTUNITY and body["HasOpportunityLineItem"]:
        values.pop("Amount", None)
        _refuse_new_currency(body, values)
    changed = {name: value for name, value in values.items() if body[name] != value}
    now = org.stamp()
    derived = _derived(org, kind, {**body, **values}, values, changed, now)
    new = org.change(kind, body, {**values, **derived}, by=by)
    _roll_up_parent(org, kind, new, by)
    return new


def delete(org: Org, kind: ObjectType, id_: str, *, by: str) -> None:
    """Move a record and what belongs to it to the recycle bin.

    Raises:
        RecordError: it is missing or deleted already, or an account has won deals.
    """
    body = live(org, kind, id_)
    id_ = str(body["Id"])
    if kind is ACCOUNT:
        _refuse_won_deals(org, id_)
    for child, field in _owned(kind):
        for record in org.live_children(child.name, field, id_):
            delete(org, child, record["Id"], by=by)
    org.change(kind, body, {"IsDeleted": True}, by=by)
    _clear_lookups(org, kind, id_, by)
    _roll_up_parent(org, kind, body, by)


def undelete(org: Org, kind: ObjectType, id_: str, *, by: str) -> None:
    """Bring a record and its lines back from the recycle bin."""
    body = org.get(kind.name, id_)
    if body is None or not body["IsDeleted"]:
        raise RecordError("UNDELETE_FAILED", "Entity is not in the recycle bin")
    check_unique(org, kind, body)
    org.change(kind, body, {"IsDeleted": False}, by=by)
    for child, field in _owned(kind):
        for record in org.children(child.name, field, id_):
            org.change(child, record, {"IsDeleted": False}, by=by)


def live(org: Org, kind: ObjectType, id_: object) -> Body:
    """Return the record of that id (15 or 18 characters).

    Raises:
        RecordError: MALFORMED_ID, NOT_FOUND or ENTITY_IS_DELETED.
    """
    full = canonical(str(id_))
    if full is None or not full.startswith(kind.prefix):
        raise RecordError("MALFORMED_ID", f"{kind.name} ID: id value of incorrect type: {id_}", ["Id"])
    body = org.get(kind.name, full)
    if body is None:
        raise RecordError("NOT_FOUND", "Provided external ID field does not exist or is not accessible: " + full)
    if body["IsDeleted"]:
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted")
    return body


# checks


def _may_create(field: Field) -> bool:
    return field.createable


def _may_update(field: Field) -> bool:
    return field.updateable


def _checked(
    org: Org, kind: ObjectType, given: Given, allowed: Callable[[Field], bool], *, picklists: bool = True
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, raw in given.items():
        field = kind.find(name)
        if field is None:
            raise RecordError("INVALID_FIELD", f"No such column '{name}' on sobject of type {kind.name}")
        if not allowed(field):
            raise unwritable([field.name])
        value = convert(field, raw, picklists=picklists)
        if field.type == "reference" and value is not None:
            _check_reference(org, field, str(value))
        values[field.name] = value
    return values


def _check_reference(org: Org, field: Field, id_: str) -> None:
    target = OBJECTS[field.reference_to]
    if not id_.startswith(target.prefix):
        raise RecordError("MALFORMED_ID", f"{field.name}: id value of incorrect type: {id_}", [field.name])
    body = org.get(target.name, id_)
    if body is None:
        raise RecordError("INVALID_CROSS_REFERENCE_KEY", f"invalid cross reference id: {id_}", [field.name])
    if body["IsDeleted"]:
        raise RecordError("ENTITY_IS_DELETED", "entity is deleted", [field.name])


def _require(kind: ObjectType, values: Given) -> None:
    missing = [field.name for field in kind.fields.values() if field.required and values.get(field.name) is None]
    if missing:
        raise RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def _require_kept(kind: ObjectType, values: Given) -> None:
    missing = [name for name, value in values.items() if kind.fields[name].required and value is None]
    if missing:
        raise RecordError("REQUIRED_FIELD_MISSING", f"Required fields are missing: [{', '.join(missing)}]", missing)


def check_unique(org: Org, kind: ObjectType, values: Given, own: str | None = None) -> None:
    """Refuse a value that another live record has in a unique field.

    Raises:
        RecordError: DUPLICATE_VALUE, with the id of that record.
    """
    for field in kind.unique_fields():
        value = values.get(field.name)
        others = [] if value is None else [body for body in org.holders(kind, field, value) if body["Id"] != own]
        if others:
            raise RecordError(
                "DUPLICATE_VALUE",
                f"duplicate value found: {field.name} duplicates value on record with id: {others[0]['Id'][:15]}",
                [field.name],
            )


def _refuse_new_currency(body: Body, values: Given) -> None:
    if values.get("CurrencyIsoCode", body["CurrencyIsoCode"]) != body["CurrencyIsoCode"]:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: CurrencyIsoCode (cannot be changed while the opportunity has products)",
            ["CurrencyIsoCode"],
        )


def _refuse_won_deals(org: Org, account_id: str) -> None:
    if any(deal["IsWon"] for deal in org.live_children(OPPORTUNITY.name, "AccountId", account_id)):
        raise RecordError(
            "DELETE_FAILED",
            "Your attempt to delete the account could not be completed because it is associated with closed won"
            " opportunities.",
        )


# rules


def _fill(org: Org, kind: ObjectType, body: Body, by: str) -> None:
    """Set what a new record gets when the write does not say it."""
    if "OwnerId" in body and body["OwnerId"] is None:
        body["OwnerId"] = by
    if "CurrencyIsoCode" in body and body["CurrencyIsoCode"] is None:
        body["CurrencyIsoCode"] = DEFAULT_CURRENCY
    if kind is LINE_ITEM and body["UnitPrice"] is None and body["TotalPrice"] is None:
        entry = org.get(PRICEBOOK_ENTRY.name, body["PricebookEntryId"] or "")
        body["UnitPrice"] = None if entry is None else entry["UnitPrice"]


def _derived(org: Org, kind: ObjectType, body: Body, given: Given, changed: Given, now: str) -> dict[str, Any]:
    if kind is OPPORTUNITY:
        return rules.opportunity_values(body, changed, now)
    if kind is LINE_ITEM:
        own = rules.line_product(org, body)
        return {**own, **rules.line_values({**body, **own}, given)}
    if kind in (CONTACT, USER):
        return {"Name": rules.full_name(body)}
    if kind is PRICEBOOK_ENTRY:
        product = org.get("Product2", body["Product2Id"]) or {}
        return {"ProductCode": product.get("ProductCode")}
    return {}


def auto_names(kind: ObjectType, id_: str) -> dict[str, str]:
    """Return the fields that the org numbers, filled by the pattern of each (``FIN-{000000}``)."""
    return {
        name: re.sub(r"\{(0+)\}", lambda found: str(number_of(id_)).zfill(len(found[1])), field.auto_number)
        for name, field in kind.fields.items()
        if field.auto_number
    }


def _clear_lookups(org: Org, kind: ObjectType, id_: str, by: str) -> None:
    """Empty the custom lookups to a deleted record (the default of a lookup: clear the value of this field)."""
    for child in OBJECTS.values():
        for field in child.references():
            if field.custom and field.children and field.reference_to == kind.name:
                for record in org.live_children(child.name, field.name, id_):
                    org.change(child, record, {field.name: None}, by=by)


def _roll_up_parent(org: Org, kind: ObjectType, body: Body, by: str) -> None:
    if kind is LINE_ITEM:
        rules.roll_up(org, body["OpportunityId"], by)


def _owned(kind: ObjectType) -> list[tuple[ObjectType, str]]:
    """Return the children that go to the recycle bin with a record."""
    if kind is ACCOUNT:
        return [(CONTACT, "AccountId"), (OPPORTUNITY, "AccountId")]
    if kind is OPPORTUNITY:
        return [(LINE_ITEM, "OpportunityId")]
    return []


def sort_key(body: Body) -> tuple[Decimal, str]:
    """Return what orders the lines of an opportunity: sort order, then id."""
    return body["SortOrder"] or Decimal(0), body["Id"]
