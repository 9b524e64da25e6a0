"""What the service asks of a job, and what it gets back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

Ending = Literal["done", "stopped"]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """How one run of a job ended; a run that failed raises instead.

    ``counts`` are records by kind and outcome (``orders.created``). ``stopped``: it was asked to stop and did so
    between two batches. ``api_used`` and ``api_limit`` are Salesforce's calls of the last 24 hours, where known.
    """

    run_id: str | None = None
    outcome: Ending = "done"
    counts: Mapping[str, int] = field(default_factory=dict)
    detail: str = ""
    api_used: int | None = None
    api_limit: int | None = None


Job = Callable[[], JobOutcome]
"""Runs a job once. It raises what the use case raises; the service notes the failure and goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Worked:
    """What became of one slot. ``ending`` is an outcome of :mod:`journal.slots`; ``seconds`` are real time."""

    job: str
    slot_at: datetime
    ending: str
    outcome: JobOutcome | None = None
    error: Exception | None = None
    seconds: float = 0.0


JobOver = Callable[[Worked], None]
"""Is told of each slot that was worked, given up or found abandoned."""


def nobody(_: Worked) -> None:
    """Tell nobody."""
