"""Misbehaviour on demand: rules that pick requests by number or kind, and requests held in mid-air.

Actions that the server itself carries out (every one may be limited to a system, an operation, an ordinal):

=============  =====================================================================================
hold_before    never process the request; keep the connection silent until released or the client left
hold_after     process and commit, then stay silent
drop_before    close the connection at once, nothing processed
drop_after     process and commit, then close the connection without an answer
status         answer ``status`` (default 503) with ``body``, nothing processed
status_after   process and commit, then answer ``status`` with ``body``
html           answer an HTML page (``status`` default 200), nothing processed
html_after     process and commit, then answer the HTML page
truncate       process and commit, then send half of the answer and close
delay          process after ``seconds``
=============  =====================================================================================

Any other action is handed to the application in ``Request.fault`` (``expire_token``, ``limit`` …).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sandbox.errors import SandboxError

HOLDING = ("hold_before", "hold_after")
DROPPING = ("drop_before", "drop_after")
AFTER = ("hold_after", "drop_after", "status_after", "html_after", "truncate")
SERVER_ACTIONS = (*HOLDING, *DROPPING, "status", "status_after", "html", "html_after", "truncate", "delay")
POLL_SECONDS = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """Which requests misbehave, and how.

    ``ordinal`` is the number that the request gets among all requests of both servers; ``nth`` counts the
    requests that match system and operation since the rule was set (1 is the first). Without either, every
    match misbehaves. ``times`` bounds how often the rule strikes (None: always).
    """

    action: str
    system: str | None = None
    ordinal: int | None = None
    nth: int | None = None
    operation: str | None = None
    times: int | None = 1
    status: int | None = None
    body: Any = None
    seconds: float = 0.0

    def covers(self, system: str, operation: str) -> bool:
        """Whether a request of this system and operation (compared by prefix) is meant."""
        return self.system in (None, system) and operation.startswith(self.operation or "")


@dataclass(slots=True)
class _Armed:
    rule: Rule
    seen: int = 0
    struck: int = 0

    def strikes(self, ordinal: int) -> bool:
        self.seen += 1
        rule = self.rule
        if rule.times is not None and self.struck >= rule.times:
            return False
        if rule.ordinal is not None and rule.ordinal != ordinal:
            return False
        if rule.nth is not None and rule.nth != self.seen:
            return False
        self.struck += 1
        return True


class Faults:
    """The rules in force, the request counter of both servers, and the requests being held."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._armed: list[_Armed] = []
        self._released = threading.Event()
        self._ordinal = 0
        self._holding: dict[int, dict[str, object]] = {}

    @property
    def ordinal(self) -> int:
        """The number of the latest request."""
        with self._lock:
            return self._ordinal

    @property
    def holding(self) -> list[dict[str, object]]:
        """The requests being held: ordinal, system, operation, action."""
        with self._lock:
            return [dict(entry) for entry in self._holding.values()]

    def arm(self, rules: Sequence[Rule]) -> None:
        """Replace all rules and let go of every held request (its connection is closed unanswered)."""
        with self._lock:
            self._armed = [_Armed(rule) for rule in rules]
            self._released.set()
            self._released = threading.Event()

    def reset_ordinal(self) -> None:
        """Start counting requests anew; the next one is number 1."""
        with self._lock:
            self._ordinal = 0

    def admit(self, system: str, operation: str) -> tuple[int, Rule | None]:
        """Count a request; return its number and the rule that strikes it, if any."""
        with self._lock:
            self._ordinal += 1
            struck = [
                armed for armed in self._armed if armed.rule.covers(system, operation) and armed.strikes(self._ordinal)
            ]
            return self._ordinal, struck[0].rule if struck else None

    def hold(self, entry: Mapping[str, object], client_left: Callable[[], bool]) -> None:
        """Block until the rules change or the client has gone; meanwhile the entry shows in :attr:`holding`."""
        with self._lock:
            released = self._released
            self._holding[id(entry)] = dict(entry)
        try:
            while not released.wait(POLL_SECONDS) and not client_left():
                pass
        finally:
            with self._lock:
                del self._holding[id(entry)]


def parse_rule(raw: Mapping[str, Any]) -> Rule:
    """Return the rule that a control request describes.

    Raises:
        SandboxError: a key is unknown or the action is missing.
    """
    known = Rule.__dataclass_fields__
    unknown = sorted(set(raw) - set(known))
    if unknown:
        raise SandboxError(f"fault rule: unknown key {', '.join(unknown)}. Known keys: {', '.join(known)}.")
    if not raw.get("action"):
        raise SandboxError(f"fault rule {dict(raw)}: action is missing. Server actions: {', '.join(SERVER_ACTIONS)}.")
    whole = {name: int(raw[name]) for name in ("ordinal", "nth", "times", "status") if raw.get(name) is not None}
    return Rule(**{**raw, **whole, "seconds": float(raw.get("seconds") or 0)})
