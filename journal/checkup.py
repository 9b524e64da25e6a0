"""Whether a state database is whole: what was checked, in plain words, and what was found."""

from __future__ import annotations

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.parse import quote

from sqlalchemy import ColumnElement, Connection, NullPool, Table, and_, create_engine, func, inspect, select
from sqlalchemy.exc import DatabaseError

from journal import postgresql, schema, sqlite_file, tables
from journal.backup import copy_file
from journal.database import Journal, Tx

SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that was looked at. ``bad``: the database must not be relied on; otherwise ``found`` informs.

    ``warns``: it is whole, but somebody should look.
    """

    name: str
    checked: str
    found: str
    bad: bool = False
    warns: bool = False


def check_live(journal: Journal) -> list[Check]:
    """Look at the state as it is at one moment, and keep nobody waiting: at a copy of the file, or at a snapshot."""
    if journal.on_postgresql:
        with journal.engine.connect().execution_options(**postgresql.UNLOCKED) as conn:
            return check(Tx(conn, journal.pair))
    live = Path(str(journal.engine.url.database))
    with TemporaryDirectory(dir=live.parent, prefix=".verify-") as folder:
        try:
            copy_file(live, Path(folder) / live.name)
        except sqlite3.DatabaseError as error:
            return [_unreadable(str(error))]
        return check_file(Path(folder) / live.name)


def check(tx: Tx) -> list[Check]:
    """Look at everything in one transaction.

    A database whose schema is not this program's is looked at no further.
    """
    first = _schema(tx.conn)
    if first.bad:
        return [first]
    return [first, _pages(tx.conn), _references(tx.conn), _one_open_intent(tx.conn), _contents(tx.conn), *_trail(tx),
            _open_writes(tx.conn), *_settings(tx.conn)]  # fmt: skip


def check_file(file: Path) -> list[Check]:
    """Look at a backup, which is left as it is."""
    engine = create_engine(f"sqlite:///file:{quote(str(file.absolute()))}?mode=ro&uri=true", poolclass=NullPool)
    try:
        with engine.connect() as conn:
            return check(Tx(conn, ""))
    except DatabaseError as error:
        return [_unreadable(str(error.orig))]


def _unreadable(why: str) -> Check:
    return Check(name="integrity", checked="that it is a database and can be read", found=why, bad=True)


def _schema(conn: Connection) -> Check:
    found = schema.revision(conn)
    told = f"{found or 'none'}; this program's is {schema.HEAD}"
    return Check(name="schema", checked="the schema revision", found=told, bad=found != schema.HEAD)


def _pages(conn: Connection) -> Check:
    if conn.dialect.name == "sqlite":
        rows = sqlite_file.driver(conn).execute(f"PRAGMA integrity_check({SHOWN})").fetchall()
        problems = [str(row[0]) for row in rows if row != ("ok",)]
        checked = "every page, index and value of the file (SQLite's integrity_check)"
        return Check(name="integrity", checked=checked, found=_listed(problems), bad=bool(problems))
    total = sum(conn.execute(select(func.count()).select_from(table)).scalar_one() for table in _sorted())
    return Check(name="integrity", checked="that every table can be read in full", found=f"{total} rows")


def _references(conn: Connection) -> Check:
    """Look for rows whose parent is missing: neither database looks again at what it once took."""
    problems = [text for table in _sorted() for text in _orphans(conn, table)]
    checked = "that every row that names another one finds it"
    return Check(name="references", checked=checked, found=_listed(problems), bad=bool(problems))


def _orphans(conn: Connection, table: Table) -> Iterator[str]:
    for key in table.foreign_key_constraints:
        parent = key.referred_table.alias("parent")
        pairs = [(element.parent, parent.c[element.column.name]) for element in key.elements]
        joined: ColumnElement[bool] = and_(*(own == its for own, its in pairs))
        missing = pairs[0][1].is_(None) & pairs[0][0].is_not(None)
        count = conn.scalar(select(func.count()).select_from(table.outerjoin(parent, joined)).where(missing))
        if count:
            yield f"{count} rows of {table.name} name a row of {key.referred_table.name} that is missing"


def _one_open_intent(conn: Connection) -> Check:
    key = [tables.intent.c[name] for name in ("pair", "kind", "source_id", "doc_no")]
    several = select(*key).where(tables.OPEN_INTENT).group_by(*key).having(func.count() > 1)
    problems = [f"{row.kind} {row.source_id} has several" for row in conn.execute(several)]
    if "one_open_intent" not in {index["name"] for index in inspect(conn).get_indexes("intent")}:
        problems.append("the index that forbids a second one is missing")
    checked = "that no document has two writes under way"
    return Check(name="intents", checked=checked, found=_listed(problems), bad=bool(problems))


def _contents(conn: Connection) -> Check:
    problems = []
    rows = conn.execute(select(tables.blob.c.sha, tables.blob.c.content), execution_options={"stream_results": True})
    count = 0
    for row in rows:
        count += 1
        if hashlib.sha256(row.content.encode()).hexdigest() != row.sha:
            problems.append(f"the content {row.sha[:12]} is not what it was")
    checked = "that every kept text still has its hash"
    return Check(name="contents", checked=checked, found=_listed(problems, f"{count} texts"), bad=bool(problems))


def _trail(tx: Tx) -> Iterator[Check]:
    try:
        from journal.audit_check import first_bad
    except ImportError:
        return
    bad = first_bad(tx)
    found = "unbroken" if bad is None else f"broken at row {bad.seq}: {bad.why}"
    yield Check(name="audit", checked="the audit trail, row by row", found=found, bad=bad is not None)


def _open_writes(conn: Connection) -> Check:
    count = conn.scalar(select(func.count()).select_from(tables.intent).where(tables.OPEN_INTENT)) or 0
    return Check(name="open", checked="writes without a clear answer", found=f"{count}; the next run asks for them")


def _settings(conn: Connection) -> Iterator[Check]:
    if conn.dialect.name != "postgresql":
        return
    for name in ("fsync", "full_page_writes"):
        value = str(conn.exec_driver_sql(f"SHOW {name}").scalar_one())
        told = value if value == "on" else f"{value}: a crash of the server may lose or damage what was committed"
        yield Check(name=name, checked=f"the server's setting {name}", found=told, warns=value != "on")


def _sorted() -> list[Table]:
    return list(tables.metadata.sorted_tables)


def _listed(problems: list[str], otherwise: str = "nothing amiss") -> str:
    more = f" and {len(problems) - SHOWN} more" if len(problems) > SHOWN else ""
    return "; ".join(problems[:SHOWN]) + more if problems else otherwise
