"""``tieout audit``: whether the trail is as it was written, its copy for keeping elsewhere, and one record's part."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import typer

from config.load import load
from config.system import SystemClock
from console.exits import Exit
from console.output import Output
from console.state import opened_journal
from journal import audit_check, audit_file, audit_list
from journal.audit_check import BadRow, Head, Verdict
from journal.audit_file import Kept
from journal.database import Journal
from journal.errors import JournalError


def verify(config: Path, output: Output, *, head: str | None) -> None:
    """Check every row; with a head that was kept elsewhere also that nothing was cut off or reckoned anew."""
    kept = None if head is None else audit_file.read(head)
    with opened_journal(load(config)) as journal:
        _check_owner(journal, kept)
        rows = audit_check.rows_of(journal)
        verdict = audit_check.check(rows, kept.head if kept else None, kept.rows() if kept else ())
    _print(output, verdict, kept)
    if verdict.bad is not None:
        raise typer.Exit(int(Exit.FINDINGS))


def _check_owner(journal: Journal, kept: Kept | None) -> None:
    with journal.begin() as tx:
        own = audit_file.identity(tx)
    other = {key: value for key, value in kept.database.items() if own.get(key, value) != value} if kept else {}
    if kept is not None and other:
        told = ", ".join(f"{key} {value}" for key, value in other.items())
        raise JournalError(f"{kept.path}: this is the trail of another database ({told}). Check --config and --head.")


def _print(output: Output, verdict: Verdict, kept: Kept | None) -> None:
    span = f", {verdict.first_at:%Y-%m-%d %H:%M:%S} to {verdict.last_at:%Y-%m-%d %H:%M:%S} UTC" if verdict.rows else ""
    output.line(f"{verdict.rows} rows are as they were written{span}.")
    if verdict.bad is not None:
        output.line(f"bad: {verdict.bad}", "red")
    else:
        output.line(_told(verdict.head))
        output.line(
            "Nothing that the kept head covers is missing."
            if kept
            else "Whether rows were cut off the end, only a head kept elsewhere can tell: tieout audit verify --head."
        )
    content = {"rows": verdict.rows, "first_at": verdict.first_at, "last_at": verdict.last_at, **_content(verdict.head)}
    output.json("audit verify", {"ok": verdict.bad is None, **content, "bad": _bad(verdict.bad)})


def _bad(bad: BadRow | None) -> dict[str, object] | None:
    return None if bad is None else {"seq": bad.seq, "why": bad.why, "action": bad.action, "object": bad.object}


def _told(head: Head) -> str:
    return f"head: row {head.seq}, {head.hash}"


def _content(head: Head) -> dict[str, object]:
    return {"head": {"seq": head.seq, "hash": head.hash}}


def export(config: Path, output: Output, *, file: Path | None, since: int) -> None:
    """Write the rows and the head as JSON lines into a new file, or without one to standard output."""
    with opened_journal(load(config)) as journal:
        with journal.begin() as tx:
            own = audit_file.identity(tx)
        lines = audit_file.lines(audit_check.rows_of(journal), own, SystemClock().now(), since)
        try:
            if file is None:
                for line in lines:
                    sys.stdout.write(line + "\n")
                return
            head = audit_file.save(file, lines)
        except audit_file.BrokenTrail as broken:
            output.line(f"bad: {broken.bad}", "red")
            output.line("Nothing is exported: the end of a broken trail proves nothing. See tieout audit verify.")
            output.json("audit export", {"ok": False, "bad": _bad(broken.bad)})
            raise typer.Exit(int(Exit.FINDINGS)) from broken
    output.line(f"{file}: rows {since + 1} to {head.seq}.")
    output.line(_told(head))
    output.line("Keep the file or the head where nobody can write who can write the state database.")
    output.json("audit export", {"file": str(file), "since": since, **_content(head)})


def list_(config: Path, output: Output, *, record: str | None, last: int) -> None:
    """Print the newest rows, oldest first: all of them, or those of one record."""
    with opened_journal(load(config)) as journal, journal.begin() as tx:
        ids = None if record is None else audit_list.ids_of(tx, record)
        rows = audit_list.newest(tx, last, ids)
    heads = ("Row", "When (UTC)", "Who", "What", "Record", "Before", "After", "More")
    if rows:
        output.table(heads, [_cells(row) for row in rows], right=("Row",))
    else:
        output.line("There is no row about it." if record else "The trail is empty.")
    output.json("audit list", {"rows": list(rows)})


def _cells(row: Mapping[str, Any]) -> Sequence[object]:
    more = ", ".join(f"{name} {_short(value)}" for name, value in row["detail"].items() if value)
    stamp = f"{row['at']:%Y-%m-%d %H:%M:%S}"
    names = (row["actor"], row["action"], row["object"])
    return (row["seq"], stamp, *names, _short(row["before"]), _short(row["after"]), more)


def _short(value: str | None) -> str | None:
    """Return a value as it is, a hash by its beginning."""
    return value[:12] if value is not None and audit_file.HASH.match(value) else value
