"""The fingerprint of a payload: equal fingerprints mean that nothing has to be written."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from connectors.records import Payload, PayloadValue, Reference
from mappings.outcome import ADDRESSES
from mappings.tables import plain_number


def fingerprint(payload: Payload, exclude: Collection[str] = ()) -> str:
    """Return the SHA-256 (64 hexadecimal digits) of a payload's canonical content.

    ``1.50`` and ``1.5`` are the same number, the order of fields and lines does not matter, a reference is its
    type and id (its external id where it has no id). NetSuite's line numbers and fields to clear do not count.

    Args:
        payload: the mapped record.
        exclude: body fields that do not count, such as create-only ones; ``addresses`` stands for the address book.
    """
    content = {
        "type": payload.type,
        "values": {name: _plain(value) for name, value in payload.values.items() if name not in exclude},
        "lines": sorted((line.key, _sorted(line.values)) for line in payload.lines),
        "addresses": [] if ADDRESSES in exclude else [_sorted(entry) for entry in payload.addresses],
    }
    text = json.dumps(content, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _sorted(values: Mapping[str, PayloadValue]) -> list[list[Any]]:
    return [[name, _plain(values[name])] for name in sorted(values)]


def _plain(value: PayloadValue) -> Any:
    match value:
        case None | bool() | str():
            return value
        case Decimal():
            return {"number": plain_number(value)}
        case datetime():
            return {"moment": value.isoformat()}
        case date():
            return {"date": value.isoformat()}
        case Reference():
            return {"type": value.type, **_pointer(value)}


def _pointer(reference: Reference) -> dict[str, str | None]:
    if reference.id is not None:
        return {"id": reference.id}
    if reference.external_id is not None:
        return {"externalId": reference.external_id}
    return {"name": reference.name}
