"""Writes the folder: one CSV file a record type, the recorded edits, finance's month and the truth."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from pathlib import Path

from sandbox.book.action import Action
from sandbox.book.book import Book
from sandbox.book.catalogue import STANDARD_BOOK
from sandbox.book.deals import DIRECT, PARTNER
from sandbox.book.edit import Edit
from sandbox.book.row import Row, stamp
from sandbox.book.rows import rows_of
from sandbox.book.truth import Truth


def write_book(folder: Path, book: Book, truth: Truth) -> None:
    """Write every file of the book; files of an earlier book in the folder are replaced."""
    for row_type, rows in _by_file(book).items():
        path = folder / row_type[0] / f"{row_type[1]}.csv"
        path.parent.mkdir(parents=True, exist_ok=True)
        _write_csv(path, rows)
    _write_text(folder / "edits.json", edits_json(book.edits))
    _write_text(folder / "clerk.json", clerk_json(book.actions))
    _write_text(folder / "truth.json", truth.to_json())


def edits_json(edits: Sequence[Edit]) -> str:
    """Return the content of ``edits.json``, one edit a line."""
    lines = [json.dumps(edit.to_json(), ensure_ascii=False) for edit in edits]
    return "[\n" + ",\n".join(lines) + "\n]\n"


def clerk_json(actions: Sequence[Action]) -> str:
    """Return the content of ``clerk.json``, one action a line."""
    lines = [json.dumps(action.to_json(), ensure_ascii=False) for action in actions]
    return '{"version": 1, "actions": [\n' + ",\n".join(lines) + "\n]}\n"


def all_rows(book: Book) -> Iterable[Row]:
    """Yield every row of the book, records that others refer to first."""
    yield from _fixed_rows(book)
    for shelf in (
        book.lists, book.reps, book.products, book.items, book.accounts, book.contacts, book.deals,
        book.customers, book.orders,
    ):  # fmt: skip
        for noun in shelf:
            yield from rows_of(noun)


def _fixed_rows(book: Book) -> Iterable[Row]:
    created = stamp(book.latest - timedelta(days=700))
    fixed = {
        "RecordType": [
            {
                "Id": DIRECT,
                "Name": "Direct",
                "DeveloperName": "Direct",
                "SobjectType": "Opportunity",
                "IsActive": "true",
            },
            {
                "Id": PARTNER,
                "Name": "Partner",
                "DeveloperName": "Partner",
                "SobjectType": "Opportunity",
                "IsActive": "true",
            },
        ],
        "Pricebook2": [{"Id": STANDARD_BOOK, "Name": "Standard Price Book", "IsActive": "true", "IsStandard": "true"}],
    }
    for type_, records in fixed.items():
        for columns in records:
            whole = columns | {"CreatedDate": created, "SystemModstamp": created}
            yield Row(system="salesforce", type=type_, key=columns["Id"], columns=whole)


def _by_file(book: Book) -> dict[tuple[str, str], list[Row]]:
    files: defaultdict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in all_rows(book):
        files[row.system, row.type].append(row)
    return files


def _write_csv(path: Path, rows: Sequence[Row]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(rows[0].columns)
        writer.writerows(row.columns.values() for row in rows)


def _write_text(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(text)
