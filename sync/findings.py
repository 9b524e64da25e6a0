"""From a mapping's findings to the hold that a person reads."""

from __future__ import annotations

from collections.abc import Sequence

from journal.holds import HoldCause
from mappings.outcome import Finding
from sync.codes import CODES


def first_hold(problems: Sequence[Finding]) -> HoldCause:
    """Return the hold for a record that cannot be mapped; the first problem names it, the others are listed."""
    first = problems[0]
    others = "; ".join(problem.cause for problem in problems[1:])
    detail = {"field": first.field, "where": first.where}
    if others:
        detail["also"] = others
    known = CODES.get(first.code, CODES["BAD_VALUE"])
    return HoldCause(
        code=first.code,
        class_=known.class_,
        cause=first.cause,
        owner=first.owner,
        fix=first.fix or known.fix,
        detail=detail,
        about=first.about,
    )
