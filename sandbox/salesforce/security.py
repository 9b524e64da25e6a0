"""Field-level security of the integration user: fields that it may not see, or see but not change.

A person sets it by a recorded edit of type ``FieldPermissions`` (the real object's fields):
``{"op": "update", "type": "FieldPermissions", "match": {"Field": "Opportunity.Tieout_Paid__c"},
"set": {"PermissionsRead": false, "PermissionsEdit": false}}``. For a test a fault rule ``hide_fields`` does the
same while it is in force, with the body ``{"Opportunity": ["Tieout_Paid__c"]}``.

Source: Salesforce Object Reference, FieldPermissions; a hidden field is absent from describe and unknown to SOQL.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sandbox.errors import BookError
from sandbox.faults import Rule
from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import find_object
from sandbox.salesforce.org import Org
from sandbox.salesforce.schema import Field, ObjectType

EDIT_TYPE = "FieldPermissions"
KEPT = "_field_permissions"
SWITCHES = ("PermissionsRead", "PermissionsEdit")


class Access:
    """What the integration user may do with each field during one call.

    Args:
        org: keeps the permissions that were taken away.
        fault: the rule that strikes the call, if any.
    """

    def __init__(self, org: Org, fault: Rule | None = None) -> None:
        self._kept = org.table(KEPT)
        self._hidden = _hidden_by(fault)

    def readable(self, kind: ObjectType, field: Field) -> bool:
        """Return whether the field is there at all for the user."""
        return self._may(kind, field, "PermissionsRead")

    def editable(self, kind: ObjectType, field: Field) -> bool:
        """Return whether the user may give the field a value (where the field allows that to anybody)."""
        return self.readable(kind, field) and self._may(kind, field, "PermissionsEdit")

    def check(self, kind: ObjectType, given: Mapping[str, Any]) -> None:
        """Refuse values for fields that the user may not change.

        Raises:
            RecordError: INVALID_FIELD_FOR_INSERT_UPDATE, with every such field.
        """
        if not self._kept and not self._hidden:
            return
        fields = [field for name in given if (field := kind.find(name)) is not None]
        denied = [field.name for field in fields if not self.editable(kind, field)]
        if denied:
            raise unwritable(denied)

    def _may(self, kind: ObjectType, field: Field, switch: str) -> bool:
        if not self._kept and not self._hidden:
            return True
        path = f"{kind.name}.{field.name}"
        return path not in self._hidden and bool(self._kept.get(path, {}).get(switch, True))


def unwritable(fields: list[str]) -> RecordError:
    """Return the refusal of a write to fields that the user may not write, or nobody may."""
    return RecordError(
        "INVALID_FIELD_FOR_INSERT_UPDATE",
        f"Unable to create/update fields: {', '.join(fields)}. Please check the security settings of this field and"
        " verify that it is read/write for your profile or permission set.",
        fields,
    )


def permit(org: Org, edit: Mapping[str, Any], where: str) -> None:
    """Carry out an edit of a field permission; what it does not name stays as it was.

    Raises:
        BookError: there is no such field, or something else than the two switches is set.
    """
    object_name, _, field_name = str(edit.get("match", {}).get("Field", "")).partition(".")
    kind = find_object(object_name)
    field = None if kind is None else kind.find(field_name)
    switches = edit.get("set", {})
    if kind is None or field is None or edit["op"] != "update":
        raise BookError(
            where, "the match names no field of the org.", 'Write {"Field": "Opportunity.Name"}, op update.'
        )
    if not switches or any(name not in SWITCHES or not isinstance(on, bool) for name, on in switches.items()):
        raise BookError(
            where, f"{EDIT_TYPE} are set to {dict(switches)}.", f"Set {' or '.join(SWITCHES)} to a boolean."
        )
    path = f"{kind.name}.{field.name}"
    org.store.put(KEPT, path, {**(org.store.peek(KEPT, path) or {}), **switches})


def _hidden_by(fault: Rule | None) -> frozenset[str]:
    if fault is None or fault.action != "hide_fields":
        return frozenset()
    paths = set()
    for name, fields in (fault.body or {}).items():
        kind = find_object(str(name))
        found = () if kind is None else (kind.find(str(field)) for field in fields)
        paths |= {f"{kind.name}.{field.name}" for field in found if kind is not None and field is not None}
    return frozenset(paths)
