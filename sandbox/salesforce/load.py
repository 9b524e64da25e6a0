"""CSV tables of a book into the org's records.

Columns are API field names; a reference may be given by id or by the target's key (``Account`` by Name,
``Product2`` by ProductCode or Name, ``User`` by Username, Email or Name …), in the column of the reference
(``AccountId``) or of the relationship (``Account``, ``Account.Name``). Missing ids are made; missing stamps
are the clock's now. What the org computes (IsWon, Amount of a deal with lines, TotalPrice …) is computed.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.book_csv import Row, Table
from sandbox.errors import BookError
from sandbox.ids import POD, canonical, number_of, salesforce_id
from sandbox.salesforce import rules
from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import DEFAULT_CURRENCY, LINE_ITEM, OBJECTS, OPPORTUNITY, PRICEBOOK, STANDARD_PRICEBOOK
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org, blank
from sandbox.salesforce.schema import Field, ObjectType
from sandbox.salesforce.values import from_text
from sandbox.salesforce.writes import auto_names, check_unique
from sandbox.store import Body

Draft = tuple[Row, Body]
COMPUTED_CHECKS = {"Opportunity": ("IsWon", "IsClosed"), "OpportunityLineItem": ("CurrencyIsoCode", "ProductCode")}
"""Computed fields that a file may state, but only truly."""


def prepare(org: Org, organization_id: str) -> None:
    """Give an empty org what every org has: organization, integration user, standard price book."""
    if org.get("Organization", organization_id) is not None:
        return
    kind = OBJECTS["Organization"]
    _put_new(org, kind, organization_id, {"Name": "Tieout Demo"})
    _put_new(
        org, OBJECTS["User"], INTEGRATION_USER_ID,
        {"Username": "integration@tieout-demo.example", "LastName": "Tieout Integration", "Name": "Tieout Integration",
         "Email": "integration@tieout-demo.example"},
    )  # fmt: skip


def load(org: Org, tables: Mapping[str, Table]) -> None:
    """Load every table, parents before children, inside the caller's transaction.

    Args:
        org: a prepared org.
        tables: object name to table.

    Raises:
        BookError: an unknown object or column, a dangling or ambiguous reference, a value that does not fit.
    """
    for name, table in tables.items():
        if name not in OBJECTS:
            raise BookError(
                f"{table.path}:1", f"{name} is no object of the sandbox org.", f"Known objects: {', '.join(OBJECTS)}."
            )
    names = _Names(org)
    for name, kind in OBJECTS.items():
        if name in tables:
            _Loader(org, kind, tables[name], names).run()
        if kind is PRICEBOOK:
            _standard_pricebook(org)
    _roll_up_all(org)


class _Names:
    """References by key: for each object and key field, value (any case) to ids."""

    def __init__(self, org: Org) -> None:
        self._org = org
        self._known: dict[tuple[str, str], dict[str, list[str]]] = {}

    def add(self, kind: ObjectType, body: Body) -> None:
        for key in kind.keys:
            if body[key]:
                found = self._known.setdefault((kind.name, key), {}).setdefault(str(body[key]).casefold(), [])
                found.append(body["Id"])

    def find(self, kind: ObjectType, text: str) -> list[str]:
        """Return the ids that a text may mean, by the first key that knows it."""
        for key in kind.keys:
            found = self._known.get((kind.name, key), {}).get(text.casefold())
            if found:
                return found
        return []


class _Loader:
    def __init__(self, org: Org, kind: ObjectType, table: Table, names: _Names) -> None:
        self._org = org
        self._kind = kind
        self._table = table
        self._names = names
        self._columns = {column: self._field(column) for column in table.columns}

    def run(self) -> None:
        drafts = [(row, self._scalars(row)) for row in self._table.rows]
        self._give_ids(drafts)
        own = {body["Id"] for _, body in drafts}
        for _, body in drafts:
            self._names.add(self._kind, body)
        for row, body in drafts:
            self._resolve(row, body, own)
            self._complete(row, body)
            self._check_unique(row[0], body)
            self._org.put(self._kind, body)

    # columns

    def _field(self, column: str) -> Field:
        kind = self._kind
        field = kind.find(column) or kind.relation(column.partition(".")[0])
        if field is not None and field.formula:
            raise BookError(
                f"{self._table.path}:1", f"{kind.name}.{field.name} is a formula field.", "Leave the column out."
            )
        if field is not None and ("." not in column or self._names_key(field, column)):
            return field
        near = difflib.get_close_matches(column, kind.fields, n=1)
        hint = f"Did you mean {near[0]}?" if near else f"Columns of {kind.name}: {', '.join(kind.fields)}."
        raise BookError(f"{self._table.path}:1", f"{kind.name} has no column {column}.", hint)

    @staticmethod
    def _names_key(field: Field, column: str) -> bool:
        target = OBJECTS[field.reference_to]
        return column.partition(".")[2].lower() in [key.lower() for key in (*target.keys, "Id")]

    # values

    def _scalars(self, row: Row) -> Body:
        where, cells = row
        body = blank(self._kind)
        for column, text in cells.items():
            field = self._columns[column]
            if field.type != "reference" and text:
                body[field.name] = self._value(where, column, field, text)
        for name in ("FirstName", "LastName"):
            if name in body and "Name" in body:
                body["Name"] = rules.full_name(body)
        return body

    def _value(self, where: str, column: str, field: Field, text: str) -> Any:  # noqa: ANN401  a field value
        try:
            return from_text(field, text)
        except RecordError as error:
            raise BookError(
                where, f"column {column}, value {text!r}: {error.message}.", "Give a fitting value."
            ) from error
        except ValueError as error:
            raise BookError(where, f"column {column}, value {text!r} is no {field.type}:", f"{error}.") from error

    def _give_ids(self, drafts: Sequence[Draft]) -> None:
        seen: set[str] = set(self._org.table(self._kind.name))
        for (where, _), body in drafts:
            id_ = body["Id"]
            if id_ is None:
                continue
            if not id_.startswith(self._kind.prefix):
                raise BookError(
                    where, f"column Id, value {id_}: ids of {self._kind.name} begin with {self._kind.prefix}.",
                    "Correct the id or leave it out.",
                )  # fmt: skip
            if id_ in seen:
                raise BookError(where, f"column Id, value {id_} is there already.", "Give each record its own id.")
            seen.add(id_)
            if id_[3:5] == POD:
                self._org.skip_to(self._kind, number_of(id_))
        for _, body in drafts:
            body["Id"] = body["Id"] or self._org.new_id(self._kind)
            body.update({name: text for name, text in auto_names(self._kind, body["Id"]).items() if not body[name]})

    # references

    def _resolve(self, row: Row, body: Body, own: set[str]) -> None:
        where, cells = row
        for column, text in cells.items():
            field = self._columns[column]
            if field.type == "reference" and text:
                body[field.name] = self._target(where, column, field, text, own)

    def _target(self, where: str, column: str, field: Field, text: str, own: set[str]) -> str:
        target = OBJECTS[field.reference_to]
        full = canonical(text)
        if full is not None and (self._org.get(target.name, full) or (target is self._kind and full in own)):
            return full
        found = self._names.find(target, text)
        if len(found) == 1:
            return found[0]
        if found:
            raise BookError(
                where, f"column {column}, value {text!r} means {len(found)} records of {target.name}:"
                f" {', '.join(found)}.",
                "Refer to one of them by its id.",
            )  # fmt: skip
        by = f" or {', '.join(target.keys)}" if target.keys else ""
        raise BookError(
            where, f"column {column}, value {text!r}: there is no such {target.name}.",
            f"Give the id{by} of a record in {target.name}.csv.",
        )  # fmt: skip

    # what the org adds

    def _complete(self, row: Row, body: Body) -> None:
        stated = dict(body)
        self._stamps(body)
        if self._kind is OPPORTUNITY:
            self._complete_deal(row, body)
        elif self._kind is LINE_ITEM:
            self._complete_line(row, body)
        elif "CurrencyIsoCode" in body:
            body["CurrencyIsoCode"] = body["CurrencyIsoCode"] or DEFAULT_CURRENCY
        if self._kind.name == "PricebookEntry":
            product = self._org.get("Product2", body["Product2Id"] or "") or {}
            body["ProductCode"] = product.get("ProductCode")
        self._check_required(row[0], body)
        self._check_computed(row, stated, body)

    def _stamps(self, body: Body) -> None:
        now = self._org.stamp()
        body["SystemModstamp"] = body["SystemModstamp"] or now
        body["LastModifiedDate"] = body["LastModifiedDate"] or body["SystemModstamp"]
        body["CreatedDate"] = body["CreatedDate"] or body["LastModifiedDate"]
        if "OwnerId" in body:
            body["OwnerId"] = body["OwnerId"] or INTEGRATION_USER_ID
        for name in ("CreatedById", "LastModifiedById"):
            body[name] = body[name] or body.get("OwnerId") or INTEGRATION_USER_ID

    def _complete_deal(self, row: Row, body: Body) -> None:
        account = self._org.get("Account", body["AccountId"] or "") or {}
        body["CurrencyIsoCode"] = body["CurrencyIsoCode"] or account.get("CurrencyIsoCode") or DEFAULT_CURRENCY
        if body["StageName"] is None:
            self._check_required(row[0], body)
        body.update(rules.stage_values(body["StageName"], probability=body["Probability"] is None))
        body["LastStageChangeDate"] = body["LastStageChangeDate"] or self._org.stamp()
        body.update(rules.opportunity_values(body, {}, ""))

    def _complete_line(self, row: Row, body: Body) -> None:
        where, cells = row
        code = next((text for column, text in cells.items() if column.lower() == "productcode"), "")
        if body["Product2Id"] is None and body["PricebookEntryId"] is None and code:
            field = self._kind.fields["Product2Id"]
            body["Product2Id"] = self._target(where, "ProductCode", field, code, set())
        self._check_required(where, body)
        body["PricebookEntryId"] = body["PricebookEntryId"] or self._entry(body)
        body.update(rules.line_product(self._org, body))
        total = body["TotalPrice"]
        given = {"UnitPrice": body["UnitPrice"]} if body["UnitPrice"] is not None else {"TotalPrice": total}
        try:
            body.update(rules.line_values(body, given))
        except RecordError as error:
            raise BookError(
                where, f"{error.message}.", "Give Quantity and UnitPrice, or Quantity and TotalPrice."
            ) from error
        if total is not None and body["TotalPrice"] != total:
            raise BookError(
                where, f"column TotalPrice, value {total}: Quantity x UnitPrice x (1 - Discount/100) is"
                f" {body['TotalPrice']} {body['CurrencyIsoCode']}.", "Leave TotalPrice out, or leave UnitPrice out.",
            )  # fmt: skip

    def _entry(self, body: Body) -> str | None:
        """Return the price book entry of the line's product in the deal's currency, the deal's price book first."""
        deal = self._org.get("Opportunity", body["OpportunityId"] or "") or {}
        entries = [
            entry
            for entry in self._org.live_children("PricebookEntry", "Product2Id", body["Product2Id"] or "")
            if entry["CurrencyIsoCode"] == deal.get("CurrencyIsoCode")
        ]
        entries.sort(key=lambda entry: (entry["Pricebook2Id"] != deal.get("Pricebook2Id"), entry["Id"]))
        return entries[0]["Id"] if entries else None

    def _check_required(self, where: str, body: Body) -> None:
        for field in self._kind.fields.values():
            if field.required and body[field.name] is None:
                raise BookError(where, f"{self._kind.name} needs a {field.name}.", f"Fill the column {field.name}.")

    def _check_unique(self, where: str, body: Body) -> None:
        try:
            if not body["IsDeleted"]:
                check_unique(self._org, self._kind, body)
        except RecordError as error:
            raise BookError(where, f"{error.message}.", "Give each record its own value.") from error

    def _check_computed(self, row: Row, stated: Body, body: Body) -> None:
        where, cells = row
        filled = {self._columns[column].name for column, text in cells.items() if text}
        for name in COMPUTED_CHECKS.get(self._kind.name, ()):
            if name in filled and stated[name] != body[name]:
                raise BookError(
                    where, f"column {name}, value {stated[name]}: it follows from other fields and is {body[name]}.",
                    f"Leave {name} out.",
                )  # fmt: skip


def _roll_up_all(org: Org) -> None:
    """Set amount and line flag of every deal with lines, without moving its stamp."""
    for deal in list(org.table(OPPORTUNITY.name).values()):
        total = rules.line_sum(org, deal)
        if total is not None:
            org.put(OPPORTUNITY, {**deal, "Amount": total, "HasOpportunityLineItem": True})


def _standard_pricebook(org: Org) -> None:
    for body in list(org.table(PRICEBOOK.name).values()):
        if body["Name"] == STANDARD_PRICEBOOK or body["IsStandard"]:
            org.put(PRICEBOOK, {**body, "IsStandard": True})
            return
    _put_new(
        org, PRICEBOOK, salesforce_id(PRICEBOOK.prefix, 0),
        {"Name": STANDARD_PRICEBOOK, "IsActive": True, "IsStandard": True},
    )  # fmt: skip


def _put_new(org: Org, kind: ObjectType, id_: str, values: Mapping[str, Any]) -> None:
    now = org.stamp()
    stamps = {"CreatedDate": now, "LastModifiedDate": now, "SystemModstamp": now}
    makers = {"CreatedById": INTEGRATION_USER_ID, "LastModifiedById": INTEGRATION_USER_ID}
    org.put(kind, {**blank(kind), **values, **stamps, **makers, "Id": id_})
