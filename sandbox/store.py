"""One system's records and request log: a copy in memory, written through to an SQLite file."""

from __future__ import annotations

import copy
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sandbox import exact_json

Body = dict[str, Any]
"""A record as kept: JSON values, every number a Decimal (an int may be put, and is a Decimal after a restart)."""

Change = tuple[str, str, Body | None]
"""(type, id, new body or None when deleted), as committed."""

Key = tuple[str, str]

SCHEMA = """
CREATE TABLE IF NOT EXISTS record (
    seq INTEGER PRIMARY KEY, type TEXT NOT NULL, id TEXT NOT NULL, external_id TEXT, body TEXT NOT NULL,
    UNIQUE (type, id)
);
CREATE TABLE IF NOT EXISTS request (seq INTEGER PRIMARY KEY, entry TEXT NOT NULL);
"""
PUT = """
INSERT INTO record (type, id, external_id, body) VALUES (?, ?, ?, ?)
ON CONFLICT (type, id) DO UPDATE SET external_id = excluded.external_id, body = excluded.body
"""


class Store:
    """Records by type and id, with one lock and atomic transactions.

    Types that begin with ``_`` are the server's own bookkeeping (counters, sequences): they are kept like
    any other but never count as an effect of a request.

    Bodies handed out by :meth:`all` and :meth:`peek` are the stored ones and must not be changed; put a
    changed copy instead. :meth:`get` returns a copy that may be changed. Without ``path`` the store lives
    in memory only.
    """

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._tables: dict[str, dict[str, Body]] = {}
        self._external: dict[Key, str] = {}
        self._external_of: dict[Key, str] = {}
        self._undo: list[tuple[Key, Body | None, str | None]] = []
        self._depth = 0
        self._listeners: list[Callable[[list[Change]], None]] = []
        self._watch = threading.local()
        self._db = sqlite3.connect(":memory:" if path is None else path, check_same_thread=False, isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=OFF")
        self._db.executescript(SCHEMA)
        self._read()

    def get(self, type_: str, id_: str) -> Body | None:
        """Return a copy of the record, or None."""
        with self._lock:
            return copy.deepcopy(self._tables.get(type_, {}).get(id_))

    def peek(self, type_: str, id_: str) -> Body | None:
        """Return the stored record itself, or None; it must not be changed."""
        table = self._tables.get(type_)
        return None if table is None else table.get(id_)

    def all(self, type_: str) -> list[Body]:
        """Return the stored records of a type in order of their making; they must not be changed."""
        with self._lock:
            return list(self._tables.get(type_, {}).values())

    def table(self, type_: str) -> Mapping[str, Body]:
        """Return the live records of a type by id, for reading inside a transaction or of single records."""
        return self._tables.setdefault(type_, {})

    def ids(self, type_: str) -> list[str]:
        """Return the ids of a type in order of their making."""
        with self._lock:
            return list(self._tables.get(type_, {}))

    def types(self) -> list[str]:
        """Return the types that hold at least one record, without the server's own bookkeeping."""
        with self._lock:
            return sorted(name for name, rows in self._tables.items() if rows and not name.startswith("_"))

    def is_empty(self) -> bool:
        """Whether the store holds no record at all."""
        return not self.types()

    def by_external_id(self, type_: str, external_id: str) -> str | None:
        """Return the id of the record that was put with this external id, ignoring case, or None."""
        with self._lock:
            return self._external.get((type_, external_id.lower()))

    def put(self, type_: str, id_: str, body: Body, *, external_id: str | None = None) -> None:
        """Write a record, new or changed, and its external id (None: it has none).

        The body is kept as it is and must not be changed afterwards.
        """
        with self.transaction():
            self._remember((type_, id_))
            self._tables.setdefault(type_, {})[id_] = body
            self._set_external((type_, id_), external_id)

    def delete(self, type_: str, id_: str) -> None:
        """Remove a record.

        Raises:
            KeyError: there is none.
        """
        with self.transaction():
            if self.peek(type_, id_) is None:
                raise KeyError(f"no {type_} {id_}")
            self._remember((type_, id_))
            del self._tables[type_][id_]
            self._set_external((type_, id_), None)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold the store for one atomic change: on an exception nothing of it is kept.

        May be nested; an inner one that fails undoes only its own part when the outer catches the exception.
        """
        with self._lock:
            mark = len(self._undo)
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._commit()
            except BaseException:
                self._roll_back(mark)
                raise
            finally:
                self._depth -= 1

    def on_commit(self, listener: Callable[[list[Change]], None]) -> None:
        """Have the listener called, under the store's lock, with what each transaction committed."""
        self._listeners.append(listener)

    @contextmanager
    def effects(self) -> Iterator[list[dict[str, str]]]:
        """Collect what this thread commits meanwhile, as ``{type, id, op}`` with op insert, update or delete."""
        seen: list[dict[str, str]] = []
        self._watch.seen = seen
        try:
            yield seen
        finally:
            self._watch.seen = None

    @contextmanager
    def touched(self) -> Iterator[list[dict[str, str]]]:
        """Collect, at the end of the block, what it changed in the running transaction (as :meth:`effects`)."""
        seen: list[dict[str, str]] = []
        with self.transaction():
            mark = len(self._undo)
            yield seen
            before = self._before(mark)
            seen.extend(_effects(before, {key: self.peek(*key) for key in before}))

    def log(self, entry: Mapping[str, Any]) -> None:
        """Append one request (or one person's edit) to the log."""
        with self._lock:
            self._db.execute("INSERT INTO request (entry) VALUES (?)", (exact_json.dumps(dict(entry)),))

    def requests(self) -> list[dict[str, Any]]:
        """Return the log in order."""
        with self._lock:
            rows = self._db.execute("SELECT entry FROM request ORDER BY seq").fetchall()
        return [exact_json.loads(entry) for (entry,) in rows]

    def close(self) -> None:
        """Close the file; the store is of no use afterwards."""
        with self._lock:
            self._db.close()

    def _remember(self, key: Key) -> None:
        self._undo.append((key, self.peek(*key), self._external_of.get(key)))

    def _set_external(self, key: Key, external_id: str | None) -> None:
        old = self._external_of.pop(key, None)
        if old is not None and self._external.get((key[0], old.lower())) == key[1]:
            del self._external[key[0], old.lower()]
        if external_id is not None:
            self._external_of[key] = external_id
            self._external[key[0], external_id.lower()] = key[1]

    def _commit(self) -> None:
        before = self._before(0)
        after = {key: self.peek(*key) for key in before}
        self._write(after)
        self._undo.clear()
        seen: list[dict[str, str]] | None = getattr(self._watch, "seen", None)
        if seen is not None:
            seen.extend(_effects(before, after))
        changes = [(*key, body) for key, body in after.items()]
        for listener in self._listeners if changes else ():
            listener(changes)

    def _write(self, after: Mapping[Key, Body | None]) -> None:
        puts = [
            (*key, self._external_of.get(key), exact_json.dumps(body))
            for key, body in after.items()
            if body is not None
        ]
        drops = [key for key, body in after.items() if body is None]
        if not puts and not drops:
            return
        self._db.execute("BEGIN")
        self._db.executemany(PUT, puts)
        self._db.executemany("DELETE FROM record WHERE type = ? AND id = ?", drops)
        self._db.execute("COMMIT")

    def _before(self, mark: int) -> dict[Key, Body | None]:
        """Return what was there before the changes since the mark, by key."""
        before: dict[Key, Body | None] = {}
        for key, body, _ in self._undo[mark:]:
            before.setdefault(key, body)
        return before

    def _roll_back(self, mark: int) -> None:
        while len(self._undo) > mark:
            key, body, external_id = self._undo.pop()
            if body is None:
                self._tables.get(key[0], {}).pop(key[1], None)
            else:
                self._tables[key[0]][key[1]] = body
            self._set_external(key, external_id)

    def _read(self) -> None:
        rows = self._db.execute("SELECT type, id, external_id, body FROM record ORDER BY seq")
        for type_, id_, external_id, body in rows:
            self._tables.setdefault(type_, {})[id_] = exact_json.loads(body)
            self._set_external((type_, id_), external_id)


def _effects(before: Mapping[Key, Body | None], after: Mapping[Key, Body | None]) -> Iterator[dict[str, str]]:
    for (type_, id_), body in after.items():
        was = before[type_, id_]
        if type_.startswith("_") or (was is None and body is None):
            continue
        op = "delete" if body is None else "insert" if was is None else "update"
        yield {"type": type_, "id": id_, "op": op}
