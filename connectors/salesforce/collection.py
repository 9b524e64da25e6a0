"""Records as sObject Collections send them, and what each result tells of its record.

Source: Salesforce REST API, Update Multiple Records and Upsert Multiple Records with sObject Collections: at most
200 records of one call, the answer is 200 even if every record failed, results come in request order.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConnectorError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaError,
    UnreachableError,
)
from connectors.records import (
    FieldUpdate,
    RecordUpsert,
    Value,
    WriteOutcome,
    WriteStatus,
    require_aware,
    salesforce_id,
)
from connectors.salesforce import soql
from connectors.salesforce.faults import SEVERAL, Fault, read_fault

UPDATES = "composite/sobjects"
"""Where records are changed by their id; below it, made or changed by an external id field."""
MOST_RECORDS = 200
MOST_BYTES = 5_000_000
"""Of one call's records; Salesforce takes 6 MB in a synchronous call."""
NOT_SENT = (UnreachableError, RateLimitedError, QuotaExhaustedError, AuthenticationError)
"""The whole call was refused before any record was looked at."""
STOPPING = (UnreachableError, QuotaExhaustedError, AuthenticationError)
"""Further calls would meet the same refusal."""
NOT_APPLIED_CODES = frozenset(
    {
        "ALL_OR_NONE_OPERATION_ROLLED_BACK",
        "PROCESSING_HALTED",
        "REQUEST_LIMIT_EXCEEDED",
        "ROW_LOCKED",
        "SERVER_UNAVAILABLE",
        "UNABLE_TO_LOCK_ROW",
    }
)
"""Codes of one record that was left as it is for a passing cause."""
UNCLEAR_CODES = frozenset({"", "UNKNOWN_EXCEPTION"})
REFUSED_CODES = frozenset({"JSON_PARSER_ERROR", "NOT_FOUND", "EXCEEDED_ID_LIMIT", SEVERAL})
"""Codes of a whole call that was not understood, so that nothing was written: a value, an object or a key field."""

MISSING_TARGET = (
    "Deploy Tieout's Salesforce package (deploy/salesforce) and give the integration user its permission set."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record to write, with its place in the caller's list and its JSON text.

    ``identity`` is what no call may hold twice, ``id`` the record's id where it is known beforehand. An item
    without it is found by its ``key_field``. After ``send_by`` it must not leave.
    """

    place: int
    path: str
    type: str
    identity: str
    fields: tuple[str, ...]
    body: str
    id: str | None = None
    key_field: str = ""
    send_by: datetime | None = None


Batch = Sequence[Item]


def update_item(place: int, update: FieldUpdate) -> Item:
    """Return the item that changes a record.

    Raises:
        ValueError: a name, an id or a value cannot be sent.
    """
    id_ = salesforce_id(update.ref.id)
    return Item(
        place=place,
        path=UPDATES,
        type=update.ref.type,
        identity=id_,
        fields=tuple(sorted(update.values)),
        body=_body(update.ref.type, {"id": id_}, update.values),
        id=id_,
        send_by=update.send_by,
    )


def upsert_item(place: int, row: RecordUpsert) -> Item:
    """Return the item that makes or changes a record by its external id field.

    Raises:
        ValueError: a name or a value cannot be sent, or the key is empty.
    """
    key = row.key.strip()
    if not key:
        raise ValueError(f"the {row.key_field} of a {row.type} record is empty")
    if row.key_field.lower() in [name.lower() for name in row.values]:
        raise ValueError(f"{row.key_field} stands among the values of the record that it identifies")
    return Item(
        place=place,
        path=f"{UPDATES}/{soql.name(row.type)}/{soql.name(row.key_field)}",
        type=row.type,
        identity=key.casefold(),
        fields=tuple(sorted(row.values)),
        body=_body(row.type, {row.key_field: key}, row.values),
        key_field=row.key_field,
        send_by=row.send_by,
    )


def request_body(batch: Batch) -> bytes:
    """Return the body of the call; a record that fails stops no other."""
    return ('{"allOrNone":false,"records":[' + ",".join(item.body for item in batch) + "]}").encode()


def batches(items: Sequence[Item]) -> Iterator[Batch]:
    """Yield calls of at most 200 records of one object and one kind of write, no record twice in one call.

    Updates are alike in field names too: a field that the org does not know makes it refuse the whole call, and
    alike records share that fate anyway.
    """
    groups: dict[tuple[int, str, str, tuple[str, ...]], list[Item]] = {}
    rounds: Counter[tuple[str, str]] = Counter()
    for item in items:
        key = (f"{item.path} {item.type}", item.identity)
        alike = () if item.id is None else item.fields
        groups.setdefault((rounds[key], item.path, item.type, alike), []).append(item)
        rounds[key] += 1
    for _, group in sorted(groups.items(), key=lambda entry: entry[0]):
        for some in soql.chunks(group, MOST_RECORDS):
            yield from _small_enough(some)


def _small_enough(items: Sequence[Item]) -> Iterator[Batch]:
    """Yield the items in parts whose bodies stay below the limit; one that is larger by itself goes alone."""
    part: list[Item] = []
    size = 0
    for item in items:
        bytes_ = len(item.body.encode())
        if part and size + bytes_ > MOST_BYTES:
            yield part
            part, size = [], 0
        part.append(item)
        size += bytes_ + 1
    if part:
        yield part


def by_fields(batch: Batch) -> list[Batch]:
    """Return the batch in parts that are alike in field names."""
    groups: dict[tuple[str, ...], list[Item]] = {}
    for item in batch:
        groups.setdefault(item.fields, []).append(item)
    return list(groups.values())


def fate(error: ConnectorError) -> WriteStatus:
    """Return what is known of every record after a call that failed as a whole."""
    if isinstance(error, NOT_SENT):
        return "no_op"
    if isinstance(error, SchemaError | AccessDeniedError) or error.code in REFUSED_CODES:
        return "rejected"
    return "ambiguous"


def all_alike(batch: Batch, status: WriteStatus, error: ConnectorError) -> dict[int, WriteOutcome]:
    """Return the same outcome for every record of a call, by place."""
    fix = MISSING_TARGET if error.code == "NOT_FOUND" and batch[0].id is None else error.fix
    outcome = WriteOutcome(status=status, code=error.code or type(error).__name__, message=f"{error.why} {fix}")
    return {item.place: outcome for item in batch}


def results(batch: Batch, answer: Any) -> dict[int, WriteOutcome]:  # noqa: ANN401  JSON
    """Return each record's outcome by place; all are ambiguous unless there is one result for each, in its place."""
    if not isinstance(answer, list) or len(answer) != len(batch) or not all(map(_fits, batch, answer)):
        unclear = WriteOutcome(
            status="ambiguous", code="UNPARSABLE", message="The answer does not fit the records that were sent."
        )
        return {item.place: unclear for item in batch}
    return {item.place: _result(item, result) for item, result in zip(batch, answer, strict=True)}


def _fits(item: Item, result: object) -> bool:
    if not isinstance(result, dict) or not isinstance(result.get("success"), bool):
        return False
    id_ = result.get("id")
    if id_ is None:
        return not result["success"]
    if not isinstance(id_, str) or len(id_) not in (15, 18) or not (id_.isascii() and id_.isalnum()):
        return False
    return item.id is None or id_[:15] == item.id[:15]


def _result(item: Item, result: Mapping[str, Any]) -> WriteOutcome:
    digests = {"request_sha": _sha(item.body), "response_sha": _sha(json.dumps(result, default=str, sort_keys=True))}
    if result["success"]:
        return WriteOutcome(status="success", target_id=salesforce_id(item.id or result["id"]), **digests)
    fault = read_fault(result.get("errors"))
    fields = f" (fields: {', '.join(fault.fields)})" if fault.fields else ""
    message = f"{fault.message}{fields}" if fault.code else "Salesforce gave no reason."
    return WriteOutcome(status=_record_status(item, fault), code=fault.code, message=message, **digests)


def _record_status(item: Item, fault: Fault) -> WriteStatus:
    if fault.code in NOT_APPLIED_CODES or _outrun(item, fault):
        return "no_op"
    return "ambiguous" if fault.code in UNCLEAR_CODES else "rejected"


def _outrun(item: Item, fault: Fault) -> bool:
    """Return whether another call made the record of this key at the same time; the next upsert then changes it.

    The other call may be our own, given up as lost while Salesforce was still at work on it.
    """
    named = f"{fault.message} {' '.join(fault.fields)}".lower()
    about_key = bool(item.key_field) and (item.key_field.lower() in named or "<unknown>" in named)
    return fault.code == "DUPLICATE_VALUE" and about_key


def _body(type_: str, identity: Mapping[str, str], values: Mapping[str, Value]) -> str:
    """Return one record as JSON text; numbers are written digit by digit, never through float."""
    parts = [f'"attributes":{{"type":{json.dumps(soql.name(type_))}}}']
    for fields in (identity, values):
        parts += [f"{json.dumps(soql.name(field))}:{_json(value)}" for field, value in fields.items()]
    return "{" + ",".join(parts) + "}"


def _json(value: Value) -> str:
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError(f"{value} is not a finite number")
        return format(value, "f")
    if isinstance(value, datetime):
        return json.dumps(require_aware(value).isoformat(timespec="milliseconds"))
    if isinstance(value, date):
        return json.dumps(value.isoformat())
    return json.dumps(value)


def _sha(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
