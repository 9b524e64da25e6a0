"""How a selection becomes queries: conditions joined by AND, long lists of values split over several queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeVar

from connectors.netsuite import queries

T = TypeVar("T")
Part = tuple[str, Sequence[str] | None, Callable[[str, Sequence[str]], str]]
"""A column, the values asked for (None: any), and how a condition on them is written."""


def selections(parts: Iterable[Part], fixed: Sequence[str] = ()) -> list[list[str]]:
    """Return the conditions of each query that is needed: one query for every chunk of values.

    Args:
        parts: the selected columns; an empty list of values selects nothing, hence no query.
        fixed: conditions that every query carries.
    """
    combined = [list(fixed)]
    for column, values, condition in parts:
        if values is not None:
            split = list(chunks(sorted({value.lower() for value in values}), queries.IN_LIST))
            combined = [[*before, condition(column, chunk)] for before in combined for chunk in split]
    return combined


def chunks(values: Iterable[T], size: int = queries.IN_LIST) -> Iterator[Sequence[T]]:
    """Yield the values in lists of at most ``size``."""
    iterator = iter(values)
    while chunk := list(islice(iterator, size)):
        yield chunk
