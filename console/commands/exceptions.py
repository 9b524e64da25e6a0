"""``tieout exceptions``: list what the reconciliation found, take back what finance wrote."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import typer

from config.load import load
from config.system import SystemClock
from console.exits import Exit
from console.output import Output
from console.state import opened_journal
from journal import findings
from journal.database import Tx, recall
from journal.findings import Note
from journal.nouns import Finding
from reconcile.returned import ReturnedBook, ReturnedBookError, ReturnedRow, read_returned

BOOK_KEY = "reconcile.book"


def list_(config: Path, output: Output, *, strict: bool) -> None:
    """Print every exception that is open or accepted, oldest first."""
    with opened_journal(load(config)) as journal, journal.begin() as tx:
        live = [one for one in findings.all_of(tx) if one.state != findings.CLOSED]
        last = findings.last_run(tx)
    rows = [
        (one.state, one.code, one.key, one.field, f"{one.first_seen_at:%Y-%m-%d %H:%M}Z", one.runs, one.owner,
         one.reason, one.comment)
        for one in live
    ]  # fmt: skip
    if last is None:
        output.line("No reconciliation was recorded yet; run `tieout reconcile`.")
    else:
        output.line(f"{len(live)} exceptions, last reconciled {last.at:%Y-%m-%d %H:%M:%S}Z")
    heads = ("State", "Code", "Record", "Field", "First seen", "Runs", "Assigned to", "Reason", "Comment")
    if rows:
        output.table(heads, rows, right=("Runs",))
    output.json(
        "exceptions list", {"last_run": None if last is None else last.at, "exceptions": [_plain(one) for one in live]}
    )
    if strict and any(one.state == findings.OPEN for one in live):
        raise typer.Exit(int(Exit.FINDINGS))


def import_(config: Path, file: Path, by: str, output: Output) -> None:
    """Take owner, reason and comment back from a workbook: all of it, or, with any fault, nothing.

    Raises:
        ReturnedBookError: the workbook, or any row of it, cannot be taken.
    """
    book = read_returned(file)
    with opened_journal(load(config)) as journal, journal.begin() as tx:
        known = {one.id: one for one in findings.all_of(tx)}
        said = [row for row in book.rows if _says_something(row, known.get(row.id))]
        problems = [*_book_problems(tx, book), *_row_problems(said, known)]
        if problems:
            raise ReturnedBookError(file, problems)
        notes = [Note(finding_id=r.id, owner=r.owner, reason=r.reason, comment=r.comment) for r in said]
        findings.take(tx, notes, by, SystemClock().now())
    _print(output, said, known)


def _says_something(row: ReturnedRow, known: Finding | None) -> bool:
    """Tell whether a row says anything new; rows left as they were are no concern of the import."""
    before = (known.owner, known.reason, known.comment) if known else (None, None, None)
    return (row.owner, row.reason, row.comment) != before


def _book_problems(tx: Tx, book: ReturnedBook) -> Iterator[str]:
    own, last = recall(tx, f"{BOOK_KEY} {tx.pair}"), findings.last_run(tx)
    if not book.book_id or book.book_id != own:
        yield (
            f"this workbook ({book.company or 'no company named'}) belongs to another company or another state"
            " database; import it with the --config it was made with."
        )
    elif last is None or book.run_id != last.id:
        yield (
            "this workbook is of an older run; a reconciliation was recorded since"
            + (f" ({last.at:%Y-%m-%d %H:%M:%S}Z)" if last else "")
            + ". Copy owner, reason and comment into the newest workbook and import that."
        )


def _row_problems(rows: Sequence[ReturnedRow], known: Mapping[str, Finding]) -> Iterator[str]:
    for row in rows:
        finding = known.get(row.id)
        if finding is None:
            yield f"{row.where}: exception {row.id} is not known; it was not recorded by any reconciliation here."
        elif row.values_sha != finding.values_sha:
            yield f"{row.where}: the values of {finding.code} {finding.key} changed since this workbook was made."


def _print(output: Output, taken: Sequence[ReturnedRow], known: Mapping[str, Finding]) -> None:
    output.line(f"{len(taken)} exceptions taken from the workbook." if taken else "Nothing new in the workbook.")
    rows = [
        (known[row.id].code, known[row.id].key, row.owner, row.reason, row.comment,
         "accepted" if row.reason and findings.REASONS[row.reason] else "open")
        for row in taken
    ]  # fmt: skip
    if rows:
        output.table(("Code", "Record", "Assigned to", "Reason", "Comment", "State"), rows)
    output.json(
        "exceptions import",
        {
            "taken": [
                {"id": r.id, "code": known[r.id].code, "owner": r.owner, "reason": r.reason, "comment": r.comment}
                for r in taken
            ]
        },
    )


def _plain(one: Finding) -> dict[str, object]:
    return {
        "id": one.id,
        "code": one.code,
        "entity": one.entity,
        "key": one.key,
        "field": one.field,
        "state": one.state,
        "first_seen": one.first_seen_at,
        "last_seen": one.last_seen_at,
        "runs": one.runs,
        "reopened": one.reopened,
        "owner": one.owner,
        "reason": one.reason,
        "comment": one.comment,
    }
