"""Secrets by reference: ``env:NAME``, ``file:/path`` or ``keyring:service/user``; never a literal."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


class SecretError(Exception):
    """A secret reference is malformed or leads nowhere."""


class Secret:
    """A secret value that shows itself only through :meth:`reveal`."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value, for the one place that signs or sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        raise TypeError("a secret is not pickled")


@dataclass(frozen=True, slots=True)
class SecretRef:
    """Where a secret is kept; ``where`` is the place in ``sync.toml`` that names it."""

    reference: str
    where: str = ""

    def resolve(self, environ: Mapping[str, str] | None = None) -> Secret:
        """Return the secret.

        Raises:
            SecretError: the reference has an unknown kind, leads nowhere, or its file is readable by others.
        """
        kind, _, rest = self.reference.partition(":")
        if kind == "env":
            return self._from_environment(rest, os.environ if environ is None else environ)
        if kind == "file":
            return self._from_file(Path(rest))
        if kind == "keyring":
            return self._from_keyring(rest)
        raise SecretError(
            f"{self.where}: a secret must be a reference (env:NAME, file:/path or keyring:service/user), "
            "not the value itself."
        )

    def _from_environment(self, name: str, environ: Mapping[str, str]) -> Secret:
        value = environ.get(name)
        if not value:
            raise SecretError(
                f"{self.where}: the environment variable {name} is not set. Set it before starting tieout."
            )
        return Secret(value)

    def _from_file(self, path: Path) -> Secret:
        try:
            mode = path.stat().st_mode
            text = path.read_text(encoding="utf-8").strip()
        except OSError as error:
            raise SecretError(
                f"{self.where}: cannot read the secret file {path}: {error.strerror}. Create it, or correct the path."
            ) from error
        if stat.S_IMODE(mode) & 0o077:
            raise SecretError(f"{self.where}: the secret file {path} can be read by others. Run: chmod 600 {path}")
        if not text:
            raise SecretError(f"{self.where}: the secret file {path} is empty. Write the secret into it.")
        return Secret(text)

    def _from_keyring(self, rest: str) -> Secret:
        service, _, user = rest.partition("/")
        try:
            import keyring
        except ImportError as error:
            raise SecretError(
                f"{self.where}: keyring: references need the package keyring. Run: pip install keyring"
            ) from error
        value = keyring.get_password(service, user)
        if not value:
            raise SecretError(f"{self.where}: the keyring holds no secret for {service}/{user}.")
        return Secret(value)
