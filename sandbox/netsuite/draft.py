"""A record as somebody wants it: what a write request, a book's row or a person's edit says, not yet checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.netsuite.custom_fields import CUSTOM_FIELDS, FREE_TEXT_LIMIT
from sandbox.netsuite.failure import too_long
from sandbox.netsuite.fields import ADDRESS, ADDRESSBOOK, Field
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.record_types import RecordType
from sandbox.netsuite.references import Ref, resolve
from sandbox.netsuite.sublists import SUBLISTS


@dataclass(slots=True, kw_only=True)
class Draft:
    """The wanted state of one record.

    Args:
        kind: its type.
        internal_id: the internal id given, or empty.
        external_id: the external id given, or empty.
        values: body fields by name; references may be a :class:`Ref`; None clears.
        lines: item lines, each a mapping of line fields; None leaves them alone.
        replace_lines: whether existing lines that ``lines`` does not name are removed.
        rows: the members of its other lists, by the list's field name; a list that is not named is left alone.
        replace_rows: for each list in ``rows`` whether existing members that it does not name are removed.
        addresses: address book entries; None leaves them alone.
        replace_addresses: whether entries that ``addresses`` does not name are removed.
    """

    kind: RecordType
    internal_id: str = ""
    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    lines: list[dict[str, Any]] | None = None
    replace_lines: bool = True
    rows: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    replace_rows: dict[str, bool] = field(default_factory=dict)
    addresses: list[dict[str, Any]] | None = None
    replace_addresses: bool = True


def settle(ledger: Ledger, draft: Draft) -> None:
    """Check the lengths of all texts and put internal ids in place of all references.

    Raises:
        RecordError: a text is too long, or a reference leads to no active record.
    """
    _settle(ledger, draft.values, draft.kind.fields)
    for known in draft.kind.fields.values():
        members = draft.lines if known.kind == "items" else draft.rows.get(known.name)
        for member in members or ():
            _settle(ledger, member, SUBLISTS[known.target].fields)
    for entry in draft.addresses or ():
        _settle(ledger, entry, ADDRESSBOOK)


def _settle(ledger: Ledger, values: dict[str, Any], spec: Mapping[str, Field]) -> None:
    for name, value in values.items():
        known = spec.get(name)
        if isinstance(value, Ref):
            values[name] = resolve(ledger, value, name)
        elif isinstance(value, dict):
            _settle(ledger, value, ADDRESS)
        elif isinstance(value, list):
            values[name] = [resolve(ledger, item, name) if isinstance(item, Ref) else item for item in value]
        elif isinstance(value, str):
            limit = FREE_TEXT_LIMIT if name in CUSTOM_FIELDS else known.limit if known else None
            if limit is not None and len(value) > limit:
                raise too_long(name, limit)
