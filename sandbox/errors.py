"""What a person can get wrong with the sandbox: a bad book, a bad edit, a bad question."""

from __future__ import annotations


class SandboxError(Exception):
    """The sandbox cannot do what was asked; the message says what, where, why and how to mend it."""


class BookError(SandboxError):
    """A file of a book folder cannot be loaded; nothing of the book was.

    Args:
        where: ``file:line``, or the label of a recorded edit.
        what: the complaint, with column and value.
        fix: how to mend it.
    """

    def __init__(self, where: str, what: str, fix: str) -> None:
        super().__init__(f"{where}: {what} {fix}")
        self.where = where
        self.what = what
        self.fix = fix
