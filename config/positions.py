"""Finds the line of each key in a TOML text; TOML libraries tell values but no places.

The text has been accepted by ``tomllib`` before, so this scanner checks nothing and only follows the syntax:
table heads, arrays of tables, dotted and quoted keys, inline tables, arrays and all four kinds of text.
"""

from __future__ import annotations

import tomllib
from bisect import bisect_right

Path = tuple[str | int, ...]

BLANK = " \t"
SPACE = " \t\r\n"
BARE_END = " \t\r\n,]}#=."


def positions(text: str) -> dict[Path, int]:
    """Return the 1-based line of every table, key and array element, by its path.

    ``[[rules]]`` gives ``("rules", 0)``, ``("rules", 1)``; a dotted key gives each of its prefixes.
    """
    return _Scanner(text).scan()


class _Scanner:
    """Walks through the text once."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.breaks = [index for index, char in enumerate(text) if char == "\n"]
        self.found: dict[Path, int] = {}
        self.counts: dict[Path, int] = {}

    def scan(self) -> dict[Path, int]:
        table: Path = ()
        while self.skip(SPACE):
            table = self.head() if self.peek() == "[" else self.pair(table)
        return self.found

    def peek(self) -> str:
        return self.text[self.at : self.at + 1]

    def line(self, at: int) -> int:
        return bisect_right(self.breaks, at - 1) + 1

    def note(self, path: Path, at: int) -> None:
        self.found.setdefault(path, self.line(at))

    def skip(self, blanks: str) -> bool:
        """Pass blanks and comments; return whether any text is left."""
        while self.at < len(self.text) and (self.peek() in blanks or self.peek() == "#"):
            if self.peek() == "#":
                end = self.text.find("\n", self.at)
                self.at = len(self.text) if end < 0 else end
            else:
                self.at += 1
        return self.at < len(self.text)

    def head(self) -> Path:
        """Read ``[a.b]`` or ``[[a.b]]`` and return the path that its keys belong to."""
        start = self.at
        several = self.text.startswith("[[", self.at)
        self.at += 2 if several else 1
        keys = self.key()
        self.skip(BLANK)
        self.at += 2 if several else 1
        path = self.resolve(keys[:-1], start)
        last: Path = (*path, keys[-1])
        self.note(last, start)
        if several:
            index = self.counts.get(last, 0)
            self.counts[last] = index + 1
            last = (*last, index)
            self.note(last, start)
        elif last in self.counts:
            last = (*last, self.counts[last] - 1)
        return last

    def resolve(self, keys: list[str], at: int) -> Path:
        """Return the path of nested keys, each array of tables standing for its latest element."""
        path: Path = ()
        for key in keys:
            path = (*path, key)
            self.note(path, at)
            if path in self.counts:
                path = (*path, self.counts[path] - 1)
        return path

    def pair(self, table: Path) -> Path:
        """Read ``key = value`` below a table and return that table again."""
        start = self.at
        path = table
        for key in self.key():
            path = (*path, key)
            self.note(path, start)
        self.skip(BLANK)
        self.at += 1
        self.skip(BLANK)
        self.value(path)
        return table

    def key(self) -> list[str]:
        parts = []
        while True:
            self.skip(BLANK)
            parts.append(self.quoted() if self.peek() in "\"'" else self.bare())
            self.skip(BLANK)
            if self.peek() != ".":
                return parts
            self.at += 1

    def bare(self) -> str:
        start = self.at
        while self.at < len(self.text) and self.text[self.at] not in BARE_END:
            self.at += 1
        return self.text[start : self.at]

    def quoted(self) -> str:
        """Read a text in quotes of any kind and return its value."""
        start = self.at
        quote = self.peek()
        mark = quote * 3 if self.text.startswith(quote * 3, self.at) else quote
        self.at += len(mark)
        while not self.text.startswith(mark, self.at):
            self.at += 2 if quote == '"' and self.peek() == "\\" else 1
        self.at += len(mark)
        while len(mark) == len("'''") and self.peek() == quote:
            self.at += 1
        value: str = tomllib.loads(f"x = {self.text[start : self.at]}")["x"]
        return value

    def value(self, path: Path) -> None:
        match self.peek():
            case '"' | "'":
                self.quoted()
            case "[":
                self.array(path)
            case "{":
                self.inline(path)
            case _:
                while self.at < len(self.text) and self.text[self.at] not in "\r\n,]}#":
                    self.at += 1

    def array(self, path: Path) -> None:
        self.at += 1
        index = 0
        while self.skip(SPACE + ",") and self.peek() != "]":
            self.note((*path, index), self.at)
            self.value((*path, index))
            index += 1
        self.at += 1

    def inline(self, path: Path) -> None:
        self.at += 1
        while self.skip(SPACE + ",") and self.peek() != "}":
            self.pair(path)
        self.at += 1
