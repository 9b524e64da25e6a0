"""The SuiteQL service of the REST API: ``POST /services/rest/query/v1/suiteql?limit=&offset=``.

Shapes: Oracle, "Executing SuiteQL Queries Through REST Web Services" (section_157909186990) and "REST Web
Services Error Handling" (section_156570709583).
"""

from __future__ import annotations

import re
from collections.abc import Mapping

import duckdb

from sandbox import exact_json
from sandbox.clock import SandboxClock
from sandbox.http import Request, Response
from sandbox.netsuite.audit import LoginAudit
from sandbox.netsuite.login import REFUSED, Login, LoginError
from sandbox.netsuite.names import SUITEQL_PATH
from sandbox.netsuite.pool import Pool, PoolFullError
from sandbox.netsuite.sql_dialect import rewritten, tables_in
from sandbox.netsuite.sql_engine import SqlEngine
from sandbox.netsuite.sql_tokens import SqlError

MAX_PAGE = 1000
MAX_ROWS = 100_000
"""Oracle, section_157909186990: without SuiteAnalytics Connect a query yields at most 100,000 rows."""

SPEC = "https://www.w3.org/Protocols/rfc2616/rfc2616-sec10.html#sec10.4"
JSON = "application/vnd.oracle.resource+json"
SEARCH_ERROR = "Invalid search query. Detailed unprocessed description follows. Search error occurred: "
UNKNOWN_COLUMN = (
    re.compile(r'Table "(?P<table>[^"]+)" does not have a column named "(?P<column>[^"]+)"'),
    re.compile(r'(?:Referenced column|column) "(?P<column>[^"]+)" not found'),
    re.compile(r'Referenced table "(?P<table>[^"]+)" not found'),
)
UNKNOWN_TABLE = re.compile(r"Table with name (?P<table>\S+) does not exist")


class RestError(Exception):
    """A REST request is refused.

    Args:
        status: the HTTP status.
        code: NetSuite's ``o:errorCode``.
        detail: NetSuite's sentence.
        extra: further members of the error detail (``o:errorHeader`` and the like).
    """

    def __init__(self, status: int, code: str, detail: str, extra: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.extra = dict(extra or {})


class SuiteQlEndpoint:
    """Answers SuiteQL queries from an engine that follows the store."""

    def __init__(
        self, *, engine: SqlEngine, clock: SandboxClock, login: Login, audit: LoginAudit, pool: Pool, account: str
    ) -> None:
        self._engine = engine
        self._clock = clock
        self._login = login
        self._audit = audit
        self._pool = pool
        self._host = f"{account.lower().replace('_', '-')}.suitetalk.api.netsuite.com"

    def __call__(self, request: Request) -> Response:
        """Answer one request."""
        try:
            self._check_login(request)
            with self._pool.slot():
                self._misbehave(request)
                response = self._answer(request)
                request.work()
                return response
        except PoolFullError:
            return refused(
                RestError(429, "CONCURRENCY_LIMIT_EXCEEDED", "Concurrent request limit exceeded. Request blocked.")
            )
        except RestError as error:
            return refused(error)

    def _answer(self, request: Request) -> Response:
        if request.method != "POST":
            raise RestError(405, "METHOD_NOT_ALLOWED", f"The method {request.method} is not allowed here.")
        if "transient" not in [part.strip() for part in request.header("prefer").lower().split(",")]:
            detail = "The required request header 'Prefer' is missing or invalid. Its value must be 'transient'."
            raise RestError(400, "INVALID_HEADER", detail, {"o:errorHeader": "Prefer"})
        limit, offset = page_of(request.query)
        items, total = self._run(query_of(request.body), limit, offset)
        page = {
            "links": self._links(request, limit=limit, offset=offset, total=total),
            "count": len(items),
            "hasMore": offset + len(items) < total,
            "items": [{"links": [], **item} for item in items],
            "offset": offset,
            "totalResults": total,
        }
        return Response.of_text(exact_json.dumps(page), f"{JSON}; type=collection; charset=UTF-8")

    def _run(self, query: str, limit: int, offset: int) -> tuple[list[dict[str, str]], int]:
        try:
            rows, total = self._engine.query(rewritten(query, self._clock.now()), limit=limit, offset=offset)
        except SqlError as error:
            raise invalid_query(str(error)) from error
        except duckdb.Error as error:
            raise invalid_query(explained(str(error), query)) from error
        return rows, min(total, MAX_ROWS)

    def _check_login(self, request: Request) -> None:
        try:
            if request.fault is not None and request.fault.action == "login":
                raise LoginError("refused by a fault rule")
            self._login.check_header(
                method=request.method,
                url=self._url(request),
                query=request.raw_query,
                authorization=request.header("authorization"),
            )
        except LoginError as error:
            self._audit.note("REST", str(error))
            raise RestError(401, "INVALID_LOGIN", REFUSED) from error

    def _url(self, request: Request) -> str:
        """Return the address as the client signed it: the account's own host is reached through TLS only."""
        host = request.header("host").lower()
        scheme = "https" if host == self._host else "http"
        return f"{scheme}://{host}{request.raw_path or request.path}"

    def _misbehave(self, request: Request) -> None:
        action = "" if request.fault is None else request.fault.action
        if action == "concurrency":
            raise PoolFullError
        if action in ("unexpected", "unexpected_after"):
            raise RestError(500, "UNEXPECTED_ERROR", "An unexpected error occurred. Error ID: hqxjzwvkpmhqxjzwvkpm")

    def _links(self, request: Request, *, limit: int, offset: int, total: int) -> list[dict[str, str]]:
        pages = {"previous": offset - limit, "first": 0, "self": offset, "next": offset + limit}
        pages["last"] = max(total - 1, 0) // limit * limit
        base = f"https://{self._host}{SUITEQL_PATH}"
        wanted = {
            rel: at
            for rel, at in pages.items()
            if rel == "self"
            or (rel in ("previous", "first") and offset)
            or (rel in ("next", "last") and offset + limit < total)
        }
        return [{"rel": rel, "href": f"{base}?limit={limit}&offset={at}"} for rel, at in wanted.items()]


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """Return limit and offset.

    Raises:
        RestError: one is no number, out of range, or the offset is no multiple of the limit.
    """
    limit = _whole(query.get("limit", str(MAX_PAGE)), "limit", low=1, high=MAX_PAGE)
    offset = _whole(query.get("offset", "0"), "offset", low=0, high=MAX_ROWS)
    if offset % limit:
        raise _bad_parameter("offset", f"The offset {offset} must be divisible by the limit {limit}.")
    return limit, offset


def query_of(body: bytes) -> str:
    """Return the query text of a request body ``{"q": …}``.

    Raises:
        RestError: the body is no such JSON object.
    """
    try:
        value = exact_json.loads(body)
    except ValueError as error:
        raise RestError(400, "INVALID_REQUEST", "The request could not be understood: malformed syntax.") from error
    if not isinstance(value, dict) or not isinstance(value.get("q"), str) or not value["q"].strip():
        raise RestError(400, "INVALID_PARAMETER", "The body must be a JSON object with the query text in 'q'.")
    unknown = sorted(set(value) - {"q"})
    if unknown:
        raise RestError(400, "INVALID_PARAMETER", f"The sandbox does not know the parameter {unknown[0]}.")
    return str(value["q"])


def explained(error: str, query: str) -> str:
    """Return what NetSuite says where DuckDB says this, naming the record rather than the alias."""
    tables = tables_in(query)
    for pattern in UNKNOWN_COLUMN:
        match = pattern.search(error)
        if match:
            named = match.groupdict()
            record = named.get("table") or next(iter(tables.values()), "dual")
            record = tables.get(record.lower(), record)
            column = named.get("column") or record
            return f"Field '{column}' for record '{record}' was not found. Reason: NOT_EXISTS - Field does not exist"
    match = UNKNOWN_TABLE.search(error)
    if match:
        return f"Record '{match['table']}' was not found."
    return f"Invalid or unsupported search ({error.splitlines()[0]})"


def invalid_query(reason: str) -> RestError:
    """Return the refusal of a query."""
    detail = f"{SEARCH_ERROR}{reason}"
    return RestError(400, "INVALID_PARAMETER", detail, {"o:errorQueryParam": "q"})


def refused(error: RestError) -> Response:
    """Return the answer to a refused request in NetSuite's error envelope."""
    titles = {400: ("Bad Request", "1"), 401: ("Unauthorized", "2"), 405: ("Method Not Allowed", "6")}
    title, section = titles.get(error.status, ("Bad Request", "1"))
    body: dict[str, object] = {
        "type": f"{SPEC}.{section}",
        "title": "Internal Server Error" if error.status == 500 else title,
        "status": error.status,
        "o:errorDetails": [{"detail": error.detail, **error.extra, "o:errorCode": error.code}],
    }
    if error.status == 429:
        body["o:errorCode"] = "USER_ERROR"
    headers = {"WWW-Authenticate": "OAuth"} if error.status == 401 else {}
    return Response.of_text(
        exact_json.dumps(body), "application/vnd.oracle.resource+json; type=error; charset=UTF-8", error.status, headers
    )


def _whole(text: str, name: str, *, low: int, high: int) -> int:
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise _bad_parameter(name, f"Invalid value for the query parameter {name}: it must be from {low} to {high}.")
    return int(text)


def _bad_parameter(name: str, detail: str) -> RestError:
    return RestError(400, "INVALID_PARAMETER", detail, {"o:errorQueryParam": name})
