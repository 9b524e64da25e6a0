"""The audit trail as a file of JSON lines: its rows, and last a line that tells where the trail ended."""

from __future__ import annotations

import json
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from journal.audit import Row
from journal.audit_check import BadRow, Chain, Head
from journal.database import Tx, recall
from journal.errors import JournalError
from journal.stamps import to_text

VERSION = 1
IDENTITY = ("sf_org_id", "ns_account_id")
"""What the state database knows of the two systems that it belongs to."""
HASH = re.compile(r"[0-9a-f]{64}\Z")


class BrokenTrail(Exception):  # noqa: N818  a finding, not a fault
    """The trail itself is not as it was written: its end proves nothing."""

    def __init__(self, bad: BadRow) -> None:
        super().__init__(str(bad))
        self.bad = bad


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What was kept elsewhere: a head alone, or a file of rows that ends with one. ``database``: whose it is."""

    head: Head
    database: Mapping[str, str]
    path: Path | None = None

    def rows(self) -> Iterator[tuple[int, str]]:
        """Yield number and hash of each row of the file."""
        if self.path is not None:
            yield from ((line["seq"], line["hash"]) for line in _lines(self.path) if "head" not in line)


def identity(tx: Tx) -> dict[str, str]:
    """Return whose trail this is: the pair's name, the org and the account."""
    known = {key: recall(tx, key) for key in IDENTITY}
    return {"pair": tx.pair, **{key: value for key, value in known.items() if value is not None}}


def lines(rows: Iterable[Row], database: Mapping[str, str], at: datetime, since: int = 0) -> Iterator[str]:
    """Yield each row after number ``since`` as one line of JSON, and last the line with the head.

    Raises:
        BrokenTrail: a row is not as it was written.
    """
    chain = Chain()
    for row in rows:
        bad = chain.take(row)
        if bad is not None:
            raise BrokenTrail(bad)
        if chain.seq > since:
            yield json.dumps(dict(row), ensure_ascii=False)
    head = {"seq": chain.seq, "hash": chain.hash}
    yield json.dumps(
        {"version": VERSION, "head": head, "since": since, "at": to_text(at), "database": dict(database)},
        ensure_ascii=False,
    )


def save(path: Path, text: Iterable[str]) -> Head:
    """Write the lines into a new file that only its owner can read, all or nothing, and return their head.

    Raises:
        JournalError: there is such a file already, or it cannot be written.
        BrokenTrail: a row is not as it was written.
    """
    if path.exists():
        raise JournalError(f"{path}: this file exists, and an export is evidence. Choose another name.")
    beside = path.with_name(f".{path.name}.{os.getpid()}.part")
    last = ""
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            for last in text:
                file.write(last + "\n")
            file.flush()
            os.fsync(file.fileno())
        beside.rename(path)
    except OSError as error:
        raise JournalError(f"{path}: the trail cannot be written there: {error.strerror}.") from error
    finally:
        beside.unlink(missing_ok=True)
    return _head(json.loads(last))


def read(text: str) -> Kept:
    """Return what was kept: ``text`` is a hash, or the name of a file that an export made or of its last line alone.

    Raises:
        JournalError: it is neither.
    """
    if HASH.match(text):
        return Kept(head=Head(hash=text), database={})
    path = Path(text)
    end = deque(_lines(path), maxlen=1)
    if not end or "head" not in end[0]:
        raise JournalError(f"{path}: its last line tells no head. Give the whole file that `tieout audit export` made.")
    return Kept(head=_head(end[0]), database=end[0].get("database", {}), path=path)


def _head(line: Mapping[str, Any]) -> Head:
    return Head(seq=line["head"]["seq"], hash=line["head"]["hash"])


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    try:
        with path.open(encoding="utf-8") as file:
            for number, text in enumerate(file, 1):
                line = _line(text)
                if line is None:
                    raise JournalError(f"{path}:{number}: this is no line of an audit export.")
                yield line
    except OSError as error:
        why = error.strerror or str(error)
        raise JournalError(f"--head {path}: this is neither a hash of 64 digits nor a file to read: {why}.") from error
    except UnicodeDecodeError as error:
        raise JournalError(f"{path}: this is no audit export: it is no UTF-8 text.") from error


def _line(text: str) -> dict[str, Any] | None:
    """Return a row or the line with the head, or None if it is neither."""
    try:
        line = json.loads(text)
    except ValueError:
        return None
    if not isinstance(line, dict):
        return None
    end = line.get("head", line)
    fits = isinstance(end, dict) and isinstance(end.get("seq"), int) and isinstance(end.get("hash"), str)
    return line if fits and isinstance(line.get("database", {}), dict) else None
