"""Payloads as the journal keeps them: what was sent must be explainable for ever."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors.records import Payload, PayloadLine, PayloadValue, Reference
from journal import database, stamps
from journal.database import Tx
from sync.world import World


def keep(world: World, tx: Tx, payload: Payload) -> str:
    """Keep a payload by its hash and return the hash."""
    return database.keep(tx, "payload", stamps.dumps(_content(payload)), world.now())


def load(tx: Tx, digest: str) -> Payload:
    """Return a kept payload."""
    content = stamps.loads(database.content(tx, digest))
    return Payload(
        type=content["type"],
        values=_values(content["values"]),
        clear=tuple(content["clear"]),
        lines=tuple(
            PayloadLine(key=line["key"], line=line["line"], values=_values(line["values"])) for line in content["lines"]
        ),
        addresses=tuple(content["addresses"]),
    )


def _content(payload: Payload) -> dict[str, object]:
    return {
        "type": payload.type,
        "values": {name: _plain(value) for name, value in payload.values.items()},
        "clear": list(payload.clear),
        "lines": [
            {"key": line.key, "line": line.line, "values": {name: _plain(value) for name, value in line.values.items()}}
            for line in payload.lines
        ],
        "addresses": [dict(address) for address in payload.addresses],
    }


def _plain(value: PayloadValue) -> object:
    if isinstance(value, Reference):
        return {"type": value.type, "id": value.id, "external_id": value.external_id, "name": value.name}
    return value


def _values(content: Mapping[str, Any]) -> dict[str, PayloadValue]:
    return {name: Reference(**value) if isinstance(value, dict) else value for name, value in content.items()}
