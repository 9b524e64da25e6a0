"""Structured logs on standard error: one JSON object a line, lines for people, or silence for commands."""

from __future__ import annotations

import logging
import sys
from typing import Any, Literal

import structlog

Form = Literal["json", "console"]


def set_up(*, verbose: bool, form: Form = "json") -> None:
    """Send structlog's events to standard error; without ``verbose`` only warnings.

    Events carry run, job, slot and record ids, never bodies and never secrets.
    """
    level = logging.INFO if verbose else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            *_last(form),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


def set_up_service(form: Form) -> None:
    """Log the background service: its own events, and the warnings of libraries in the same form."""
    set_up(verbose=True, form=form)
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _Forwarding)]:
        root.removeHandler(handler)
    root.addHandler(_Forwarding(logging.WARNING))
    # A lane that is at work when its next look comes is no news.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


class _Forwarding(logging.Handler):
    """Passes a library's message on as an event. Tracebacks stay out: they may quote what is secret."""

    def emit(self, record: logging.LogRecord) -> None:
        log = structlog.get_logger(record.name)
        say = log.error if record.levelno >= logging.ERROR else log.warning
        error = record.exc_info[0].__name__ if record.exc_info and record.exc_info[0] else None
        say("library_message", library=record.name, text=record.getMessage()[:500], error=error)


def _last(form: Form) -> list[Any]:
    if form == "json":
        return [structlog.processors.JSONRenderer()]
    plain = structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback)
    return [_printable, plain]


def _printable(_logger: object, _name: str, event: Any) -> Any:
    """Escape what could move a terminal's cursor or forge a line."""
    return {key: _escaped(value) if isinstance(value, str) else value for key, value in event.items()}


def _escaped(text: str) -> str:
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)
