"""The small named set of text transforms; anything more belongs in a formula field of the CRM."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")


def digits(text: str) -> str:
    """Keep the digits 0 to 9 only."""
    return "".join(char for char in text if char in "0123456789")


def first_line(text: str) -> str:
    """Keep the first line that is not blank."""
    return next((line.strip() for line in text.splitlines() if line.strip()), "")


def one_line(text: str) -> str:
    """Put everything on one line with single blanks."""
    return " ".join(text.split())


def web_address(text: str) -> str:
    """Put ``https://`` before an address without a scheme: NetSuite's ``url`` field wants one."""
    text = text.strip()
    return text if not text or SCHEME.match(text) else f"https://{text}"


TRANSFORMS: Mapping[str, Callable[[str], str]] = {
    "upper": str.upper,
    "lower": str.lower,
    "trim": str.strip,
    "digits": digits,
    "first_line": first_line,
    "one_line": one_line,
    "web_address": web_address,
}
"""Transforms by the name used in ``transform = "..."``."""
