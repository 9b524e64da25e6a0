"""A book folder into both stores: ``salesforce/<Object>.csv``, ``netsuite/<recordType>.csv``, ``edits.json``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from sandbox import book_csv, book_edits
from sandbox.clock import SandboxClock
from sandbox.errors import BookError
from sandbox.netsuite.load import load_rows
from sandbox.salesforce import load as salesforce_load
from sandbox.salesforce.org import Org
from sandbox.store import Store

NETSUITE_TYPES = (
    "subsidiary",
    "currency",
    "term",
    "department",
    "classification",
    "location",
    "billingSchedule",
    "accountingPeriod",
    "employee",
    "item",
    "customer",
    "salesOrder",
    "salesOrder.lines",
)
"""Record types of NetSuite in the order of loading: what is referred to comes first."""
LOADED = "loaded"


def is_loaded(salesforce: Store) -> bool:
    """Whether a book (even an empty one) was loaded into the stores before."""
    return salesforce.peek(book_edits.BOOK, LOADED) is not None


def load(folder: Path | None, salesforce: Store, netsuite: Store, clock: SandboxClock, organization_id: str) -> None:
    """Load a book: all of it, or on the first fault nothing.

    Args:
        folder: the book; None: an org and an account without records.
        salesforce: store of the local Salesforce.
        netsuite: store of the local NetSuite.
        clock: gives the stamps that the files leave out.
        organization_id: id of the org.

    Raises:
        BookError: file, line, column and value of the fault, and how to mend it.
    """
    org = Org(salesforce, clock)
    with salesforce.transaction(), netsuite.transaction():
        salesforce_load.prepare(org, organization_id)
        salesforce_load.load(org, {} if folder is None else _tables(folder, "salesforce"))
        if folder is not None:
            _load_netsuite(netsuite, clock, _tables(folder, "netsuite"))
            book_edits.keep(salesforce, book_edits.read(folder / "edits.json"))
        salesforce.put(book_edits.BOOK, LOADED, {"folder": None if folder is None else str(folder)})


def _tables(folder: Path, system: str) -> dict[str, book_csv.Table]:
    if not folder.is_dir():
        raise BookError(str(folder), "there is no such folder.", "Name a book folder, or demo, or empty.")
    return {path.stem: book_csv.read(path) for path in sorted((folder / system).glob("*.csv"))}


def _load_netsuite(store: Store, clock: SandboxClock, tables: Mapping[str, book_csv.Table]) -> None:
    for name, table in tables.items():
        if name not in NETSUITE_TYPES:
            known = ", ".join(NETSUITE_TYPES)
            raise BookError(f"{table.path}:1", f"{name} is no record type of the sandbox.", f"Known types: {known}.")
    for name in NETSUITE_TYPES:
        if name in tables:
            load_rows(store, clock, name, list(tables[name].rows))
