"""What an error answer of Salesforce means, by its code first and its HTTP status second.

Four body forms occur: an array of ``{errorCode, message, fields}``, an OAuth object, an older
``{exceptionCode, exceptionMessage}`` object, and a gateway's HTML. Source: Salesforce REST API Developer
Guide, Status Codes and Error Responses.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    QuotaExhaustedError,
    RateLimitedError,
    SchemaError,
    TransientError,
)

INVALID_LOCATOR = "INVALID_QUERY_LOCATOR"
SESSION_EXPIRED = "INVALID_SESSION_ID"
SEVERAL = "MULTIPLE_CHOICES"
"""HTTP 300: several records have the external id of an upsert; none was changed."""

TRANSIENT_CODES = frozenset(
    {"UNABLE_TO_LOCK_ROW", "ROW_LOCKED", "SERVER_UNAVAILABLE", "UNKNOWN_EXCEPTION", "QUERY_TIMEOUT"}
)
DENIED_CODES = frozenset(
    {
        "API_CURRENTLY_DISABLED",
        "API_DISABLED_FOR_ORG",
        "INSUFFICIENT_ACCESS",
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
        "INSUFFICIENT_ACCESS_OR_READONLY",
        "TXN_SECURITY_METERING_ERROR",
    }
)
LOGIN_CODES = frozenset({SESSION_EXPIRED, "INVALID_LOGIN", "INVALID_AUTH_HEADER", "invalid_grant", "invalid_client"})
SCHEMA_CODES = frozenset({"INVALID_FIELD", "INVALID_TYPE", "MALFORMED_QUERY", "INVALID_FIELD_FOR_INSERT_UPDATE"})
TOO_LONG_STATUSES = frozenset({413, 414, 431})
NO_COLUMN = re.compile(r"No such column '(?P<column>[^']+)' on (?:entity|sobject of type) '?(?P<entity>\w+)'?")


@dataclass(frozen=True, slots=True)
class Fault:
    """One error as Salesforce words it; ``code`` is empty where the body had none."""

    code: str
    message: str
    fields: Sequence[str] = ()


def read_fault(content: object) -> Fault:
    """Return the first error of an error body, whatever its form."""
    if isinstance(content, list) and content and isinstance(content[0], Mapping):
        return _from_mapping(content[0])
    if isinstance(content, Mapping):
        return _from_mapping(content)
    return Fault("", "an HTML or text page instead of JSON")


def _from_mapping(body: Mapping[str, object]) -> Fault:
    code = body.get("errorCode") or body.get("statusCode") or body.get("error") or body.get("exceptionCode") or ""
    message = body.get("message") or body.get("error_description") or body.get("exceptionMessage") or ""
    fields = body.get("fields")
    names = tuple(str(name) for name in fields) if isinstance(fields, list) else ()
    return Fault(str(code), " ".join(str(message).split())[:500], names)


def _as_it_is(text: str) -> str:
    return text


def connector_error(
    status: int, content: object, *, connection: str, what: str, redacted: Callable[[str], str] = _as_it_is
) -> ConnectorError:
    """Return the error for an answer with a status of 300 or more.

    Args:
        status: the HTTP status.
        content: the body, parsed where it was JSON.
        connection: name of the connection.
        what: what was being done, in plain words.
        redacted: takes our secrets out of Salesforce's words.
    """
    fault = read_fault(content)
    fault = replace(fault, message=redacted(fault.message))
    kind, fix = _classify(status, fault)
    reason = fault.message or f"HTTP {status}"
    if status == 300:
        fault, reason = Fault(SEVERAL, ""), "more than one record has this external id"
    if kind is SchemaError:
        reason, fix = _schema_reason(fault, reason, fix)
    why = f"{reason.rstrip('.')} ({fault.code})." if fault.code else f"HTTP {status}: {reason.rstrip('.')}."
    code = fault.code or (SESSION_EXPIRED if status == 401 else f"HTTP_{status}")
    return kind(connection=connection, what=what, why=why, fix=fix, code=code)


def _classify(status: int, fault: Fault) -> tuple[type[ConnectorError], str]:
    if status == 300:
        return ConnectorError, "Make the external id field unique, and merge the records that share the value."
    if status == 401 or fault.code in LOGIN_CODES:
        return AuthenticationError, "Check the credentials and the run-as user of the external client app."
    if fault.code == "REQUEST_LIMIT_EXCEEDED":
        return _limit(fault)
    if status == 429:
        return RateLimitedError, "Salesforce asks to slow down; it is tried again later."
    if status >= 500 or fault.code in TRANSIENT_CODES:
        return TransientError, "Usually passes by itself; if not, look at status.salesforce.com."
    if fault.code in SCHEMA_CODES:
        return SchemaError, "Check the mapping and the integration user's field permissions."
    if fault.code in DENIED_CODES or status == 403:
        return AccessDeniedError, "Grant the integration user this permission (its permission set in Setup)."
    if status in TOO_LONG_STATUSES:
        return ProtocolError, "The query is too long: name fewer fields in the mapping."
    if status < 400 or not fault.code or fault.code == INVALID_LOCATOR:
        return ProtocolError, "Nothing of it was used. Check that the address is the org's My Domain."
    return ConnectorError, "See Salesforce's documentation of this code."


def _limit(fault: Fault) -> tuple[type[ConnectorError], str]:
    if "concurrent" in fault.message.lower():
        return RateLimitedError, "Too many requests at a time; it is tried again more slowly."
    return (
        QuotaExhaustedError,
        "The org's API calls of the last 24 hours are spent: the run resumes when some are free again"
        " (Setup, Company Information, API Requests).",
    )


def _schema_reason(fault: Fault, reason: str, fix: str) -> tuple[str, str]:
    found = NO_COLUMN.search(fault.message)
    if not found:
        return reason, fix
    return missing_column(found["entity"], found["column"])


def missing_column(entity: str, column: str) -> tuple[str, str]:
    """Return why and fix for a field that the integration user does not see: absent and hidden look alike."""
    return (
        f"{entity} has no field {column}, or the integration user may not see it.",
        f"Correct the field name in the mapping, or grant read access to {entity}.{column} in the permission set.",
    )
