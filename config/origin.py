"""Where a configuration file stands: the folder of its relative paths, and the environment of its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config import values
from config.reading import Table
from config.secrets import SecretRef
from config.settings import Located


@dataclass(frozen=True, slots=True)
class Origin:
    """One file ``sync.toml``. With ``environ``, every ``env:`` secret must name one of its variables."""

    path: Path
    environ: Mapping[str, str] | None = None

    def inside(self, name: str) -> Path:
        """Return a path that starts from the file's folder."""
        return self.path.parent / name

    def secret(self, table: Table, name: str) -> SecretRef:
        """Return the secret reference under a key; it is not resolved here."""
        reference = table.read(name, "", values.secret)
        kind, _, rest = reference.partition(":")
        if kind == "file":
            reference = f"file:{self.inside(rest)}"
        if kind == "env" and self.environ is not None and not self.environ.get(rest):
            table.refuse(name, f"the environment variable {rest} is not set.", "Set it before starting tieout.")
        return SecretRef(reference, f"{table.where(name)} {table.name}.{name}")

    def optional_secret(self, table: Table, name: str) -> SecretRef | None:
        """Return the secret reference under a key, or None when the key is absent."""
        reference = self.secret(table, name)
        return reference if table.has(name) else None

    def mapping(self, table: Table) -> Path | None:
        """Return the mapping file under ``mapping``, or None for the shipped map."""
        name = table.optional("mapping", values.text)
        if name is None:
            return None
        path = self.inside(name)
        if not path.is_file():
            fix = f"Create {path}, or remove the key to use the shipped map."
            table.refuse("mapping", f"there is no file '{name}'.", fix)
        return path


def located(table: Table, key: str) -> Located | None:
    """Return a text together with its place, or None when the key is absent."""
    text = table.optional(key, values.text)
    return None if text is None else Located(text=text, where=table.where(key))
