"""NetSuite's codes by what they prove about a write. What is not listed here proves nothing.

Sources: Oracle's StatusDetailCodeType and FaultCodeType enumerations (SuiteTalk 2025.2), the help pages on
concurrency governance and error handling. Scripts may throw codes of their own, so codes are plain text.
"""

from __future__ import annotations

from connectors.receivables import PERIOD_CODES

THROTTLED = frozenset({"WS_REQUEST_BLOCKED", "WS_CONCUR_SESSION_DISALLWD", "EXCEEDED_MAX_CONCUR_RQST"})
"""Too many requests at a time: the request was turned away before it ran."""

THROTTLED_REST = THROTTLED | {"CONCURRENCY_LIMIT_EXCEEDED", "SSS_REQUEST_LIMIT_EXCEEDED"}
"""The same over REST, whatever the HTTP status says."""

LOGIN_REFUSED = frozenset(
    {"INVALID_LOGIN", "INVALID_LOGIN_ATTEMPT", "INVALID_LOGIN_CREDENTIALS", "WS_LOG_IN_REQD", "INVALID_ACCT"}
)
"""The credentials were not accepted: the request did not run."""

THROTTLE_FAULTS = frozenset({"exceededConcurrentRequestLimitFault", "exceededRequestLimitFault"})
LOGIN_FAULTS = frozenset({"invalidCredentialsFault", "invalidSessionFault", "invalidAccountFault"})
VERSION_FAULTS = frozenset({"invalidVersionFault"})
REFUSED_FAULTS = frozenset({"insufficientPermissionFault", "exceededRecordCountFault", "exceededRequestSizeFault"})
"""The request was refused as a whole, before its record was looked at."""

EXISTS = frozenset({"DUP_RCRD", "DUP_ENTITY", "DUP_ITEM", "UNIQUE_CUST_ID_REQD", "UNIQUE_ENTITY_NAME_REQD"})
"""A record with this external id or name is there already."""

CONFLICT = frozenset({"RCRD_HAS_BEEN_CHANGED"})
"""Somebody changed the record between our read and our write."""

ABSENT = frozenset({"RCRD_DSNT_EXIST", "NONEXISTENT_ID", "NONEXISTENT_EXTERNAL_ID"})
"""The record that was asked for does not exist."""

PERMISSION = frozenset({"INSUFFICIENT_PERMISSION", "PERMISSION_VIOLATION", "WS_PERMISSION_REQD", "ROLE_REQUIRED"})

PERIOD_CLOSED = PERIOD_CODES
"""The document's date lies in a period in which nothing may be posted."""

PASSING = frozenset({"UNEXPECTED_ERROR", "SESSION_TIMED_OUT", "SSS_SEARCH_TIMEOUT", "SEARCH_TIMED_OUT"})
"""NetSuite could not answer now: it says nothing about the record."""

REJECTED = (
    frozenset(
        {
            "ADDRESS_LINE_1_REQD", "AMT_DISALLWD", "CANT_CHANGE_SUB", "CRNCY_MISMATCH_BASE_CRNCY", "CRNCY_REQD",
            "CSTM_FIELD_VALUE_REQD", "EXCEEDED_MAX_FIELD_LENGTH", "FIELD_PARAM_REQD", "FIELD_REQD",
            "FLD_VALUE_REQD", "FLD_VALUE_TOO_LARGE", "ILLEGAL_PERIOD_STRUCTURE", "INSUFFICIENT_FLD_PERMISSION",
            "INVALID_AMT", "INVALID_CONTENT", "INVALID_CRNCY_EXCH_RATE", "INVALID_CSTM_FIELD_DATA_TYP",
            "INVALID_CSTM_FIELD_RCRD_TYP", "INVALID_CSTM_FIELD_REF", "INVALID_CURRENCY_CODE", "INVALID_CURR_CODE",
            "INVALID_DATE", "INVALID_DATE_FORMAT", "INVALID_EMAIL", "INVALID_FIELD_FOR_RCRD_TYP",
            "INVALID_FIELD_NAME_FOR_NULL", "INVALID_FLD", "INVALID_FLD_TYP", "INVALID_FLD_VALUE", "INVALID_ID",
            "INVALID_INITIALIZE_ARG", "INVALID_INITIALIZE_REF", "INVALID_ITEM_OPTION", "INVALID_ITEM_SUBTYP",
            "INVALID_KEY_OR_REF", "INVALID_NUMBER", "INVALID_ORD_STATUS", "INVALID_PHONE", "INVALID_PHONE_NUM",
            "INVALID_RCRD", "INVALID_RCRD_ID", "INVALID_RCRD_INITIALIZE", "INVALID_RCRD_TYPE",
            "INVALID_REF_CANT_INITIALIZE", "INVALID_REF_KEY", "INVALID_STATE", "INVALID_STATUS", "INVALID_SUB",
            "INVALID_TAX_CODE", "INVALID_TAX_CODE_FOR_SUB", "INVALID_TRANS_SUB_CLASS", "INVALID_TRANS_SUB_DEPT",
            "INVALID_TRANS_SUB_ENTITY", "INVALID_TRANS_SUB_ITEM", "INVALID_TRANS_SUB_LOC", "INVALID_TRAN_ITEM_LINE",
            "INVALID_TYP", "INVALID_VALUE", "INVALID_ZIP_CODE", "INVALID_ZIP_POST_CODE", "ITEM_IS_UNAVAILABLE",
            "LOCATION_REQD", "MATCHING_CUR_SUB_REQD", "MISMATCHED_CURRENCY", "MISSING_CRNCY_EXCH_RATE",
            "MISSING_ENUM", "MISSING_MANDATORY_FIELDS", "MISSING_REQD_FLD", "NAME_REQD", "NONEXISTENT_FIELD",
            "NONZERO_AMT_REQD", "NONZERO_QTY_REQD", "POSITIVE_QTY_REQD", "QTY_REQD", "RCRD_LOCKED_BY_WF",
            "RCRD_REF_RCRD_TYP_MISMATCH", "RCRD_SUB_MISMATCH_WITH_CLASS", "RCRD_UNEDITABLE",
            "REQD_LOC_FIELDS_MISSING", "REQD_SUB_FIELDS_MISSING", "SALES_ORDER_EDIT_NOT_ALLOWED", "STATE_REQD",
            "SUBSIDIARY_CHANGE_NOT_ALLOWED", "SUBSIDIARY_MISMATCH", "SUB_MISMATCH", "TAX_CODE_REQD",
            "TRANS_EDIT_DISALLWD", "TRAN_DATE_REQD", "UNDEFINED_CSTM_FIELD", "UPDATE_PRICE_AMT_REQD", "USER_ERROR",
            "VALID_EMAIL_REQD", "VALID_LINE_ITEM_REQD", "VALID_PRD_REQD", "VALID_ZIPCODE_REQD",
        }
    )
    | ABSENT | PERMISSION | PERIOD_CLOSED
)  # fmt: skip
"""Validation that names the record: it was not saved, and the same payload will fail again."""
