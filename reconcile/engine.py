"""Runs the relational definition, written once in Ibis, on DuckDB with a memory limit.

Expressions are built over table names and schemas, not over a connection: they are compiled once a process, and
another engine needs only its dialect and the conformance tests.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import duckdb
import ibis

from journal.nouns import Binding
from reconcile import arrow, arrow_receivables
from reconcile.matching import derive
from reconcile.options import Options
from reconcile.rule import Tables
from reconcile.snapshot import Deal, Order, Snapshot

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr.types import Table

Cell = str | int | bool | Decimal | None
"""One value of a result row."""

Row = Mapping[str, Cell]

Build = Callable[[Tables], "Table"]
"""Makes an expression over the compared tables; a named function, so that its SQL is kept."""

DIALECT = "duckdb"


@dataclass(frozen=True, slots=True, eq=False)
class Definition:
    """The compared tables as expressions, and the SQL that fills the derived ones in order."""

    tables: Tables
    steps: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True, eq=False)
class Engine:
    """The loaded tables of one run."""

    con: duckdb.DuckDBPyConnection
    definition: Definition

    def rows(self, build: Build) -> list[Row]:
        """Run an expression and return its rows."""
        result = self.con.execute(sql_of(build, self.definition))
        names = [column[0] for column in result.description]
        return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


@cache
def sql_of(build: Build, definition: Definition) -> str:
    """Return the SQL of an expression."""
    return str(ibis.to_sql(build(definition.tables), dialect=DIALECT))


@contextmanager
def opened(
    snapshot: Snapshot,
    deals: Sequence[Deal],
    orders: Sequence[Order],
    options: Options,
    stand_in_bindings: Sequence[Binding] = (),
) -> Iterator[Engine]:
    """Load the populations into an in-memory database that spills to disk, and derive the shared tables.

    ``deals`` and ``orders`` are the snapshot's, each id once; among the orders stand the invoices of deals without an
    order, tied to their deals by ``stand_in_bindings``.
    """
    with TemporaryDirectory(prefix="tieout-reconcile-") as folder:
        con = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": options.memory_limit,
                "temp_directory": str(options.temp_directory or folder),
                "max_temp_directory_size": options.max_temp_size,
                "preserve_insertion_order": False,
            },
        )
        try:
            yield _loaded(con, snapshot, deals, orders, options, stand_in_bindings)
        finally:
            con.close()


def _loaded(
    con: duckdb.DuckDBPyConnection,
    snapshot: Snapshot,
    deals: Sequence[Deal],
    orders: Sequence[Order],
    options: Options,
    stand_in_bindings: Sequence[Binding],
) -> Engine:
    invoices = list({invoice.id: invoice for invoice in snapshot.invoices}.values())
    receipts = list({receipt.id: receipt for receipt in snapshot.receipts}.values())
    schemas = [
        ("deals", _load(con, "deals", arrow.deals_table(deals, snapshot, options))),
        ("orders", _load(con, "orders", arrow.orders_table(orders, snapshot, options))),
        ("bindings", _load(con, "bindings", arrow.bindings_table([*snapshot.bindings, *stand_in_bindings]))),
        ("customers", _load(con, "customers", arrow.bindings_table(snapshot.customer_bindings))),
        ("holds", _load(con, "holds", arrow.holds_table(snapshot))),
        ("intents", _load(con, "intents", arrow.intents_table(snapshot))),
        ("invoices", _load(con, "invoices", arrow_receivables.invoices_table(invoices, snapshot, options))),
        ("applications", _load(con, "applications", arrow_receivables.applications_table(invoices))),
        ("receipts", _load(con, "receipts", arrow_receivables.receipts_table(receipts, snapshot, options))),
        ("credits", _load(con, "credits", arrow_receivables.credits_table(invoices, receipts, snapshot))),
        ("invoice_bindings", _load(con, "invoice_bindings", arrow.bindings_table(snapshot.invoice_bindings))),
    ]
    definition = define(tuple(schemas))
    for name, sql in definition.steps:
        con.execute(f"CREATE TABLE {name} AS {sql}")
    return Engine(con, definition)


def _load(con: duckdb.DuckDBPyConnection, name: str, rows: pa.Table) -> pa.Schema:
    con.register("incoming", rows)
    con.execute(f"CREATE TABLE {name} AS SELECT * FROM incoming")  # noqa: S608  names are constants of this file
    con.unregister("incoming")
    return rows.schema


@cache
def define(schemas: Sequence[tuple[str, pa.Schema]]) -> Definition:
    """Write the definition over tables of these schemas."""
    steps: list[tuple[str, str]] = []

    def keep(name: str, table: Table) -> Table:
        steps.append((name, str(ibis.to_sql(table, dialect=DIALECT))))
        return ibis.table(table.schema(), name=name)

    loaded = {name: ibis.table(ibis.Schema.from_pyarrow(schema), name=name) for name, schema in schemas}
    return Definition(derive(keep=keep, **loaded), steps)
