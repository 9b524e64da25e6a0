"""SuiteQL's engine: an in-memory DuckDB that follows the store record by record."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import duckdb

from sandbox.netsuite.money import plain
from sandbox.netsuite.order_status import STATUSES
from sandbox.netsuite.sql_rows import rows_of
from sandbox.netsuite.sql_tables import DISPLAYED, DOCUMENTS, KEYS, STATUS_NAMES, TABLES, VIEWS, Row
from sandbox.netsuite.sql_tokens import SqlError
from sandbox.netsuite.zone import account_format
from sandbox.store import Body, Change, Store

SETTINGS = (
    "SET TimeZone = 'America/Los_Angeles'",
    "SET default_null_order = 'nulls_last_on_asc_first_on_desc'",
    "SET threads = 1",
    "SET enable_external_access = false",
    "SET lock_configuration = true",
)
FEW = 20
"""Up to so many rows are inserted as values; more go through JSON, which costs more at first and less a row."""

MACROS = (
    "CREATE MACRO nvl(a, b) AS coalesce(a, b)",
    "CREATE MACRO nvl2(a, b, c) AS CASE WHEN a IS NULL THEN c ELSE b END",
    "CREATE MACRO sys_extract_utc(x) AS timezone('UTC', CAST(x AS TIMESTAMPTZ))",
    "CREATE MACRO ns_trunc(x) AS CAST(x AS DATE), (x, f) AS CAST(date_trunc(f, x) AS DATE)",
    "CREATE MACRO add_months(x, n) AS CAST(x + to_months(CAST(n AS INTEGER)) AS DATE)",
)


class SqlEngine:
    """One connection under one lock; before each query it takes in what the store committed since.

    Args:
        store: the NetSuite store; what it holds is projected at the first query.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._changed_lock = threading.Lock()
        self._changed: dict[tuple[str, str], Body | None] = {}
        self._shown: set[tuple[str, str]] = set()
        self._connection: duckdb.DuckDBPyConnection | None = None

    def query(self, sql: str, *, limit: int, offset: int) -> tuple[list[dict[str, str]], int]:
        """Return a page of the query's rows and the number of all its rows.

        Each value is a text; a NULL is absent.

        Args:
            sql: one SELECT in DuckDB's dialect.
            limit: the most rows to return.
            offset: how many rows to leave out.

        Raises:
            duckdb.Error: the query cannot be run.
            SqlError: it is no query.
        """
        with self._lock:
            db = self._db
            self._catch_up()
            _check_kind(db, sql)
            relation = db.sql(sql)
            names, types = relation.columns, [str(kind) for kind in relation.types]
            cursor = db.execute(f"SELECT {_shown(types)} FROM ({sql}) LIMIT {limit} OFFSET {offset}")  # noqa: S608
            rows = cursor.fetchall()
            total = offset + len(rows)
            if len(rows) == limit or (offset and not rows):
                counted = db.execute(f"SELECT count(*) FROM ({sql})").fetchone()  # noqa: S608
                total = int(counted[0]) if counted else 0
        return _items(names, rows), total

    @property
    def _db(self) -> duckdb.DuckDBPyConnection:
        """The database; made at the first query, with all that the store holds then."""
        if self._connection is None:
            self._connection = duckdb.connect(":memory:")
            self._create()
            with self._store.transaction():
                self._store.on_commit(self._note)
                for type_ in KEYS:
                    self._note([(type_, str(body["id"]), body) for body in self._store.all(type_)])
        return self._connection

    def _create(self) -> None:
        for table, columns in TABLES.items():
            listed = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
            self._db.execute(f"CREATE TABLE {table} ({listed})")
        self._db.execute("CREATE TABLE dual AS SELECT 'X' AS dummy")
        for view, query in VIEWS.items():
            self._db.execute(f"CREATE VIEW {view} AS {query}")
        self._db.execute(f"CREATE MACRO df_type(x) AS {_type_case()}")
        self._db.execute(f"CREATE MACRO df_status(kind, x) AS {_status_case()}")
        for name, query in DISPLAYED.items():
            self._db.execute(f"CREATE MACRO df_{name}(x) AS ({query})")
        for statement in (*MACROS, *SETTINGS):
            self._db.execute(statement)

    def _note(self, changes: Sequence[Change]) -> None:
        """Remember what was committed; called under the store's lock, so it must not wait for a query."""
        with self._changed_lock:
            for type_, id_, body in changes:
                if type_ in KEYS:
                    self._changed[type_, id_] = body

    def _catch_up(self) -> None:
        with self._changed_lock:
            changed, self._changed = self._changed, {}
        if not changed:
            return
        fresh: dict[str, list[Row]] = {}
        for (type_, _), body in changed.items():
            for table, rows in ({} if body is None else rows_of(type_, body)).items():
                fresh.setdefault(table, []).extend(rows)
        self._db.execute("BEGIN")
        try:
            self._replace(changed, fresh)
        except BaseException:
            self._db.execute("ROLLBACK")
            with self._changed_lock:
                self._changed = {**changed, **self._changed}
            raise
        self._db.execute("COMMIT")
        self._shown |= changed.keys()

    def _replace(self, changed: Mapping[tuple[str, str], Body | None], fresh: Mapping[str, list[Row]]) -> None:
        stale: dict[tuple[str, str], list[str]] = {}
        for type_, id_ in changed:
            # Records that were not there before have no rows to remove.
            for table, key in KEYS[type_].items() if (type_, id_) in self._shown else ():
                stale.setdefault((table, key), []).append(str(int(id_)))
        for (table, key), ids in stale.items():
            self._db.execute(f'DELETE FROM {table} WHERE "{key}" IN ({", ".join(ids)})')  # noqa: S608
        for table, rows in fresh.items():
            self._insert(table, rows)

    def _insert(self, table: str, rows: Sequence[Row]) -> None:
        if 0 < len(rows) <= FEW:
            self._insert_few(table, rows)
        elif rows:
            self._insert_many(table, rows)

    def _insert_few(self, table: str, rows: Sequence[Row]) -> None:
        names = [name for name in TABLES[table] if any(row.get(name) is not None for row in rows)]
        listed = ", ".join(f'"{name}"' for name in names)
        places = ", ".join([f"({', '.join('?' * len(names))})"] * len(rows))
        values = [row.get(name) for row in rows for name in names]
        self._db.execute(f"INSERT INTO {table} ({listed}) VALUES {places}", values)  # noqa: S608

    def _insert_many(self, table: str, rows: Sequence[Row]) -> None:
        shape = json.dumps([dict(TABLES[table])])
        self._db.execute(
            f"INSERT INTO {table} SELECT unnest(from_json(?, ?), recursive := true)",  # noqa: S608
            [json.dumps([{name: value for name, value in row.items() if value is not None} for row in rows]), shape],
        )


def _type_case() -> str:
    """Return the expression that shows a transaction type ``x``."""
    cases = " ".join(f"WHEN '{kind}' THEN '{text}'" for kind, text in DOCUMENTS.values())
    return f"(CASE x {cases} ELSE x END)"


def _status_case() -> str:
    """Return the expression that shows a status letter ``x`` of a transaction of type ``kind``."""
    names = {"SalesOrd": {letter: text for letter, (_, text) in STATUSES.items()}, **STATUS_NAMES}
    types = dict(DOCUMENTS.values())
    cases = " ".join(
        f"WHEN '{kind}{letter}' THEN '{types[kind]} : {text}'"
        for kind, letters in names.items()
        for letter, text in letters.items()
    )
    return f"(CASE kind || x {cases} ELSE x END)"


def _check_kind(db: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Refuse all but one query, before anything is run."""
    kinds = [statement.type for statement in db.extract_statements(sql)]
    if kinds != [duckdb.StatementType.SELECT]:
        raise SqlError("Invalid or unsupported search: only a SELECT is possible")


def _shown(types: Sequence[str]) -> str:
    """Return a select list that turns instants into Pacific days, as the account's date format shows them."""
    shown = (f"CAST(#{n} AS DATE)" if "TIME ZONE" in kind else f"#{n}" for n, kind in enumerate(types, start=1))
    return ", ".join(shown)


def _items(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> list[dict[str, str]]:
    labels = _labels(names)
    return [
        {name: text_of(value) for name, value in zip(labels, row, strict=True) if value is not None} for row in rows
    ]


def _labels(names: Sequence[str]) -> list[str]:
    """Return lower-case column names; an expression without an alias is called ``expr1``, ``expr2`` and so on."""
    labels: list[str] = []
    for name in names:
        plain_name = name.lower()
        is_name = (
            plain_name.replace("_", "a").replace("$", "a").replace("#", "a").isalnum() and not plain_name[0].isdigit()
        )
        expressions = sum(label.startswith("expr") for label in labels)
        labels.append(plain_name if is_name else f"expr{expressions + 1}")
    return labels


def text_of(value: object) -> str:
    """Return a value as SuiteQL's JSON shows it: numbers plain, days in the account's format."""
    if isinstance(value, bool):
        return "T" if value else "F"
    if isinstance(value, float):
        return plain(Decimal(repr(value)))
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return account_format(value.date())
    return account_format(value) if isinstance(value, date) else str(value)
