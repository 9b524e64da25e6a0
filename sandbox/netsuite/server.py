"""The local NetSuite: SOAP endpoint 2025.2, SuiteQL over REST, its own WSDL, one pool of slots for all of them."""

from __future__ import annotations

from sandbox import exact_json
from sandbox.clock import SandboxClock
from sandbox.credentials import NetSuiteCredentials
from sandbox.http import CONTROL, App, Request, Response
from sandbox.netsuite.audit import LoginAudit
from sandbox.netsuite.ledger import Ledger
from sandbox.netsuite.login import Login
from sandbox.netsuite.names import SUITEQL_PATH, WSDL_PATH
from sandbox.netsuite.operations import Operations
from sandbox.netsuite.periods import ensure_lists
from sandbox.netsuite.pool import Pool
from sandbox.netsuite.preferences import set_preferences
from sandbox.netsuite.soap import PATH, SoapEndpoint, operation_of
from sandbox.netsuite.sql_engine import SqlEngine
from sandbox.netsuite.suiteql import RestError, SuiteQlEndpoint, refused
from sandbox.netsuite.wsdl import document
from sandbox.store import Store


class NetSuiteApp:
    """Routes requests to the endpoint that answers them.

    ``POST /_sandbox/pool {"slots": n}`` sets how many requests may be in flight (standard: 5), ``POST
    /_sandbox/preferences {…}`` the account's preferences (see :mod:`sandbox.netsuite.preferences`). Besides the
    server's own fault actions it carries out ``concurrency`` (no slot was free), ``login`` (the login is refused),
    ``unexpected`` (an error of the server's own, nothing processed) and ``unexpected_after`` (processed before it).
    """

    def __init__(self, store: Store, clock: SandboxClock, credentials: NetSuiteCredentials) -> None:
        ledger = Ledger(store, clock)
        ensure_lists(ledger)
        self._ledger = ledger
        audit, login = LoginAudit(ledger), Login(credentials, clock)
        self._pool = Pool()
        self._soap = SoapEndpoint(
            operations=Operations(ledger), login=login, audit=audit, pool=self._pool, account=credentials.account
        )
        self._suiteql = SuiteQlEndpoint(
            engine=SqlEngine(store),
            clock=clock,
            login=login,
            audit=audit,
            pool=self._pool,
            account=credentials.account,
        )

    def __call__(self, request: Request) -> Response:
        """Answer the request; every change to the store happens in here, in one transaction."""
        soap = PATH.fullmatch(request.path)
        if soap and request.method == "POST":
            return self._soap(request, soap[1])
        if request.path == SUITEQL_PATH:
            return self._suiteql(request)
        if request.path == WSDL_PATH and request.method == "GET":
            return Response.of_text(document(request.header("host")), "text/xml;charset=utf-8")
        if request.path == f"{CONTROL}pool" and request.method == "POST":
            return self._resize(request)
        if request.path == f"{CONTROL}preferences" and request.method == "POST":
            return self._prefer(request)
        detail = f"There is no {request.method} {request.path} in the sandbox's NetSuite."
        return refused(RestError(404, "NONEXISTENT_ID", detail))

    def operation(self, request: Request) -> str:
        """Name what the request asks for, from the request alone."""
        if PATH.fullmatch(request.path) and request.method == "POST":
            return operation_of(request)
        return "suiteql" if request.path == SUITEQL_PATH else f"{request.method} {request.path}"

    def _resize(self, request: Request) -> Response:
        try:
            self._pool.resize(int(exact_json.loads(request.body)["slots"]))
        except (ValueError, KeyError, TypeError) as error:
            return Response.json({"error": f'pool: send {{"slots": n}}: {error}'}, 400)
        return Response.json({"slots": self._pool.slots})

    def _prefer(self, request: Request) -> Response:
        try:
            wanted = exact_json.loads(request.body) if request.body else {}
            if not isinstance(wanted, dict):
                raise ValueError("send a JSON object")
            return Response.json(dict(set_preferences(self._ledger, wanted)))
        except ValueError as error:
            return Response.json({"error": f"preferences: {error}"}, 400)


def make_app(store: Store, clock: SandboxClock, credentials: NetSuiteCredentials) -> App:
    """Return the application that answers for one account's store."""
    return NetSuiteApp(store, clock, credentials)
