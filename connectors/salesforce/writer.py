"""Writes status fields back onto records of a Salesforce org, many per call, each judged on its own.

Source: Salesforce REST API, Update Multiple Records with sObject Collections: at most 200 records a call, the
answer is 200 even if every record failed, results come in request order.
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
from connectors.records import FieldUpdate, Value, WriteOutcome, WriteStatus, require_aware, salesforce_id
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.faults import read_fault

MOST_RECORDS = 200
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


@dataclass(frozen=True, slots=True)
class _Item:
    """One update with its place in the caller's list and its JSON text."""

    place: int
    update: FieldUpdate
    body: str


Batch = Sequence[_Item]


class SalesforceWriter:
    """Implements :class:`connectors.ports.CrmWriter` over sObject Collections.

    Every value is absolute, so a write whose fate is unknown (``ambiguous``) may be repeated without harm; that
    decision is the caller's, here nothing is repeated.

    Args:
        client: the way to the org.
    """

    def __init__(self, client: SalesforceClient) -> None:
        self._client = client

    def update(self, updates: Sequence[FieldUpdate]) -> list[WriteOutcome]:
        """Write each record's fields; one outcome per update, in order.

        Never raises for what the org answers: ``no_op`` means that the record was not touched and may be tried
        later, ``rejected`` that a person must change something, ``ambiguous`` that the result is not known.
        An update without values is a success without a call.
        """
        outcomes, items = _prepared(updates)
        stopped: ConnectorError | None = None
        for batch in _batches(items):
            if stopped is None:
                results, stopped = self._send(batch)
            else:
                results = _all(batch, "no_op", stopped)
            outcomes.update(zip((item.place for item in batch), results, strict=True))
        return [outcomes[place] for place in range(len(updates))]

    def _send(self, batch: Batch) -> tuple[list[WriteOutcome], ConnectorError | None]:
        """Return the batch's outcomes, and the error after which no further call makes sense."""
        body = '{"allOrNone":false,"records":[' + ",".join(item.body for item in batch) + "]}"
        what = f"updating {len(batch)} {batch[0].update.ref.type} records"
        try:
            self._client.prepare()
        except ConnectorError as error:
            return _all(batch, "no_op", error), error
        try:
            answer = self._client.write("composite/sobjects", method="PATCH", body=body.encode(), what=what)
        except ConnectorError as error:
            return _all(batch, _fate(error), error), error if isinstance(error, STOPPING) else None
        return _results(batch, answer), None


def _prepared(updates: Sequence[FieldUpdate]) -> tuple[dict[int, WriteOutcome], list[_Item]]:
    """Return what is decided without a call, by place, and what is to be sent."""
    decided: dict[int, WriteOutcome] = {}
    items: list[_Item] = []
    for place, update in enumerate(updates):
        try:
            item = _Item(place, update, _body(update))
        except ValueError as error:
            decided[place] = WriteOutcome(status="rejected", code="BAD_VALUE", message=f"{error}.")
            continue
        if update.values:
            items.append(item)
        else:
            decided[place] = WriteOutcome(status="success", target_id=salesforce_id(update.ref.id))
    return decided, items


def _fate(error: ConnectorError) -> WriteStatus:
    """Return what is known of every record after a call that failed as a whole."""
    if isinstance(error, NOT_SENT):
        return "no_op"
    if isinstance(error, SchemaError | AccessDeniedError):
        return "rejected"
    return "ambiguous"


def _all(batch: Batch, status: WriteStatus, error: ConnectorError) -> list[WriteOutcome]:
    outcome = WriteOutcome(status=status, code=error.code or type(error).__name__, message=f"{error.why} {error.fix}")
    return [outcome] * len(batch)


def _results(batch: Batch, answer: Any) -> list[WriteOutcome]:  # noqa: ANN401  JSON
    """Return one outcome per record; all are ambiguous unless there is one result for each, in its place."""
    if not isinstance(answer, list) or len(answer) != len(batch) or not all(map(_fits, batch, answer)):
        unclear = WriteOutcome(
            status="ambiguous", code="UNPARSABLE", message="The answer does not fit the records that were sent."
        )
        return [unclear] * len(batch)
    return [_result(item, result) for item, result in zip(batch, answer, strict=True)]


def _fits(item: _Item, result: object) -> bool:
    if not isinstance(result, dict) or not isinstance(result.get("success"), bool):
        return False
    id_ = result.get("id")
    if id_ is None:
        return not result["success"]
    return isinstance(id_, str) and id_[:15] == item.update.ref.id.strip()[:15]


def _result(item: _Item, result: Mapping[str, Any]) -> WriteOutcome:
    digests = {"request_sha": _sha(item.body), "response_sha": _sha(json.dumps(result, default=str, sort_keys=True))}
    if result["success"]:
        return WriteOutcome(status="success", target_id=salesforce_id(item.update.ref.id), **digests)
    fault = read_fault(result.get("errors"))
    fields = f" (fields: {', '.join(fault.fields)})" if fault.fields else ""
    message = f"{fault.message}{fields}" if fault.code else "Salesforce gave no reason."
    return WriteOutcome(status=_record_status(fault.code), code=fault.code, message=message, **digests)


def _record_status(code: str) -> WriteStatus:
    if code in NOT_APPLIED_CODES:
        return "no_op"
    return "ambiguous" if code in UNCLEAR_CODES else "rejected"


def _batches(items: Sequence[_Item]) -> Iterator[Batch]:
    """Yield calls of at most 200 records, alike in object and field names, no record twice in one call.

    A field that the org does not know makes it refuse the whole call; alike records share that fate anyway.
    """
    groups: dict[tuple[int, str, tuple[str, ...]], list[_Item]] = {}
    rounds: Counter[tuple[str, str]] = Counter()
    for item in items:
        ref = item.update.ref
        key = (ref.type, salesforce_id(ref.id))
        groups.setdefault((rounds[key], ref.type, tuple(sorted(item.update.values))), []).append(item)
        rounds[key] += 1
    for _, group in sorted(groups.items()):
        yield from soql.chunks(group, MOST_RECORDS)


def _body(update: FieldUpdate) -> str:
    """Return one record as JSON text; numbers are written digit by digit, never through float."""
    parts = [
        f'"attributes":{{"type":{json.dumps(soql.name(update.ref.type))}}}',
        f'"id":{json.dumps(salesforce_id(update.ref.id))}',
    ]
    parts += [f"{json.dumps(soql.name(field))}:{_json(value)}" for field, value in update.values.items()]
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
