"""Finds the mapping documents: the admin's beside ``sync.toml``, the shipped base maps in the installed package."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from config.document import TomlDocument, parse_document
from config.reading import nearest

PACKAGE = "mappings"
FLOWS = ("order_to_cash",)


def base_names() -> list[str]:
    """Return the names of the shipped base maps, as ``extends`` writes them."""
    found = ((flow, entry.name) for flow in FLOWS for entry in _flow(flow).iterdir())
    return sorted(f"{flow}/{name.removesuffix('.toml')}" for flow, name in found if name.endswith(".toml"))


def base_document(name: str) -> TomlDocument:
    """Return a shipped base map, such as ``order_to_cash/opportunity_to_sales_order``.

    Raises:
        LookupError: there is none of that name; the text lists those that there are.
    """
    known = base_names()
    if name not in known:
        raise LookupError(nearest(name, known))
    flow, _, file = name.partition("/")
    text = _flow(flow).joinpath(f"{file}.toml").read_text(encoding="utf-8")
    return parse_document(text, f"{name}.toml")


def template_files() -> dict[str, str]:
    """Return the files that a newcomer starts with, by path: ``sync.toml`` and ``mappings/*.toml``."""
    root = files("config").joinpath("templates")
    maps = {f"mappings/{entry.name}": entry for entry in root.joinpath("mappings").iterdir()}
    chosen = {"sync.toml": root.joinpath("sync.toml")} | dict(sorted(maps.items()))
    return {path: entry.read_text(encoding="utf-8") for path, entry in chosen.items() if path.endswith(".toml")}


def _flow(name: str) -> Traversable:
    return files(PACKAGE).joinpath(name)
