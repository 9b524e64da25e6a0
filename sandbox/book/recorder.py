"""Turns what was changed on the shelves into recorded edits of phase ``before``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.book.edit import Edit
from sandbox.book.nouns import Noun
from sandbox.book.row import Row
from sandbox.book.rows import rows_of
from sandbox.book.shelf import Change


def edits_of(changes: Sequence[Change], label: str) -> Iterator[Edit]:
    """Yield the edits that lead from the old rows of the changed nouns to the new ones."""
    for change in changes:
        old, new = _by_key(change.old), _by_key(change.new)
        for key, row in new.items():
            if key not in old:
                yield _edit("insert", row, label, set_=_filled(row))
            elif different := _different(old[key], row):
                yield _edit("update", row, label, set_=different)
        for key in reversed([key for key in old if key not in new]):
            yield _edit("delete", old[key], label)


def _by_key(noun: Noun | None) -> dict[tuple[str, str], Row]:
    return {} if noun is None else {(row.type, row.key): row for row in rows_of(noun)}


def _different(old: Row, new: Row) -> dict[str, str]:
    return {name: value for name, value in new.columns.items() if old.columns[name] != value}


def _filled(row: Row) -> dict[str, str]:
    return {name: value for name, value in row.columns.items() if value}


def _edit(op: str, row: Row, label: str, *, set_: dict[str, str] | None = None) -> Edit:
    id_field = "Id" if row.system == "salesforce" else "id"
    return Edit(
        phase="before",
        system=row.system,
        op=op,  # type: ignore[arg-type]
        type=row.type,
        label=label,
        match=None if op == "insert" else {id_field: row.key},
        set=set_,
    )
