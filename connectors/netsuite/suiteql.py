"""SuiteQL over REST: one page a request, keyset paging, exact numbers, typed errors."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, TypeVar

import requests

from connectors.errors import ConnectorError
from connectors.governor import Governor
from connectors.netsuite.account import AccountId
from connectors.netsuite.auth import Signer
from connectors.netsuite.patience import PatientReads
from connectors.netsuite.read_errors import ReadErrors
from connectors.netsuite.safe_xml import is_web_page
from connectors.passage import passing
from connectors.retry import Remote, typed
from connectors.transport import Transport

PAGE = 1000
"""Largest page NetSuite gives (Oracle: Executing SuiteQL Queries Through REST Web Services)."""

Row = Mapping[str, Any]
"""One row as it came: lower-case columns, NULL columns absent, numbers as text or Decimal."""

Key = TypeVar("Key", int, tuple[int, int])


@dataclass(frozen=True, slots=True)
class QueryPage:
    """Rows of one answer and whether more follow."""

    rows: Sequence[Row]
    has_more: bool


class Suiteql:
    """Queries of one account. Safe to use from several threads.

    Args:
        account: whose host is called.
        transport: the guarded session.
        signer: signs each try afresh.
        retry: repeats queries that failed for a passing cause.
        governor: limits the requests in flight.
        remote: the account as messages name it.
    """

    def __init__(
        self,
        *,
        account: AccountId,
        transport: Transport,
        signer: Signer,
        retry: PatientReads,
        governor: Governor,
        remote: Remote,
    ) -> None:
        self._url = f"{account.service_url}/services/rest/query/v1/suiteql?limit={PAGE}&offset=0"
        self._session = transport.session
        self._signer = signer
        self._retry = retry
        self._governor = governor
        self._remote = remote
        self.errors = ReadErrors(remote, governor, signer.redacted)

    def page(self, query: str, what: str) -> QueryPage:
        """Return the first page of a query.

        Args:
            query: the text; it ends with an ORDER BY that is unique, or yields one page.
            what: what is being read, in plain words, for messages.

        Raises:
            ConnectorError: the query failed; the type says what can be done about it.
        """
        return self._retry.call(lambda: self._page(query, what))

    def keyset(
        self, query: Callable[[Key | None], str], key: Callable[[Row], Key], what: str
    ) -> Iterator[Sequence[Row]]:
        """Yield page after page, each beginning after the last key of the one before.

        Rows that change meanwhile neither repeat nor go missing, unlike with offsets.

        Args:
            query: gives the text for what follows a key (None: from the start); ordered by that key.
            key: takes the key out of a row.
            what: what is being read, for messages.

        Raises:
            ConnectorError: a query failed, or the keys did not grow.
        """
        last: Key | None = None
        while True:
            page = self.page(query(last), what)
            if page.rows:
                yield page.rows
                newest = key(page.rows[-1])
                if last is not None and newest <= last:
                    raise self.errors.unexpected(what, "the pages repeat: the keys do not grow.")
                last = newest
            if not page.has_more or not page.rows:
                return

    def _page(self, query: str, what: str) -> QueryPage:
        with typed(self._remote, what), self._governor.slot(), passing("netsuite.suiteql"):
            response = self._signer.signed(lambda: self._post(query), lambda answer: answer.status_code == 401)
        content = self._content(response, what)
        if response.status_code != 200:
            raise self._refused(response.status_code, content, what)
        rows, more = content.get("items"), content.get("hasMore")
        if not isinstance(rows, list) or not isinstance(more, bool) or content.get("count") != len(rows):
            raise self.errors.unexpected(what, "the answer is not a complete page of rows.")
        return QueryPage(rows, more)

    def _post(self, query: str) -> requests.Response:
        headers = {
            "Authorization": self._signer.authorization("POST", self._url),
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Prefer": "transient",
        }
        body = json.dumps({"q": query}).encode()
        return self._session.send(
            self._session.prepare_request(requests.Request("POST", self._url, data=body, headers=headers))
        )

    def _content(self, response: requests.Response, what: str) -> Mapping[str, Any]:
        try:
            content = json.loads(response.content, parse_float=Decimal, parse_int=Decimal, parse_constant=_refuse)
        except ValueError as error:
            if response.status_code != 200:
                raise self.errors.of_status(what, response.status_code) from error
            if is_web_page(response.content):
                raise self.errors.web_page(what, "JSON") from error
            raise self.errors.unexpected(what, "the answer is not JSON.") from error
        if not isinstance(content, dict):
            if response.status_code != 200:
                raise self.errors.of_status(what, response.status_code)
            raise self.errors.unexpected(what, "the answer is not a JSON object.")
        return content

    def _refused(self, status: int, content: Mapping[str, Any], what: str) -> ConnectorError:
        details = content.get("o:errorDetails")
        first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
        code, message = str(first.get("o:errorCode") or ""), str(first.get("detail") or content.get("title") or "")
        if not code or status in (401, 403, 429) or status >= 500:
            return self.errors.of_status(what, status) if not code else self._with_text(status, code, message, what)
        return self.errors.of_code(what, code, message)

    def _with_text(self, status: int, code: str, message: str, what: str) -> ConnectorError:
        aliases = {401: "INVALID_LOGIN", 403: "INSUFFICIENT_PERMISSION", 429: "CONCURRENCY_LIMIT_EXCEEDED"}
        return self.errors.of_code(what, aliases.get(status, "UNEXPECTED_ERROR"), f"{message} ({code})")


def _refuse(constant: str) -> None:
    raise ValueError(f"{constant} is not a number")
