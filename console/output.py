"""Where commands print: tables and bars on a terminal, plain lines otherwise, JSON when asked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, is_dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn
from rich.table import Table
from rich.text import Text

from console.readable import isolated, readable

if TYPE_CHECKING:
    from sync.world import Observer

JSON_VERSION = 1
PIPE_WIDTH = 200


class Output:
    """One command's output."""

    def __init__(self, *, as_json: bool = False, console: Console | None = None) -> None:
        self.as_json = as_json
        self.console = console or _console()

    def line(self, text: str = "", style: str | None = None) -> None:
        """Print one line for a person; nothing under ``--json``."""
        if not self.as_json:
            self.console.print(Text(readable(text), style=style or ""))

    def table(self, columns: Sequence[str], rows: Iterable[Sequence[object]], *, right: Sequence[str] = ()) -> None:
        """Print rows under headings, numbers of the columns in ``right`` aligned to the right."""
        if self.as_json:
            return
        table = Table(box=None, pad_edge=False, header_style="bold")
        for column in columns:
            table.add_column(column, justify="right" if column in right else "left", overflow="fold")
        for row in rows:
            table.add_row(*(Text("" if cell is None else isolated(str(cell))) for cell in row))
        self.console.print(table)

    def json(self, command: str, content: dict[str, Any]) -> None:
        """Print one JSON object under ``--json``: ``version`` says which form its content has."""
        if self.as_json:
            body = {"version": JSON_VERSION, "command": command, "ok": True, **content}
            # The plain stream, not rich: a line is never folded.
            self.console.file.write(json.dumps(body, default=plain, ensure_ascii=False) + "\n")
            self.console.file.flush()  # who started a service waits for its line

    @contextmanager
    def progress(self) -> Iterator[Observer]:
        """Show bars while the block runs; on anything but a terminal nothing is drawn."""
        if self.as_json or not self.console.is_terminal:
            # Imported late: commands without a run start much faster without the use cases and SQLAlchemy.
            from sync.world import Silent

            yield Silent()
            return
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
        with Progress(*columns, console=self.console, transient=True) as progress:
            yield _Bars(progress)


def _console() -> Console:
    """Return the terminal, or for a file or pipe lines that are not folded to a terminal's width."""
    console = Console(highlight=False, soft_wrap=True)
    return console if console.is_terminal else Console(highlight=False, soft_wrap=True, width=PIPE_WIDTH)


class _Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._tasks: dict[str, TaskID] = {}

    def progress(self, stage: str, done: int, total: int | None) -> None:
        if stage not in self._tasks:
            self._tasks[stage] = self._progress.add_task(stage, total=total)
        self._progress.update(self._tasks[stage], completed=done, total=total)


def plain(value: object) -> Any:
    """Return a value as JSON can carry it; amounts stay exact as text."""
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, set | frozenset | tuple):
        return list(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")
