"""A TOML file of the operator: its values, its text, and the line of each key for messages."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from config.errors import ConfigError, ConfigProblem
from config.positions import positions

PLACE = re.compile(r"\s*\(at (?:line (\d+), column (\d+)|end of document)\)\Z")
FIX = 'Texts stand in quotes, one setting a line: name = "value"; every quote and bracket is closed.'


@dataclass(frozen=True, slots=True, kw_only=True)
class TomlDocument:
    """A parsed TOML file. ``file`` is its name as shown to the person who edits it; fractions are Decimal."""

    file: str
    text: str
    values: Mapping[str, Any]
    positions: Mapping[tuple[str | int, ...], int] = field(repr=False)

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """Return the 1-based line of that key, or of its nearest parent; 1 for the file as a whole."""
        while path and path not in self.positions:
            path = path[:-1]
        return self.positions.get(path, 1)

    def where(self, path: tuple[str | int, ...]) -> str:
        """Return ``file:line`` of that key."""
        return f"{self.file}:{self.line_of(path)}"


def parse_document(text: str, file: str) -> TomlDocument:
    """Parse TOML text.

    Raises:
        ConfigError: it is not TOML; the problem names file and line.
    """
    try:
        values = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError([_malformed(str(error), text, file)]) from error
    except RecursionError as error:
        raise ConfigError([ConfigProblem(f"{file}:1", "the file is nested too deeply.", FIX)]) from error
    return TomlDocument(file=file, text=text, values=values, positions=positions(text.replace("\r\n", "\n")))


def read_document(path: Path, file: str | None = None) -> TomlDocument:
    """Read a TOML file; ``file`` is the name to show, by default the path as given.

    Raises:
        ConfigError: it cannot be read or is not TOML.
    """
    shown = str(path) if file is None else file
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        fix = "Check the path, or write the files to start with: tieout init."
        raise ConfigError([ConfigProblem(shown, f"the file cannot be read: {error.strerror}.", fix)]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([ConfigProblem(shown, "the file is not UTF-8 text.", "Save it as UTF-8.")]) from error
    return parse_document(text, shown)


def _malformed(message: str, text: str, file: str) -> ConfigProblem:
    place = PLACE.search(message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    column = f", column {place[2]}" if place and place[2] else ""
    what = PLACE.sub("", message)
    return ConfigProblem(f"{file}:{line}", f"this is not valid TOML{column}: {what[:1].lower()}{what[1:]}.", FIX)
