"""Errors of reads, by what the caller can do about them, in words an admin can act on."""

from __future__ import annotations

from collections.abc import Callable

from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    RateLimitedError,
    SchemaError,
    TransientError,
)
from connectors.governor import Governor
from connectors.netsuite import codes
from connectors.netsuite.answers import Fault
from connectors.retry import Remote

UNKNOWN_NAME = ("was not found", "not exposed", "invalid or unsupported search")
"""Words in NetSuite's message when a query names a column or a record type that the role cannot see."""


FORBIDDEN_XML = "FORBIDDEN_XML"


class ReadErrors:
    """Makes the errors of one account.

    Args:
        remote: the account as messages name it.
        governor: told to slow down when NetSuite says so.
        redacted: takes our secrets out of NetSuite's words.
    """

    def __init__(self, remote: Remote, governor: Governor, redacted: Callable[[str], str]) -> None:
        self._remote = remote
        self._governor = governor
        self._redacted = redacted

    def of_fault(self, what: str, fault: Fault) -> ConnectorError:
        """Return the error for a SOAP fault."""
        if fault.name in codes.THROTTLE_FAULTS:
            return self._rate_limited(what, fault.code, fault.message)
        if fault.name in codes.LOGIN_FAULTS:
            return self._login(what, fault.code, fault.message)
        if fault.name in codes.VERSION_FAULTS:
            fix = "The SOAP endpoint is switched off or unknown: check connections.netsuite.endpoint in sync.toml."
            return self._make(ProtocolError, what, fault.message, fix, fault.code)
        if fault.name == "unexpectedErrorFault":
            return self._passing(what, fault.message, fault.code)
        return self.of_code(what, fault.code or fault.name, fault.message)

    def of_status(self, what: str, status: int) -> ConnectorError:
        """Return the error for an HTTP status whose body says nothing useful."""
        code = f"HTTP_{status}"
        if status == 429:
            return self._rate_limited(what, code, "too many requests.")
        if status == 401:
            return self._login(what, code, "HTTP 401.")
        if status == 403:
            return self._denied(what, code, "HTTP 403.")
        if status >= 500:
            return self._passing(what, f"NetSuite answered with HTTP {status}.", code)
        if 300 <= status < 400 or status == 404:
            fix = f"{self._remote.url} is not this account's address: check {self._remote.setting} in sync.toml."
            return self._make(ProtocolError, what, f"NetSuite answered with HTTP {status}.", fix, code)
        return self.unexpected(what, f"NetSuite answered with HTTP {status}.", code)

    def of_code(self, what: str, code: str, message: str) -> ConnectorError:
        """Return the error for a code of NetSuite's."""
        if code in codes.THROTTLED_REST:
            return self._rate_limited(what, code, message)
        if code in codes.LOGIN_REFUSED:
            return self._login(what, code, message)
        if code in codes.PERMISSION:
            return self._denied(what, code, message)
        if code in codes.PASSING:
            return self._passing(what, message, code)
        if any(words in message.lower() for words in UNKNOWN_NAME):
            fix = (
                "The field or record type does not exist or the integration role may not see it:"
                " add the Tieout custom fields, or correct the mapping, or grant the role access."
            )
            return self._make(SchemaError, what, message, fix, code)
        return self.unexpected(what, message or f"NetSuite answered {code}.", code)

    def unexpected(self, what: str, why: str, code: str = "") -> ConnectorError:
        """Return the error for an answer of no agreed form; nothing of it is used."""
        fix = "Nothing was used. If it stays, look at NetSuite's status page, then report it with this text."
        return self._make(ProtocolError, what, why, fix, code)

    def forbidden_xml(self, what: str) -> ConnectorError:
        """Return the error for an answer that declares a document type, as none of NetSuite's does."""
        why = f"{self._remote.url} sent XML with a document type, which NetSuite never does; it was not read."
        fix = f"Find out who answers there: check {self._remote.setting} in sync.toml and what lies in between."
        return self._make(ProtocolError, what, why, fix, FORBIDDEN_XML)

    def web_page(self, what: str, expected: str) -> ConnectorError:
        """Return the error for a page where data was expected: a login or maintenance page, or a wrong address."""
        why = f"{self._remote.url} answered with a web page (HTML), not {expected}."
        fix = f"Nothing was used. Check {self._remote.setting} in sync.toml, then NetSuite's status page."
        return self._make(ProtocolError, what, why, fix, "HTML_ANSWER")

    def _rate_limited(self, what: str, code: str, message: str) -> ConnectorError:
        self._governor.slow_down()
        fix = "Passes by itself; if it is frequent, lower connections.netsuite.slots in sync.toml."
        return self._make(RateLimitedError, what, message, fix, code)

    def _login(self, what: str, code: str, message: str) -> ConnectorError:
        fix = (
            "Check connections.netsuite.account and the four secrets under connections.netsuite.auth in sync.toml;"
            " NetSuite's Login Audit Trail (Setup > Users/Roles > View Login Audit Trail) shows the exact reason."
        )
        return self._make(AuthenticationError, what, f"NetSuite refused the login: {message}", fix, code)

    def _denied(self, what: str, code: str, message: str) -> ConnectorError:
        fix = (
            "Give the integration role SOAP Web Services, REST Web Services, SuiteAnalytics Workbook"
            " and the record's own permission (Setup > Users/Roles > Manage Roles)."
        )
        return self._make(AccessDeniedError, what, message, fix, code)

    def _passing(self, what: str, why: str, code: str) -> ConnectorError:
        return self._make(
            TransientError, what, why, "Usually passes by itself; otherwise see NetSuite's status page.", code
        )

    def _make(self, kind: type[ConnectorError], what: str, why: str, fix: str, code: str) -> ConnectorError:
        return kind(connection=self._remote.connection, what=what, why=self._redacted(why), fix=fix, code=code)
