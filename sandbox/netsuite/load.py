"""Loads a book's rows into the store: what the account held before anything was synchronised.

References may be internal ids, external ids or names. Document numbers, customer numbers, line numbers, totals
and taxes are the server's business where a row does not give them. A file's rows are loaded together or not at all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.errors import BookError
from sandbox.netsuite import customers, order_progress, periods, sales_orders
from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError
from sandbox.netsuite.finder import Finder
from sandbox.netsuite.ledger import FIRST_ID, Ledger
from sandbox.netsuite.numbering import advance_number
from sandbox.netsuite.order_progress import FULFILLABLE_TYPES
from sandbox.netsuite.record_types import ACCOUNTING_PERIOD, CUSTOMER, SALES_ORDER, group_of
from sandbox.netsuite.written import SPECS, column_of, columns_of, value_of
from sandbox.store import Body, Store

Row = Mapping[str, str]
LINES = "salesOrder.lines"
ORDER_COLUMN = "salesOrder"
LOAD_ORDER = (
    "currency",
    "subsidiary",
    "term",
    "department",
    "classification",
    "location",
    "billingSchedule",
    "accountingPeriod",
    "employee",
    "item",
    "customer",
    "salesOrder",
    LINES,
)
"""The types in an order in which each finds what it refers to."""

STAMPS = ("createdDate", "dateCreated", "lastModifiedDate")


def load_rows(store: Store, clock: SandboxClock, type_: str, rows: Sequence[tuple[str, Row]]) -> None:
    """Put the rows of one file into the store.

    Args:
        store: the NetSuite store.
        clock: the sandbox's clock, for stamps that the rows do not give.
        type_: a name in :data:`LOAD_ORDER`, in any case.
        rows: for each row where it stands (``file:line``) and its columns.

    Raises:
        BookError: a row cannot be loaded; none of the rows was.
    """
    known = {name.lower(): name for name in LOAD_ORDER}
    if type_.lower() not in known:
        raise BookError(
            rows[0][0] if rows else type_, f"unknown record type {type_!r}.", f"Use {', '.join(LOAD_ORDER)}."
        )
    ledger = Ledger(store, clock)
    with store.transaction():
        if known[type_.lower()] == LINES:
            _load_lines(ledger, rows)
        else:
            _load_records(ledger, known[type_.lower()], rows)


def _load_records(ledger: Ledger, type_: str, rows: Sequence[tuple[str, Row]]) -> None:
    """Put records in two passes, because a row may name its parent further down."""
    finder = Finder(ledger)
    saved = [_load_record(ledger, type_, where, row, finder) for where, row in rows]
    finder = Finder(ledger)
    for (where, row), id_ in zip(rows, saved, strict=True):
        parent = {name: text for name, text in row.items() if name.lower() == "parent" and text.strip()}
        if parent:
            values, _ = read_row(type_, where, parent, finder)
            ledger.put(type_, {**_present(ledger, type_, id_), **values})
    if type_ == "currency":
        _link_subsidiaries(ledger, finder)


def _load_record(ledger: Ledger, type_: str, where: str, row: Row, finder: Finder) -> str:
    values, address = read_row(type_, where, {k: v for k, v in row.items() if k.lower() != "parent"}, finder)
    id_ = values.pop("id", None)
    if id_ is not None:
        _check_id(ledger, type_, id_, where)
    try:
        body = new_record(ledger, type_, values, id_, address)
        ledger.put(type_, body)
    except RecordError as error:
        raise BookError(where, f"{error.message}", "Correct the row.") from error
    advance(ledger, type_, body)
    return str(body["id"])


def read_row(type_: str, where: str, row: Row, finder: Finder) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return a row's body values and address values.

    Raises:
        BookError: a column is unknown, or a value is not of its kind.
    """
    places: dict[str, dict[str, Any]] = {"body": {}, "address": {}}
    for name, text in row.items():
        column = column_of(type_, name)
        if column is None:
            raise BookError(
                where, f"{type_} has no column {name!r}.", f"Known columns: {', '.join(columns_of(type_))}."
            )
        try:
            value = value_of(column.field, text, finder)
        except (ValueError, LookupError) as error:
            reason = error.args[0] if error.args else error
            if _is_early_currency(type_, column.field.name, finder):
                value = text.strip()
            else:
                raise BookError(where, f"column {name}: {text!r}: {reason}", "Correct the value.") from error
        if value is not None:
            places[column.place][column.field.name] = value
    return places["body"], places["address"]


def new_record(
    ledger: Ledger, type_: str, values: dict[str, Any], id_: str | None, address: dict[str, Any] | None = None
) -> Body:
    """Return a new record with everything that the server adds; it is not yet written.

    Raises:
        RecordError: the record cannot be.
    """
    stamps = {name: values.pop(name) for name in STAMPS if name in values}
    given: Body = {"id": id_} if id_ is not None else {}
    if type_ == "customer":
        book = [{"defaultBilling": True, "defaultShipping": True, "addressbookAddress": address}] if address else None
        draft = Draft(kind=CUSTOMER, values=values, addresses=book)
        return customers.added(ledger, {**customers.built(ledger, None, draft, strict=False), **given}) | stamps
    if type_ == "salesOrder":
        draft = Draft(kind=SALES_ORDER, values=values)
        return sales_orders.added(ledger, {**sales_orders.built(ledger, None, draft, strict=False), **given}) | stamps
    if type_ == "accountingPeriod":
        draft = Draft(kind=ACCOUNTING_PERIOD, values=values)
        return periods.added(ledger, {**periods.built(ledger, None, draft, strict=False), **given})
    now = ledger.now()
    body: Body = {"externalId": None, "isInactive": False, **values, **stamps}
    body["id"] = id_ if id_ is not None else ledger.next_id(type_)
    for name in ("createdDate", "dateCreated", "lastModifiedDate"):
        if name in SPECS[type_]:
            body.setdefault(name, now)
    if type_ == "item":
        body.setdefault("itemType", "NonInvtPart")
        body.setdefault("isFulfillable", body["itemType"] in FULFILLABLE_TYPES)
    return body


def _load_lines(ledger: Ledger, rows: Sequence[tuple[str, Row]]) -> None:
    finder = Finder(ledger)
    by_order: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for where, row in rows:
        cells = {name: text for name, text in row.items() if name.lower() != ORDER_COLUMN.lower()}
        written = next((text for name, text in row.items() if name.lower() == ORDER_COLUMN.lower()), "")
        try:
            order_id = finder.find("salesOrder", written)
        except LookupError as error:
            raise BookError(where, f"column {ORDER_COLUMN}: {error.args[0]}", "Name an order of this book.") from error
        by_order.setdefault(order_id, []).append((where, read_row(LINES, where, cells, finder)[0]))
    for order_id, lines in by_order.items():
        base = _present(ledger, "salesOrder", order_id)
        draft = Draft(kind=SALES_ORDER, lines=[line for _, line in lines], replace_lines=False)
        try:
            body = sales_orders.built(ledger, base, draft, strict=False)
            ledger.put("salesOrder", order_progress.presumed(ledger, body))
        except RecordError as error:
            raise BookError(lines[0][0], f"order {base['tranId']}: {error.message}", "Correct its lines.") from error


def _check_id(ledger: Ledger, type_: str, id_: str, where: str) -> None:
    if not id_.isdigit() or len(id_) > 15:
        raise BookError(where, f"column id: {id_!r} is not an internal id.", "NetSuite's ids are whole numbers.")
    for member in group_of(type_):
        if ledger.peek(member, id_) is not None:
            raise BookError(where, f"column id: {id_} is the id of another {member}.", "Give each record its own id.")


def advance(ledger: Ledger, type_: str, body: Body) -> None:
    """Have the sequences go on after the numbers that a row brought along."""
    ledger.reach(group_of(type_)[0], int(body["id"]), FIRST_ID.get(type_, 1))
    advance_number(ledger, type_, str(body.get("tranId") or body.get("entityId") or ""))


def _is_early_currency(type_: str, field: str, finder: Finder) -> bool:
    """Whether a subsidiary names its currency before the currencies are loaded."""
    return type_ == "subsidiary" and field == "currency" and finder.is_empty("currency")


def _link_subsidiaries(ledger: Ledger, finder: Finder) -> None:
    for subsidiary in ledger.store.all("subsidiary"):
        written = str(subsidiary.get("currency") or "")
        if not written or ledger.peek("currency", written) is not None:
            continue
        try:
            ledger.put("subsidiary", {**subsidiary, "currency": finder.find("currency", written)})
        except LookupError as error:
            raise BookError(f"subsidiary {subsidiary['name']}", f"currency: {error.args[0]}", "Add it.") from error


def _present(ledger: Ledger, type_: str, id_: str) -> Body:
    body = ledger.peek(type_, id_)
    if body is None:
        raise BookError(f"{type_} {id_}", "the record is gone.", "Load the book again.")
    return body
