"""What a mapping file must offer to be parsed; ``config.document.TomlDocument`` fits, and so does a fake in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol


class Document(Protocol):
    """A parsed mapping file that knows where each of its keys stands."""

    @property
    def file(self) -> str:
        """The file's name as shown to the person who edits it."""

    @property
    def text(self) -> str:
        """The file's content, byte for byte, kept as evidence of what was applied."""

    @property
    def values(self) -> Mapping[str, Any]:
        """The parsed tables; fractions are Decimal."""

    def line_of(self, path: tuple[str | int, ...]) -> int:
        """Return the 1-based line of that key, or of its nearest parent."""
