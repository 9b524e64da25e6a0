"""The two ways in which NetSuite refuses: a record's own failure in a 200 answer, or a SOAP fault."""

from __future__ import annotations


class RecordError(Exception):
    """One record was not written or read; the answer is a 200 whose status names this code.

    Args:
        code: a value of Oracle's StatusDetailCodeType.
        message: NetSuite's sentence.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message


class SoapFaultError(Exception):
    """The whole request is refused with HTTP status 500.

    Args:
        kind: the fault element's name (``invalidCredentialsFault``); empty for a fault without detail.
        code: a value of Oracle's FaultCodeType; empty when ``kind`` is.
        message: the fault string.
        faultcode: SOAP's own code.
    """

    def __init__(
        self, message: str, *, kind: str = "", code: str = "", faultcode: str = "soapenv:Server.userException"
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.code = code
        self.message = message
        self.faultcode = faultcode


def unexpected_element(owner: str, name: str) -> SoapFaultError:
    """Return the fault for an element that the schema does not know (Axis' sentence)."""
    return SoapFaultError(f"org.xml.sax.SAXException: Invalid element in {owner} - {name}")


def missing_value(label: str) -> RecordError:
    """Return the failure for a required field without a value."""
    return RecordError("USER_ERROR", f"Please enter value(s) for: {label}")


def bad_reference(field: str, key: str, reason: str = "") -> RecordError:
    """Return the failure for a reference that leads nowhere (or to a record that may not be used)."""
    return RecordError("INVALID_KEY_OR_REF", f"Invalid {field} reference key {key}.{' ' if reason else ''}{reason}")


def too_long(field: str, limit: int) -> RecordError:
    """Return the failure for a text over the field's length."""
    message = f"The field {field.lower()} contained more than the maximum number ( {limit} ) of characters allowed."
    return RecordError("EXCEEDED_MAX_FIELD_LENGTH", message)


def record_missing() -> RecordError:
    """Return the failure for a record that does not exist."""
    return RecordError("RCRD_DSNT_EXIST", "That record does not exist.")
