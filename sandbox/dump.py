"""What a server holds, read from its store's file; works beside a running server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from sandbox.errors import SandboxError
from sandbox.netsuite.record_types import RECORD_TYPES, stored_type
from sandbox.salesforce.objects import OBJECTS

REQUESTS = "requests"
NETSUITE_TYPES = tuple(dict.fromkeys(stored_type(name) for name in RECORD_TYPES))
KNOWN = {"salesforce": tuple(OBJECTS), "netsuite": NETSUITE_TYPES}
"""Types that may be asked for even while none is held."""


def dump(folder: Path, system: str, type_: str) -> Iterator[str]:
    """Yield one JSON object a line: the records of a type in order of their making, or the request log.

    Args:
        folder: the sandbox's folder.
        system: ``salesforce`` or ``netsuite``.
        type_: an object or record type, in any case, or ``requests``.

    Raises:
        SandboxError: no such system, folder or type; the message lists what there is.
    """
    if system not in KNOWN:
        raise SandboxError(f"there is no system {system!r} in the sandbox. Systems: {', '.join(KNOWN)}.")
    path = folder / f"{system}.db"
    if not path.exists():
        raise SandboxError(f"{folder} holds no sandbox ({path.name} is missing). Start one there first: sandbox serve.")
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        if type_.lower() == REQUESTS:
            rows = db.execute("SELECT entry FROM request ORDER BY seq")
        else:
            name = _name(db, system, type_)
            rows = db.execute("SELECT body FROM record WHERE type = ? ORDER BY seq", (name,))
        for (text,) in rows:
            yield str(text)


def _name(db: sqlite3.Connection, system: str, type_: str) -> str:
    held: list[str] = [name for (name,) in db.execute("SELECT DISTINCT type FROM record") if not name.startswith("_")]
    names = {name.lower(): name for name in (*KNOWN[system], *held)}
    if type_.lower() not in names:
        listed = ", ".join((*sorted(names.values()), REQUESTS))
        raise SandboxError(f"the local {system} has no type {type_!r}. Types: {listed}.")
    return names[type_.lower()]
