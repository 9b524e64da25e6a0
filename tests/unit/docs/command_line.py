"""The commands of ``tieout`` with their arguments and options, from the program itself."""

from __future__ import annotations

from functools import cache
from typing import Any

import typer

from console.main import app

SHORTCUTS = {"holds": "list"}
"""Groups that do something without a command of theirs, and which one they then do."""


@cache
def commands() -> dict[str, Any]:
    """Return every command by its words after ``tieout``, such as ``sandbox serve``."""
    found: dict[str, Any] = {}
    for name, command in _group(typer.main.get_command(app)).items():
        inner = _group(command)
        found |= {f"{name} {word}": each for word, each in inner.items()} if inner else {name: command}
    return found


def _group(command: Any) -> dict[str, Any]:
    return dict(getattr(command, "commands", {}))


def spellings(name: str) -> list[str]:
    """Return a command's arguments by name and its options in every spelling."""
    return [
        spelling
        for parameter in commands()[name].params
        for spelling in (parameter.opts if parameter.param_type_name == "option" else [parameter.name.rstrip("_")])
        if spelling != "--help"
    ]


def parse(words: list[str]) -> None:
    """Parse a command line (without ``tieout``) as the program would, and run nothing.

    Raises:
        Exception: the program would refuse it.
    """
    if words[0] in SHORTCUTS and (len(words) == 1 or words[1].startswith("-")):
        words = [words[0], SHORTCUTS[words[0]], *words[1:]]
    length = 2 if words[0] in {name.split()[0] for name in commands() if " " in name} else 1
    name = " ".join(words[:length])
    assert name in commands(), f"there is no command 'tieout {name}'"
    commands()[name].make_context(name, words[length:])
