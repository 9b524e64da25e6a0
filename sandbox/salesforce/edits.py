"""A person's edit in the Salesforce screens, from a book's recorded edits.

``{"op": "update"|"delete"|"undelete"|"insert", "type", "match": {…}, "set": {…}, "lines": […]}``; ``lines``
(of an opportunity) are ``{"match": {…} | {"index": n}, "set": {…}}``, ``{"match": …, "delete": true}`` or, without
``match``, a new line. ``{"op": "merge", "type": "Account", "match": {the loser}, "set": {"MasterRecordId": id}}``
makes two accounts one; instead of an id a match of the winner may stand. Type ``FieldPermissions``: see
:mod:`sandbox.salesforce.security`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.errors import BookError
from sandbox.ids import canonical
from sandbox.salesforce import writes
from sandbox.salesforce.errors import ApiError, RecordError
from sandbox.salesforce.merge import merge_accounts
from sandbox.salesforce.objects import ACCOUNT, LINE_ITEM, find_object
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org
from sandbox.salesforce.schema import NUMBER_TYPES, ObjectType
from sandbox.salesforce.security import EDIT_TYPE, permit
from sandbox.store import Body


def apply(org: Org, edit: Mapping[str, Any]) -> None:
    """Carry out one edit, inside the caller's transaction; stamps move and totals follow as for any write.

    Raises:
        BookError: the match hits no record or several, a name is unknown, or the org refuses the change.
    """
    where = str(edit.get("label") or edit)
    if edit.get("type") == EDIT_TYPE:
        permit(org, edit, where)
        return
    kind = find_object(str(edit.get("type", "")))
    if kind is None:
        raise BookError(where, f"{edit.get('type')} is no object of the sandbox org.", "Correct the edit's type.")
    try:
        _apply(org, kind, edit, where)
    except (RecordError, ApiError) as error:
        raise BookError(where, f"the org refuses the edit: {error}.", "Correct the edit.") from error


def _apply(org: Org, kind: ObjectType, edit: Mapping[str, Any], where: str) -> None:
    op, values = edit["op"], edit.get("set", {})
    if op == "insert":
        writes.insert(org, kind, values, by=INTEGRATION_USER_ID)
        return
    pool = [body for body in org.table(kind.name).values() if body["IsDeleted"] == (op == "undelete")]
    body = _one(kind, pool, edit.get("match", {}), where)
    actor = str(body.get("OwnerId") or INTEGRATION_USER_ID)
    if op == "merge":
        _merge(org, kind, body, values, where, actor)
        return
    if op == "delete":
        writes.delete(org, kind, body["Id"], by=actor)
        return
    if op == "undelete":
        writes.undelete(org, kind, body["Id"], by=actor)
        return
    if values or not edit.get("lines"):
        writes.update(org, kind, body["Id"], values, by=actor, person=True)
    _edit_lines(org, body["Id"], edit.get("lines", ()), where, actor)


def _merge(org: Org, kind: ObjectType, loser: Body, values: Mapping[str, Any], where: str, actor: str) -> None:
    if kind is not ACCOUNT or set(values) != {"MasterRecordId"}:
        raise BookError(where, "a merge is of accounts and sets MasterRecordId.", "Name the account that lives on.")
    named = values["MasterRecordId"]
    match = named if isinstance(named, Mapping) else {"Id": named}
    alive = [body for body in org.table(kind.name).values() if not body["IsDeleted"]]
    merge_accounts(org, _one(kind, alive, match, where)["Id"], loser["Id"], by=actor)


def _edit_lines(org: Org, deal_id: str, lines: Sequence[Mapping[str, Any]], where: str, actor: str) -> None:
    before = sorted(org.live_children(LINE_ITEM.name, "OpportunityId", deal_id), key=writes.sort_key)
    for line in lines:
        if "match" not in line:
            writes.insert(org, LINE_ITEM, {"OpportunityId": deal_id, **line["set"]}, by=actor)
            continue
        body = _line(before, line["match"], where)
        if line.get("delete"):
            writes.delete(org, LINE_ITEM, body["Id"], by=actor)
        else:
            writes.update(org, LINE_ITEM, body["Id"], line["set"], by=actor, person=True)


def _line(lines: Sequence[Body], match: Mapping[str, Any], where: str) -> Body:
    if "index" not in match:
        return _one(LINE_ITEM, lines, match, where)
    index = int(match["index"])
    if not 0 <= index < len(lines):
        raise BookError(where, f"there is no line {index}; the deal has {len(lines)}.", "Count from 0.")
    return lines[index]


def _one(kind: ObjectType, pool: Sequence[Body], match: Mapping[str, Any], where: str) -> Body:
    wanted = {}
    for name, value in match.items():
        field = kind.find(name)
        if field is None:
            raise BookError(where, f"{kind.name} has no field {name} to match by.", "Correct the edit's match.")
        wanted[field.name] = _comparable(field.type, value)
    found = [body for body in pool if all(body[name] == value for name, value in wanted.items())]
    if not wanted or len(found) != 1:
        raise BookError(where, f"match {dict(match)} hits {len(found)} records of {kind.name}.", "It must hit one.")
    return found[0]


def _comparable(kind: str, value: Any) -> Any:  # noqa: ANN401  a field value
    if isinstance(value, str) and kind in ("id", "reference"):
        return canonical(value) or value
    if isinstance(value, str) and kind in NUMBER_TYPES:
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    return value
