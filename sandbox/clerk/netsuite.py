"""The clerk's way into NetSuite: signed SOAP and SuiteQL requests over plain HTTP to a loopback sandbox."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

from lxml import etree

from sandbox.clerk.records import CORE, MESSAGES, PREFIXES
from sandbox.clerk.signing import METHOD, Keys, authorization, passport
from sandbox.clock import entropy, sleep
from sandbox.errors import SandboxError

SOAP_PATH = "/services/NetSuitePort_2025_2"
SUITEQL_PATH = "/services/rest/query/v1/suiteql"
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
TIMEOUT = 60.0
ATTEMPTS = 8
FIRST_PAUSE = 0.05
"""Seconds before the second attempt; each further pause is twice as long."""

PAGE = 1000
BUSY = ("WS_REQUEST_BLOCKED", "CONCURRENCY_LIMIT_EXCEEDED", "WS_CONCUR_SESSION_DISALLWD")
"""Refusals that say only that all slots are taken: nothing was processed."""

IGNORE_READ_ONLY = "<msg:preferences><msg:ignoreReadOnlyFields>true</msg:ignoreReadOnlyFields></msg:preferences>"

Row = dict[str, str]


class RefusedError(Exception):
    """NetSuite refused a request: ``code`` and ``words`` are its own."""

    def __init__(self, code: str, words: str) -> None:
        super().__init__(f"{code}: {words}")
        self.code = code
        self.words = words


class BusyError(RefusedError):
    """All slots are taken; the same request may be sent again."""


class NetSuite:
    """One account, as its integration's user sees it.

    Args:
        base_url: where the account answers.
        keys: what requests are signed with.
        clock: the present moment in Unix seconds, which signatures carry.
    """

    def __init__(self, base_url: str, keys: Keys, clock: Callable[[], int]) -> None:
        self._base = base_url.rstrip("/")
        self._keys = keys
        self._clock = clock

    def add(self, record: etree._Element) -> str:
        """Add a record and return its internal id.

        Raises:
            RefusedError: NetSuite refuses it.
        """
        return self._write("add", record)

    def update(self, record: etree._Element) -> str:
        """Change the record that carries an internal id.

        Raises:
            RefusedError: NetSuite refuses it.
        """
        return self._write("update", record)

    def initialize(self, kind: str, source: str, internal_id: str) -> etree._Element:
        """Return a record of that kind prefilled from another, ready to be changed and added.

        Raises:
            RefusedError: NetSuite refuses it.
        """
        body = (
            f"<msg:initialize><msg:initializeRecord><core:type>{kind}</core:type>"
            f'<core:reference type="{source}" internalId="{internal_id}"/></msg:initializeRecord></msg:initialize>'
        )
        answer = self._patiently(lambda: self._soap("initialize", body))
        record: etree._Element | None = answer.find(f".//{{{MESSAGES}}}record")
        if record is None:
            raise RefusedError("UNEXPECTED_ANSWER", f"initialize {kind} returned no record")
        for name in ("internalId", "externalId"):
            if name in record.attrib:
                del record.attrib[name]
        return record

    def query(self, sql: str) -> list[Row]:
        """Return all rows of a SuiteQL query.

        Raises:
            RefusedError: NetSuite refuses it.
        """
        rows: list[Row] = []
        more = True
        while more:
            page = self._patiently(partial(self._suiteql, sql, len(rows)))
            rows += [{name: value for name, value in item.items() if name != "links"} for item in page["items"]]
            more = bool(page["hasMore"])
        return rows

    def _write(self, operation: str, record: etree._Element) -> str:
        body = f"<msg:{operation}>{etree.tostring(record, encoding='unicode')}</msg:{operation}>"
        answer = self._patiently(lambda: self._soap(operation, body))
        reference = answer.find(f".//{{{MESSAGES}}}baseRef")
        return "" if reference is None else reference.get("internalId", "")

    def _patiently(self, send: Callable[[], Any]) -> Any:
        """Send until a slot is free, a bounded number of times; every other refusal stands."""
        for attempt in range(ATTEMPTS - 1):
            try:
                return send()
            except BusyError:
                sleep(FIRST_PAUSE * 2**attempt)
        return send()

    def _soap(self, operation: str, body: str) -> etree._Element:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in PREFIXES.items())
        text = (
            f'<soap:Envelope xmlns:soap="{ENVELOPE}" {prefixes}><soap:Header>{self._passport()}{IGNORE_READ_ONLY}'
            f"</soap:Header><soap:Body>{body}</soap:Body></soap:Envelope>"
        )
        headers = {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{operation}"'}
        _, answer = self._post(SOAP_PATH, text.encode(), headers)
        root = _parsed(answer)
        _check(root)
        return root

    def _passport(self) -> str:
        parts = dict(passport(self._keys, nonce=entropy(16).hex(), timestamp=self._clock()))
        signature = parts.pop("signature")
        inner = "".join(f"<core:{name}>{value}</core:{name}>" for name, value in parts.items())
        signed = f'<core:signature algorithm="{METHOD}">{signature}</core:signature>'
        return f"<msg:tokenPassport>{inner}{signed}</msg:tokenPassport>"

    def _suiteql(self, sql: str, offset: int) -> dict[str, Any]:
        page = {"limit": str(PAGE), "offset": str(offset)}
        url = f"{self._base}{SUITEQL_PATH}"
        signed = authorization(self._keys, url, page, nonce=entropy(16).hex(), timestamp=self._clock())
        headers = {"Authorization": signed, "Content-Type": "application/json", "Prefer": "transient"}
        status, answer = self._post(f"{SUITEQL_PATH}?{urlencode(page)}", json.dumps({"q": sql}).encode(), headers)
        found: dict[str, Any] = json.loads(answer, parse_float=Decimal)
        if status == HTTPStatus.OK:
            return found
        detail = (found.get("o:errorDetails") or [{}])[0]
        raise _refusal(str(detail.get("o:errorCode", status)), str(detail.get("detail", "")))

    def _post(self, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        """Return status and body; an answer that is a refusal is an answer too."""
        # Only the loopback address of the sandbox's own ready file is ever asked.
        request = urllib.request.Request(f"{self._base}{path}", data=body, headers=dict(headers))  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT) as answer:  # noqa: S310
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()
        except (urllib.error.URLError, ConnectionError, TimeoutError) as error:
            raise SandboxError(
                f"the NetSuite at {self._base} does not answer ({error}). Start it with: tieout sandbox serve"
            ) from error


def _parsed(answer: bytes) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    parser.feed(answer)
    return parser.close()


def _check(root: etree._Element) -> None:
    """Accept an answer without fault and without failed status.

    Raises:
        RefusedError: it has one.
    """
    fault = root.find(f".//{{{ENVELOPE}}}Fault")
    if fault is not None:
        codes = [element.text or "" for element in fault.iter() if _local(element) == "code"]
        raise _refusal("".join(codes[:1]) or fault.findtext("faultcode", "FAULT"), fault.findtext("faultstring", ""))
    for status in root.iter(f"{{{CORE}}}status"):
        if status.get("isSuccess") == "false":
            code = status.findtext(f".//{{{CORE}}}code", "")
            raise _refusal(code, status.findtext(f".//{{{CORE}}}message", ""))


def _refusal(code: str, words: str) -> RefusedError:
    return BusyError(code, words) if code in BUSY else RefusedError(code, words)


def _local(element: etree._Element) -> str:
    return etree.QName(element).localname if isinstance(element.tag, str) else ""
