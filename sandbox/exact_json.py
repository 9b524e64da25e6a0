"""JSON with exact numbers: every number is a Decimal (or int) on both sides, never a float."""

from __future__ import annotations

import json
from decimal import Decimal
from json.encoder import encode_basestring
from typing import Any


def dumps(value: Any) -> str:  # noqa: ANN401  any JSON value
    """Return the JSON text of the value; a Decimal keeps every digit.

    Raises:
        TypeError: the value holds something that JSON has no form for (a float, a date, a set).
    """
    kind = type(value)
    if kind is str:
        return encode_basestring(value)
    if kind is dict:
        return "{" + ",".join([f"{encode_basestring(key)}:{_member(item)}" for key, item in value.items()]) + "}"
    if kind is list or kind is tuple:
        return "[" + ",".join([dumps(item) for item in value]) + "]"
    return _scalar(value)


def loads(text: str | bytes) -> Any:  # noqa: ANN401  any JSON value
    """Return the JSON value; fractions and whole numbers alike become Decimal."""
    return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def _member(value: Any) -> str:  # noqa: ANN401  any JSON value
    """Return the text of a value; the commonest kinds first, for speed."""
    if value is None:
        return "null"
    return encode_basestring(value) if type(value) is str else dumps(value)


def _scalar(value: object) -> str:
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, Decimal):
        return _number(value)
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, str):
        return encode_basestring(value)
    raise TypeError(f"{type(value).__name__} {value!r} has no exact JSON form")


def _number(value: Decimal) -> str:
    if not value.is_finite():
        raise TypeError(f"{value} has no JSON form")
    return str(value)
