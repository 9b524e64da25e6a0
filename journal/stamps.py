"""Text forms of stamps and values in the database: fixed width, so that text order is time order."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from connectors.records import Value, require_aware


def to_text(moment: datetime) -> str:
    """Return the stamp as UTC text with microseconds."""
    return require_aware(moment).astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def from_text(text: str) -> datetime:
    """Return the aware UTC moment of a stored stamp."""
    return datetime.fromisoformat(text)


def optional(text: str | None) -> datetime | None:
    """Return the moment, or None where nothing is stored."""
    return None if text is None else from_text(text)


def encode(value: object) -> object:
    """Return a JSON value that :func:`decode` turns back into the same value and type."""
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, Decimal):
        return {"dec": str(value)}
    if isinstance(value, datetime):
        return {"at": to_text(value)}
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Mapping):
        return {"map": {str(key): encode(item) for key, item in value.items()}}
    if isinstance(value, list | tuple):
        return [encode(item) for item in value]
    raise TypeError(f"{type(value).__name__} has no place in the journal")


def decode(value: Any) -> Any:
    """Reverse :func:`encode`."""
    if isinstance(value, list):
        return [decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((tag, content),) = value.items()
    if tag == "dec":
        return Decimal(content)
    if tag == "at":
        return from_text(content)
    if tag == "date":
        return date.fromisoformat(content)
    return {key: decode(item) for key, item in content.items()}


def dumps(value: object) -> str:
    """Return canonical JSON: sorted keys, no blanks, values tagged by type."""
    return json.dumps(encode(value), sort_keys=True, separators=(",", ":"))


def loads(text: str) -> Any:
    """Reverse :func:`dumps`."""
    return decode(json.loads(text))


def sha(text: str) -> str:
    """Return the SHA-256 of a text, hexadecimal."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


Fields = dict[str, Value]
