"""What a refusal means for people: its class, whose turn it is, and what to do, in the remote system's own words.

Sources: Oracle's StatusDetailCodeType (SuiteTalk 2025.2); Salesforce REST API Developer Guide, Status Codes and
Error Responses.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from connectors.receivables import PERIOD_CODES
from connectors.records import WriteOutcome
from journal.holds import HoldCause
from journal.nouns import KIND_INVOICE
from sync import codes

SALESFORCE, NETSUITE = "Salesforce", "NetSuite"


@dataclass(frozen=True, slots=True)
class Advice:
    """Whose turn it is after a refusal of one class, and what they do."""

    owner: str
    fix: str


ADVICE: Mapping[str, Advice] = {
    codes.DATA: Advice("data", "Correct the value that {system} names, in Salesforce."),
    codes.MAPPING: Advice("admin", "Have the mapping fill the field that {system} names, or no longer name it."),
    codes.REFERENCE: Advice("admin", "Create or reactivate the record that {system} names, or correct the mapping."),
    codes.PERMISSION: Advice("admin", "Give Tieout's user in {system} the right that {system} names."),
    codes.CONFLICT: Advice("finance", "Somebody else's change stands against it in {system}: decide which one holds."),
    codes.RATE: Advice("admin", "Wait; if it comes back, spread other integrations' requests over the day."),
    codes.QUOTA: Advice("admin", "Free some of the limit that {system} names, or buy more of it."),
    codes.REMOTE: Advice("admin", "Mend what {system} names, in Salesforce, in NetSuite or in the mapping."),
}
AGAIN = "Changed content is sent at once, the same again a few times, less and less often."

CLASS_OF: Mapping[str, frozenset[str]] = {
    codes.PERMISSION: frozenset(
        {
            "INSUFFICIENT_PERMISSION", "INSUFFICIENT_FLD_PERMISSION", "PERMISSION_VIOLATION", "WS_PERMISSION_REQD",
            "ROLE_REQUIRED", "INSUFFICIENT_ACCESS", "INSUFFICIENT_ACCESS_OR_READONLY",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY", "INVALID_FIELD_FOR_INSERT_UPDATE", "API_DISABLED_FOR_ORG",
            "API_CURRENTLY_DISABLED", "FIELD_INTEGRITY_PERMISSION", "CANNOT_UPDATE_CONVERTED_LEAD",
        }
    ),
    codes.REFERENCE: frozenset(
        {
            "INVALID_KEY_OR_REF", "INVALID_REF_KEY", "RCRD_DSNT_EXIST", "NONEXISTENT_ID", "NONEXISTENT_EXTERNAL_ID",
            "INVALID_ID", "INVALID_RCRD_ID", "ITEM_IS_UNAVAILABLE", "INVALID_SUB", "INVALID_TAX_CODE",
            "INVALID_TAX_CODE_FOR_SUB", "INVALID_TRANS_SUB_CLASS", "INVALID_TRANS_SUB_DEPT", "INVALID_TRANS_SUB_ENTITY",
            "INVALID_TRANS_SUB_ITEM", "INVALID_TRANS_SUB_LOC", "INVALID_ITEM_SUBTYP", "MATCHING_CUR_SUB_REQD",
            "SUBSIDIARY_MISMATCH", "SUB_MISMATCH", "RCRD_SUB_MISMATCH_WITH_CLASS", "INVALID_CURRENCY_CODE",
            "INVALID_CURR_CODE", "MISMATCHED_CURRENCY", "ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY",
            "INVALID_ID_FIELD", "NOT_FOUND", "MALFORMED_ID",
        }
    ),
    codes.MAPPING: frozenset(
        {
            "CSTM_FIELD_VALUE_REQD", "FIELD_PARAM_REQD", "FIELD_REQD", "FLD_VALUE_REQD", "MISSING_MANDATORY_FIELDS",
            "MISSING_REQD_FLD", "REQD_LOC_FIELDS_MISSING", "REQD_SUB_FIELDS_MISSING", "LOCATION_REQD", "TAX_CODE_REQD",
            "CRNCY_REQD", "INVALID_CSTM_FIELD_DATA_TYP", "INVALID_CSTM_FIELD_RCRD_TYP", "INVALID_CSTM_FIELD_REF",
            "INVALID_FIELD_FOR_RCRD_TYP", "INVALID_FIELD_NAME_FOR_NULL", "INVALID_FLD", "INVALID_FLD_TYP",
            "NONEXISTENT_FIELD", "UNDEFINED_CSTM_FIELD", "RCRD_REF_RCRD_TYP_MISMATCH", "MISSING_ENUM",
            "INVALID_FIELD", "INVALID_TYPE", "INVALID_TYPE_ON_FIELD_IN_RECORD", "STRING_TOO_LONG",
            "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", "JSON_PARSER_ERROR", "REQUIRED_FIELD_MISSING",
        }
    ),
    codes.DATA: frozenset(
        {
            "ADDRESS_LINE_1_REQD", "AMT_DISALLWD", "EXCEEDED_MAX_FIELD_LENGTH", "FLD_VALUE_TOO_LARGE", "INVALID_AMT",
            "INVALID_DATE", "INVALID_DATE_FORMAT", "INVALID_EMAIL", "INVALID_FLD_VALUE", "INVALID_NUMBER",
            "INVALID_PHONE", "INVALID_PHONE_NUM", "INVALID_STATE", "INVALID_VALUE", "INVALID_ZIP_CODE",
            "INVALID_ZIP_POST_CODE", "NAME_REQD", "NONZERO_AMT_REQD", "NONZERO_QTY_REQD", "POSITIVE_QTY_REQD",
            "QTY_REQD", "STATE_REQD", "TRAN_DATE_REQD", "VALID_EMAIL_REQD", "VALID_LINE_ITEM_REQD",
            "VALID_ZIPCODE_REQD", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "FIELD_FILTER_VALIDATION_EXCEPTION",
            "INVALID_EMAIL_ADDRESS", "NUMBER_OUTSIDE_VALID_RANGE",
        }
    ),
    codes.CONFLICT: frozenset(
        {
            "RCRD_HAS_BEEN_CHANGED", "RCRD_LOCKED_BY_WF", "RCRD_UNEDITABLE", "SALES_ORDER_EDIT_NOT_ALLOWED",
            "TRANS_EDIT_DISALLWD", "SUBSIDIARY_CHANGE_NOT_ALLOWED", "CANT_CHANGE_SUB", "INVALID_ORD_STATUS",
            "INVALID_STATUS", "DUP_RCRD", "DUP_ENTITY", "DUP_ITEM", "DUPLICATES_DETECTED", "DUPLICATE_VALUE",
            "DUPLICATE_EXTERNAL_ID", "ENTITY_IS_LOCKED",
        }
    ) | PERIOD_CODES,
    codes.RATE: frozenset(
        {
            "WS_REQUEST_BLOCKED", "WS_CONCUR_SESSION_DISALLWD", "EXCEEDED_MAX_CONCUR_RQST",
            "CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED", "UNABLE_TO_LOCK_ROW", "ROW_LOCKED",
        }
    ),
    codes.QUOTA: frozenset(
        {"REQUEST_LIMIT_EXCEEDED", "STORAGE_LIMIT_EXCEEDED", "LIMIT_EXCEEDED", "MAXIMUM_SIZE_OF_REQUEST_EXCEEDED"}
    ),
}  # fmt: skip
"""Codes by the class of what heals them; every other one needs a person to read its words."""

SPEAKS_IN_WORDS = frozenset(
    {"USER_ERROR", "UNEXPECTED_ERROR", "FIELD_CUSTOM_VALIDATION_EXCEPTION", "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"}
)
"""Codes that say nothing by themselves: which refusals are alike is in their words."""
ASKS_FOR_A_VALUE = re.compile(r"(?i)\bplease (?:enter|choose|provide|select)\b|\bis (?:required|mandatory)\b")
OWN_VALUE = re.compile(r"\d[\d.,:/-]*|'[^']*'|\"[^\"]*\"")
"""What differs between two refusals of the same kind: numbers, dates and quoted values."""


def by_netsuite(kind: str, outcome: WriteOutcome) -> HoldCause:
    """Return the hold for a record that NetSuite refused, in NetSuite's own words."""
    if kind == KIND_INVOICE and outcome.code in PERIOD_CODES:
        cause = f"NetSuite refused it: {outcome.message} ({outcome.code})"
        return codes.hold("PERIOD_CLOSED", cause, about=outcome.code, remote_code=outcome.code)
    return _refusal(NETSUITE, "REMOTE_REJECTED", "it", outcome)


def by_salesforce(what: str, outcome: WriteOutcome) -> HoldCause:
    """Return the hold for a record that Salesforce refused, in Salesforce's own words."""
    return _refusal(SALESFORCE, "WRITEBACK_REJECTED", what, outcome)


def class_of(outcome: WriteOutcome) -> str:
    """Return the class of what heals a refusal."""
    if outcome.code == "USER_ERROR" and ASKS_FOR_A_VALUE.search(outcome.message):
        return codes.MAPPING
    return next((class_ for class_, known in CLASS_OF.items() if outcome.code in known), codes.REMOTE)


def _refusal(system: str, code: str, what: str, outcome: WriteOutcome) -> HoldCause:
    class_ = class_of(outcome)
    advice = ADVICE[class_]
    return codes.hold(
        code,
        f"{system} refused {what}: {outcome.message} ({outcome.code})",
        fix=f"{advice.fix.format(system=system)} {AGAIN}",
        owner=advice.owner,
        class_=class_,
        about=_about(outcome),
        remote_code=outcome.code,
    )


def _about(outcome: WriteOutcome) -> str:
    if outcome.code not in SPEAKS_IN_WORDS:
        return outcome.code
    return f"{outcome.code}:{OWN_VALUE.sub('#', outcome.message).strip(' .')}"
