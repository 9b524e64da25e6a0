"""Named places at which a run may fail or its process may die, so that tests can try every one of them.

Off, a fault point costs one comparison. Nothing in the product listens.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

Listener = Callable[[str], None]

_listener: Listener | None = None


def fault_point(name: str) -> None:
    """Tell whoever listens that a run has come to this place (``netsuite.sent``); it may raise or end the process."""
    if _listener is not None:
        _listener(name)


@contextmanager
def listening(listener: Listener) -> Iterator[None]:
    """Have ``listener`` told of every fault point that is reached while the block runs, in whatever thread."""
    global _listener  # noqa: PLW0603  one process, one listener
    before, _listener = _listener, listener
    try:
        yield
    finally:
        _listener = before
