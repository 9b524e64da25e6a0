"""Waits until files that a person may be saving have come to rest: half a TOML file is often a valid one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

REST_SECONDS = 1.0
MOST_WAITS = 5


def files_of(config: Path) -> list[Path]:
    """Return ``sync.toml`` and the TOML files in and below its folder's ``mappings``."""
    return [config, *sorted((config.parent / "mappings").rglob("*.toml"))]


def settle(paths: Iterable[Path], seconds_since: Callable[[float], float], sleep: Callable[[float], None]) -> bool:
    """Wait until none of the files was written within the last second; return whether that came about.

    Args:
        paths: files that may be missing.
        seconds_since: turns a file's modification time into its age; one in the future counts as old.
        sleep: waits.
    """
    watched = list(paths)
    for _ in range(MOST_WAITS):
        ages = [seconds_since(modified) for path in watched if (modified := _modified(path)) is not None]
        youngest = min((age for age in ages if age >= 0), default=REST_SECONDS)
        if youngest >= REST_SECONDS:
            return True
        sleep(REST_SECONDS - youngest)
    return False


def _modified(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None
