"""What can go wrong between Tieout and a remote system, by what the caller can do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal


class TieoutError(Exception):
    """Root of the errors that Tieout raises on purpose."""


class ConnectorError(TieoutError):
    """A remote system did not do what was asked.

    Args:
        connection: name of the connection in ``sync.toml`` (``salesforce``, ``netsuite``).
        what: what was being done, in plain words.
        why: the cause as far as it is known; never contains a secret.
        fix: what a person can do about it.
        code: the remote system's own code, where it gave one.
    """

    def __init__(self, *, connection: str, what: str, why: str, fix: str, code: str = "") -> None:
        super().__init__(f"{connection}: {what}: {why} {fix}".strip())
        self.connection = connection
        self.what = what
        self.why = why
        self.fix = fix
        self.code = code


class TransientError(ConnectorError):
    """The same call may succeed later without anybody's help: retry a read, never blindly a write."""


class UnreachableError(TransientError):
    """No connection could be made; nothing was sent."""


class RateLimitedError(TransientError):
    """The remote system asks to slow down (concurrency or short-term rate).

    ``until`` is the moment before which it asked not to be called, where it named one.
    """

    until: datetime | None = None


class QuotaExhaustedError(ConnectorError):
    """The daily budget of calls is spent: stop, keep the cursor, resume when it is renewed."""


class AuthenticationError(ConnectorError):
    """The credentials were refused, after one renewal: a person must look."""


class AccessDeniedError(ConnectorError):
    """The integration user lacks a permission: a person must grant it."""


class SchemaError(ConnectorError):
    """A field or record type does not exist for the integration user: a mapping or a permission is wrong."""


class ProtocolError(ConnectorError):
    """The answer is not of the agreed form (HTML instead of JSON, a missing part): nothing of it was used."""


INCOMPLETE = "INCOMPLETE"
"""Code of a ProtocolError at the end of a paged read: rows were missing, and any of its pages may have lacked them."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong in a file that a person edits.

    ``where`` is ``file:line`` (or a setting's name), ``what`` the complaint, ``fix`` how to mend it.
    A ``warning`` does not keep the file from being used.
    """

    where: str
    what: str
    fix: str = ""
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" {self.fix}" if self.fix else "")


class MappingError(TieoutError):
    """A mapping file cannot be used; ``problems`` lists every fault found, each with file and line."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)
