"""The local Salesforce as an application: sessions, versions, routing, call accounting.

Fault actions of its own: ``expire_token`` ends every session before the request, ``page_size`` (``body``: rows)
makes a query answer in short pages, ``record_error`` refuses records of a collection, ``hide_fields`` takes
fields from the integration user (see :mod:`sandbox.salesforce.security`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from sandbox import exact_json
from sandbox.clock import SandboxClock
from sandbox.credentials import SalesforceCredentials
from sandbox.http import Request, Response
from sandbox.salesforce import collections, records, upserts
from sandbox.salesforce.call import Call
from sandbox.salesforce.cursors import Cursors, page_size
from sandbox.salesforce.describe import basic_information, describe, describe_global
from sandbox.salesforce.errors import ApiError, not_found
from sandbox.salesforce.oauth import Sessions, instance_url
from sandbox.salesforce.org import INTEGRATION_USER_ID, Org
from sandbox.salesforce.soql_run import run
from sandbox.store import Store

VERSIONS = range(31, 69)
DAILY_CALLS = 100_000
DATA = "/services/data"
FROM = re.compile(r"\bFROM\s+(\w+)", re.IGNORECASE)
Route = Callable[[Call], Response]


class SalesforceApp:
    """Answers the REST API of one org.

    Args:
        store: the org's records.
        clock: the sandbox's time.
        credentials: the connected app that may log in.
    """

    def __init__(self, store: Store, clock: SandboxClock, credentials: SalesforceCredentials) -> None:
        self._store = store
        self._credentials = credentials
        self._org = Org(store, clock)
        self._sessions = Sessions(credentials, clock)
        self._cursors = Cursors(clock)
        self._calls = 0
        self._routes = self._table()

    def __call__(self, request: Request) -> Response:
        """Answer a request; what it changes is one transaction."""
        try:
            with self._store.transaction():
                response = self._answer(request)
        except ApiError as error:
            response = error.response()
        if request.path.startswith(f"{DATA}/v"):
            response.headers["Sforce-Limit-Info"] = f"api-usage={self._calls}/{DAILY_CALLS}"
        return response

    @property
    def org(self) -> Org:
        """The records, for edits that people make."""
        return self._org

    def operation(self, request: Request) -> str:
        """Name a request: ``token``, ``query Opportunity``, ``query page``, ``update Opportunity`` …."""
        if not request.path.startswith(f"{DATA}/v"):
            return request.path.rstrip("/").rpartition("/")[2].replace("data", "versions")
        _, parts = _split(request)
        return _operation(request, parts)

    def _answer(self, request: Request) -> Response:
        path = request.path.rstrip("/")
        if request.fault is not None and request.fault.action == "expire_token":
            self._sessions.expire_all()
        if path == "/services/oauth2/token" and request.method == "POST":
            return self._sessions.open(request, INTEGRATION_USER_ID)
        if path == DATA:
            return Response.json([_version(number) for number in VERSIONS])
        if path == "/services/oauth2/userinfo":
            self._sessions.check(request)
            return Response.json(self._userinfo(request))
        return self._data(request)

    def _data(self, request: Request) -> Response:
        version, parts = _split(request)
        if version is None or version not in VERSIONS:
            raise not_found()
        self._sessions.check(request)
        self._calls += 1
        call = Call(
            request=request,
            org=self._org,
            base=f"{DATA}/v{version}.0",
            parts=parts,
            user=INTEGRATION_USER_ID,
        )
        return self._route(call)(call)

    def _route(self, call: Call) -> Route:
        shape = _shape(call.parts)
        for (method, pattern), route in self._routes.items():
            if pattern == shape and method == call.request.method:
                return route
        if any(pattern == shape for _, pattern in self._routes):
            message = f"HTTP Method '{call.request.method}' not allowed."
            raise ApiError("METHOD_NOT_ALLOWED", message, status=405)
        raise not_found()

    def _table(self) -> Mapping[tuple[str, str], Route]:
        return {
            ("GET", ""): lambda call: Response.json(_resources(call.base)),
            ("GET", "query"): lambda call: self._query(call, deleted=False),
            ("GET", "queryAll"): lambda call: self._query(call, deleted=True),
            ("GET", "query/*"): self._page,
            ("GET", "queryAll/*"): self._page,
            ("GET", "limits"): lambda _: Response.json(records.limits(self._calls, DAILY_CALLS)),
            ("GET", "sobjects"): lambda call: Response.json(describe_global(call.base)),
            ("GET", "sobjects/*"): lambda call: Response.json(basic_information(call.kind(), call.base)),
            ("GET", "sobjects/*/describe"): lambda call: Response.json(describe(call.kind(), call.base, call.access)),
            ("GET", "sobjects/*/deleted"): records.deleted,
            ("GET", "sobjects/*/updated"): records.updated,
            ("POST", "sobjects/*"): records.create,
            ("GET", "sobjects/*/*"): records.read,
            ("PATCH", "sobjects/*/*"): records.change,
            ("DELETE", "sobjects/*/*"): records.remove,
            ("GET", "sobjects/*/*/*"): upserts.read_by_key,
            ("PATCH", "sobjects/*/*/*"): upserts.change_by_key,
            ("POST", "composite/sobjects"): collections.insert_many,
            ("PATCH", "composite/sobjects"): collections.update_many,
            ("PATCH", "composite/sobjects/*/*"): collections.upsert_many,
            ("DELETE", "composite/sobjects"): collections.delete_many,
        }

    def _query(self, call: Call, *, deleted: bool) -> Response:
        answer = run(self._org, call.param("q"), base=call.base, access=call.access, deleted=deleted)
        fault = call.request.fault
        short = int(fault.body) if fault is not None and fault.action == "page_size" else None
        size = page_size(call.request.header("sforce-query-options"), short)
        return _json_text(self._cursors.first_page(answer, size, call.base))

    def _page(self, call: Call) -> Response:
        return _json_text(self._cursors.page(call.parts[1], call.base))

    def _userinfo(self, request: Request) -> dict[str, Any]:
        user = self._org.get("User", INTEGRATION_USER_ID) or {}
        organization, url = self._credentials.organization, instance_url(request, self._credentials)
        return {
            "sub": f"{url}/id/{organization}/{user['Id']}",
            "user_id": user["Id"],
            "organization_id": organization,
            "preferred_username": user["Username"],
            "name": user["Name"],
            "email": user["Email"],
        }


def make_app(store: Store, clock: SandboxClock, credentials: SalesforceCredentials) -> SalesforceApp:
    """Return the local Salesforce on a store that holds an organization and at least one user."""
    return SalesforceApp(store, clock, credentials)


def _split(request: Request) -> tuple[int | None, tuple[str, ...]]:
    """Return the version number in a path (None: there is none) and the parts after it, decoded one by one."""
    match = re.fullmatch(rf"{DATA}/v(\d+)\.0(?:/(.*?))?/?", request.raw_path or request.path)
    if match is None:
        return None, ()
    return int(match[1]), tuple(unquote(part) for part in (match[2] or "").split("/") if part)


def _shape(parts: tuple[str, ...]) -> str:
    """Return the parts with names and ids as ``*``."""
    if parts[:1] == ("sobjects",) and len(parts) > 1:
        fixed = parts[2:] if parts[2:] in (("describe",), ("deleted",), ("updated",)) else ("*",) * len(parts[2:])
        return "/".join(("sobjects", "*", *fixed))
    if parts[:2] == ("composite", "sobjects") and len(parts) == 4:
        return "composite/sobjects/*/*"
    if parts[:1] in (("query",), ("queryAll",)) and len(parts) > 1:
        return f"{parts[0]}/*"
    return "/".join(parts)


def _operation(request: Request, parts: tuple[str, ...]) -> str:
    verb = {"POST": "insert", "PATCH": "update", "DELETE": "delete", "GET": "get"}.get(request.method, request.method)
    shape = _shape(parts)
    if shape in ("query", "queryAll"):
        return f"query {_queried(request.query.get('q', ''))}"
    if shape in ("query/*", "queryAll/*"):
        return "query page"
    if shape == "composite/sobjects":
        return f"{verb} {_collected(request)}"
    if shape == "composite/sobjects/*/*":
        return f"upsert {parts[2]}"
    if shape == "sobjects/*/*/*":
        return f"{'upsert' if verb == 'update' else verb} {parts[1]}"
    if shape.startswith("sobjects/*/") and not shape.endswith("*"):
        return f"{parts[2]} {parts[1]}"
    if shape in ("sobjects/*", "sobjects/*/*"):
        return f"{verb} {parts[1]}"
    return shape or "resources"


def _queried(text: str) -> str:
    """Return the object of a query's outer FROM (sub-queries in parentheses are skipped)."""
    while (flat := re.sub(r"\([^()]*\)", "", text)) != text:
        text = flat
    match = FROM.search(text)
    return match[1] if match else "?"


def _collected(request: Request) -> str:
    try:
        body = exact_json.loads(request.body or b"{}")
        return str(body["records"][0]["attributes"]["type"])
    except (ValueError, LookupError, TypeError):
        return "collection"


def _json_text(text: str) -> Response:
    return Response.of_text(text, "application/json;charset=UTF-8")


def _version(number: int) -> dict[str, str]:
    season = ("Spring", "Summer", "Winter")[number % 3]
    year = 26 + (number - 65) // 3
    return {"label": f"{season} '{year}", "url": f"{DATA}/v{number}.0", "version": f"{number}.0"}


def _resources(base: str) -> dict[str, str]:
    return {name: f"{base}/{name}" for name in ("sobjects", "query", "queryAll", "limits", "composite")}
