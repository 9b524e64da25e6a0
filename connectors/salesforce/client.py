"""One guarded way to call Salesforce: every request of the connector passes through here.

simple-salesforce runs in direct mode (its own refresh loops without end on a lasting 401); renewal, retry of
reads, error typing and the limit on requests in flight are ours.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import SalesforceError

from config.settings import SalesforceSettings
from connectors.errors import AuthenticationError, ProtocolError, RateLimitedError
from connectors.governor import Governor
from connectors.passage import always, passing
from connectors.retry import ReadRetry, Remote, typed
from connectors.salesforce.auth import Token, TokenProvider
from connectors.salesforce.collection import UPDATES
from connectors.salesforce.faults import SESSION_EXPIRED, connector_error
from connectors.salesforce.fields import exact_number
from connectors.transport import ServerClock, Transport

WRITES = ("update", "upsert")
API_USAGE = re.compile(r"(?:^|[;,\s])api-usage=(\d+)/(\d+)")


@dataclass(frozen=True, slots=True)
class Usage:
    """The org's API calls of the last 24 hours and their limit, as the latest answer told."""

    used: int
    limit: int


class SalesforceClient:
    """Calls the REST API of one org.

    Args:
        settings: the connection's settings.
        remote: how messages name the org.
        transport: the guarded session and the clock learned from it.
        tokens: the shared session token.
        governor: the limit on requests in flight.
        retry: the policy for reads.
    """

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        remote: Remote,
        transport: Transport,
        tokens: TokenProvider,
        governor: Governor,
        retry: ReadRetry,
    ) -> None:
        self._settings = settings
        self._remote = remote
        self._transport = transport
        self._tokens = tokens
        self._governor = governor
        self._retry = retry
        self._lock = Lock()
        self._built: tuple[Token, Salesforce] | None = None
        self._version_checked = False
        self._sent = 0
        self._usage: Usage | None = None
        transport.session.hooks["response"].append(self._note_usage)

    @property
    def connection(self) -> str:
        """Name of the connection."""
        return self._remote.connection

    @property
    def server_clock(self) -> ServerClock:
        """The org's clock, as learned from its answers."""
        return self._transport.server_clock

    @property
    def request_count(self) -> int:
        """How many API requests were sent; sign-ins do not count."""
        return self._sent

    @property
    def usage(self) -> Usage | None:
        """The org's daily budget as the latest answer told it; None before the first."""
        return self._usage

    def read(self, path: str, *, what: str, params: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401  JSON
        """Return the parsed answer to a GET below ``/services/data/vXX.X/``; passing failures are retried.

        Raises:
            ConnectorError: by what the caller can do about it.
        """
        place = "query" if path in ("query", "queryAll") else "read"
        return self._read(what, lambda org: org.restful(path, params=dict(params or {})), place)

    def query(self, soql: str, *, deleted: bool, what: str) -> Any:  # noqa: ANN401  JSON
        """Return the first page of a query; with ``deleted`` rows in the recycle bin are included."""
        return self.read("queryAll" if deleted else "query", what=what, params={"q": soql})

    def next_page(self, url: str, *, what: str) -> Any:  # noqa: ANN401  JSON
        """Return the page at an opaque ``nextRecordsUrl``.

        Raises:
            ProtocolError: the address leads to another host.
        """

        def follow(org: Salesforce) -> Any:  # noqa: ANN401  JSON
            base = f"https://{org.sf_instance}"
            target = urlsplit(urljoin(base, url))
            if target.netloc != org.sf_instance or not target.path.startswith("/services/data/"):
                raise self.protocol_error(what, "the next page is said to be at another address.")
            path = target.path + (f"?{target.query}" if target.query else "")
            return org.query_more(path, identifier_is_url=True)

        return self._read(what, follow, "page")

    def write(self, path: str, *, method: str, body: bytes, what: str, may_leave: Callable[[], None] = always) -> Any:  # noqa: ANN401  JSON
        """Send one write and return the parsed answer; sent again only after a 401, which did nothing.

        ``may_leave`` is called immediately before the bytes leave; what it raises stops them.

        Raises:
            ConnectorError: by what the caller can do about it; whether it took effect is the caller's judgement.
        """
        place = "update" if path == UPDATES else "upsert"
        return self._call(what, lambda org: org.restful(path, method=method, data=body), place, may_leave)

    def prepare(self) -> None:
        """Sign in and check the API version, so that a later failure is one of the call itself."""
        self._tokens.current()
        self._check_version()

    def touch(self) -> None:
        """Make one cheap request, for a fresh look at the org's clock."""
        self._versions()

    def protocol_error(self, what: str, why: str, code: str = "") -> ProtocolError:
        """Return the error for an answer that is not of the agreed form."""
        return ProtocolError(
            connection=self.connection,
            what=what,
            why=why,
            fix=f"Nothing of this answer was used. Check {self._remote.setting} in sync.toml; if it lasts, report it.",
            code=code,
        )

    def _read(self, what: str, send: Callable[[Salesforce], Any], place: str) -> Any:  # noqa: ANN401  JSON
        self._check_version()
        return self._retry.call(lambda: self._call(what, send, place))

    def _call(
        self, what: str, send: Callable[[Salesforce], Any], place: str = "read", may_leave: Callable[[], None] = always
    ) -> Any:  # noqa: ANN401  JSON
        token = self._tokens.current()
        try:
            return self._once(token, what, send, place, may_leave)
        except AuthenticationError as error:
            if error.code != SESSION_EXPIRED:
                raise
        return self._once(self._tokens.renew(token), what, send, place, may_leave)

    def _once(
        self, token: Token, what: str, send: Callable[[Salesforce], Any], place: str, may_leave: Callable[[], None]
    ) -> Any:  # noqa: ANN401  JSON
        org = self._org(token)
        try:
            with (
                self._governor.slot(),
                typed(self._remote, what),
                passing(f"salesforce.{place}", may_leave, writes=place in WRITES),
            ):
                self._count()
                return self._send(org, what, send)
        except RateLimitedError:
            self._governor.slow_down()
            raise

    def _send(self, org: Salesforce, what: str, send: Callable[[Salesforce], Any]) -> Any:  # noqa: ANN401  JSON
        try:
            return send(org)
        except SalesforceError as error:
            # The library's exception holds the whole address and answer; only code and message go on.
            raise connector_error(
                error.status, error.content, connection=self.connection, what=what, redacted=self._tokens.redacted
            ) from None
        except requests.exceptions.JSONDecodeError:
            raise self.protocol_error(
                what, "the answer is not JSON (a login or maintenance page?).", "NOT_JSON"
            ) from None

    def _org(self, token: Token) -> Salesforce:
        with self._lock:
            if self._built is None or self._built[0] is not token:
                self._built = (token, self._build(token))
            return self._built[1]

    def _build(self, token: Token) -> Salesforce:
        org = Salesforce(
            session_id=token.access.reveal(),
            instance_url=token.instance_url,
            session=self._transport.session,
            version=self._settings.api_version,
            parse_float=exact_number,
            object_pairs_hook=None,
        )
        # Pretty-printed answers are a third larger; full pages save requests of the daily budget.
        org.headers.pop("X-PrettyPrint", None)
        org.headers["Sforce-Query-Options"] = "batchSize=2000"
        return org

    def _check_version(self) -> None:
        if self._version_checked:
            return
        versions = self._versions()
        wanted = self._settings.api_version
        if wanted not in versions:
            newest = versions[-1] if versions else "none"
            raise ProtocolError(
                connection=self.connection,
                what="checking the API version",
                why=f"the org does not offer version {wanted}; its newest is {newest}.",
                fix=f"Set connections.{self._settings.name}.api_version to a version that the org offers.",
                code="API_VERSION",
            )
        self._version_checked = True

    def _versions(self) -> list[str]:
        what = "reading the API versions"
        answer = self._retry.call(
            lambda: self._call(what, lambda org: org.query_more("/services/data", identifier_is_url=True))
        )
        if not isinstance(answer, list) or not all(isinstance(entry, dict) for entry in answer):
            raise self.protocol_error(what, "the list of versions is missing.")
        return [str(entry.get("version")) for entry in answer]

    def _count(self) -> None:
        with self._lock:
            self._sent += 1

    def _note_usage(self, response: requests.Response, *_: object, **__: object) -> None:
        found = API_USAGE.search(response.headers.get("Sforce-Limit-Info", ""))
        if found:
            self._usage = Usage(int(found[1]), int(found[2]))
