"""Structured logs: one JSON object a line on standard error, or silence for interactive commands."""

from __future__ import annotations

import logging
import sys

import structlog


def set_up(*, verbose: bool) -> None:
    """Send structlog's events to standard error; without ``verbose`` only warnings.

    Events carry run, job and record ids, never bodies and never secrets.
    """
    level = logging.INFO if verbose else logging.WARNING
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )
