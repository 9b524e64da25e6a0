"""The custom fields that the account's administrator has made.

Besides Tieout's own and the administrator's deal field, all of them free text, there is one of each other kind, as
any account has, and the checkbox that stands for the Void button.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FREE_TEXT_LIMIT = 300
"""Oracle, "Field Type Descriptions for Custom Fields": Free-Form Text holds 300 characters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomField:
    """One custom field: its script id, its kind, and the list that a select field chooses from."""

    script_id: str
    kind: str
    target: str = ""


WIRE_TYPES: Mapping[str, str] = {
    "text": "StringCustomFieldRef",
    "flag": "BooleanCustomFieldRef",
    "moment": "DateCustomFieldRef",
    "day": "DateCustomFieldRef",
    "number": "DoubleCustomFieldRef",
    "whole": "LongCustomFieldRef",
    "select": "SelectCustomFieldRef",
    "selects": "MultiSelectCustomFieldRef",
}
"""The xsi:type (in the core name space) that a value of each kind must have."""

VOID = "custbody_sandbox_void"
"""Checked by an update, it voids the document: the sandbox's stand-in for the user interface's Void button.

SuiteTalk SOAP has no operation that voids a payment, an invoice or a credit memo.
"""

SAMPLES = (
    ("note", "text", ""),
    ("checked", "flag", ""),
    ("day", "day", ""),
    ("moment", "moment", ""),
    ("factor", "number", ""),
    ("count", "whole", ""),
    ("channel", "select", "customlist_tieout_channel"),
    ("channels", "selects", "customlist_tieout_channel"),
)


def _all() -> Mapping[str, CustomField]:
    own = (
        "custentity_tieout_account_id",
        "custentity_tieout_intent",
        "custbody_tieout_deal_id",
        "custbody_tieout_intent",
        "custbody_tieout_ver",
        "custcol_tieout_line_id",
        "custbody_crm_opportunity",
    )
    found = {name: CustomField(script_id=name, kind="text") for name in own}
    found[VOID] = CustomField(script_id=VOID, kind="flag")
    for prefix in ("custentity", "custbody", "custcol"):
        for name, kind, target in SAMPLES:
            script_id = f"{prefix}_admin_{name}"
            found[script_id] = CustomField(script_id=script_id, kind=kind, target=target)
    return found


CUSTOM_FIELDS = _all()
"""Every custom field by script id."""

TRANSACTIONS = (
    "salesOrder",
    "invoice",
    "customerPayment",
    "creditMemo",
    "customerDeposit",
    "depositApplication",
    "customerRefund",
    "itemFulfillment",
    "journalEntry",
)
"""Record types that carry the custom body fields."""

PREFIX_OF: Mapping[str, str] = {"customer": "custentity", "line": "custcol", **dict.fromkeys(TRANSACTIONS, "custbody")}
"""The script id prefix of the custom fields of a record type or of a transaction's item line."""


def custom_field(owner: str, script_id: str) -> CustomField | None:
    """Return the custom field if that owner (a record type, or ``line``) has it."""
    if owner not in PREFIX_OF or not script_id.startswith(PREFIX_OF[owner] + "_"):
        return None
    return CUSTOM_FIELDS.get(script_id)


def custom_fields_of(owner: str) -> list[CustomField]:
    """Return all custom fields of an owner."""
    return [field for name, field in CUSTOM_FIELDS.items() if name.startswith(PREFIX_OF[owner] + "_")]
