"""A small local Salesforce in memory, called without HTTP."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sandbox.clock import SandboxClock
from sandbox.credentials import make
from sandbox.faults import Rule
from sandbox.http import Request, Response
from sandbox.salesforce import load, writes
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import INTEGRATION_USER_ID
from sandbox.salesforce.server import make_app
from sandbox.store import Store

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
DATA = "/services/data/v67.0"


class LocalOrg:
    """One org with a logged-in client."""

    def __init__(self) -> None:
        self.clock = SandboxClock(NOON)
        self.store = Store()
        self.credentials = make(7).salesforce
        self.app = make_app(self.store, self.clock, self.credentials)
        self.org = self.app.org
        with self.store.transaction():
            load.prepare(self.org, self.credentials.organization)
            load.load(self.org, {})
        self.token = self.log_in()

    def log_in(self, **changed: str) -> str:
        return str(json.loads(self.token_answer(**changed).body).get("access_token", ""))

    def token_answer(self, **changed: str) -> Response:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
            **changed,
        }
        body = "&".join(f"{name}={value}" for name, value in form.items()).encode()
        return self.app(Request(method="POST", path="/services/oauth2/token", body=body))

    def send(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
        fault: Rule | None = None,
    ) -> Response:
        return self.app(
            Request(
                method=method,
                path=path if path.startswith("/services") else DATA + path,
                query=query or {},
                headers={"authorization": f"Bearer {self.token}", **(headers or {})},
                body=b"" if body is None else json.dumps(body).encode(),
                fault=fault,
            )
        )

    def call(self, method: str, path: str, body: Any = None, **more: Any) -> tuple[int, Any]:
        answer = self.send(method, path, body, **more)
        return answer.status, json.loads(answer.body, parse_float=Decimal) if answer.body else None

    def query(self, soql: str, *, deleted: bool = False, **more: Any) -> dict[str, Any]:
        status, answer = self.call("GET", "/queryAll" if deleted else "/query", query={"q": soql}, **more)
        assert status == 200, answer
        return answer

    def rows(self, soql: str, *, deleted: bool = False) -> list[Any]:
        """The records of a query without attributes; of one field the bare values."""
        found = [
            {k: v for k, v in row.items() if k != "attributes"} for row in self.query(soql, deleted=deleted)["records"]
        ]
        return [next(iter(row.values())) if len(row) == 1 else row for row in found]

    def refusal(self, soql: str) -> dict[str, str]:
        status, answer = self.call("GET", "/query", query={"q": soql})
        assert status == 400, answer
        return answer[0]

    def add(self, name: str, /, **values: Any) -> str:
        with self.store.transaction():
            return writes.insert(self.org, OBJECTS[name], values, by=INTEGRATION_USER_ID)

    def get(self, name: str, id_: str) -> dict[str, Any]:
        body = self.store.get(name, id_)
        assert body is not None
        return body

    def deal(self, name: str = "Deal", **values: Any) -> str:
        return self.add("Opportunity", Name=name, StageName="Prospecting", CloseDate="2026-11-30", **values)

    def entry(self, code: str = "P-1", price: str = "10", currency: str = "USD") -> str:
        product = self.add("Product2", Name=f"Product {code}", ProductCode=code, IsActive=True)
        book = self.rows("SELECT Id FROM Pricebook2")[0]
        return self.add(
            "PricebookEntry",
            Pricebook2Id=book, Product2Id=product, UnitPrice=Decimal(price), IsActive=True, CurrencyIsoCode=currency,
        )  # fmt: skip

    def line(self, deal: str, entry: str, quantity: str = "1", **values: Any) -> str:
        return self.add(
            "OpportunityLineItem", OpportunityId=deal, PricebookEntryId=entry, Quantity=Decimal(quantity), **values
        )
