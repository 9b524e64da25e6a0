"""A scripted Salesforce org behind the `responses` library, for wire-level tests of the connector."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
import responses

from config.secrets import SecretRef
from config.settings import SalesforceSettings
from connectors.salesforce import connect
from connectors.salesforce.connection import SalesforceConnection

URL = "https://acme.my.salesforce.com"
ENVIRON = {"SF_ID": "consumer-key-3f9", "SF_SECRET": "very-secret-77c"}
DEAL = "006Hs00001A0000IAB"
OTHER = "006Hs00001A0001IAB"

FIELDS: dict[str, list[tuple[str, str, dict[str, Any]]]] = {
    "Opportunity": [
        ("Id", "id", {}),
        ("Name", "string", {"length": 120}),
        ("Amount", "currency", {}),
        ("CloseDate", "date", {}),
        ("LastStageChangeDate", "datetime", {}),
        ("IsWon", "boolean", {}),
        ("StageName", "picklist", {"picklistValues": [{"value": "Closed Won"}, {"value": "Old", "active": False}]}),
        ("AccountId", "reference", {"referenceTo": ["Account"], "relationshipName": "Account"}),
        ("OwnerId", "reference", {"referenceTo": ["Group", "User"], "relationshipName": "Owner"}),
        ("CurrencyIsoCode", "picklist", {}),
        ("SystemModstamp", "datetime", {}),
        ("IsDeleted", "boolean", {}),
    ],
    "Account": [
        ("Id", "id", {}),
        ("Name", "string", {}),
        ("BillingAddress", "address", {}),
        ("OwnerId", "reference", {"referenceTo": ["User"], "relationshipName": "Owner"}),
        ("ParentId", "reference", {"referenceTo": ["Account"], "relationshipName": "Parent"}),
        ("SystemModstamp", "datetime", {}),
        ("IsDeleted", "boolean", {}),
    ],
    "User": [("Id", "id", {}), ("Email", "email", {}), ("SystemModstamp", "datetime", {})],
}

Reply = tuple[int, dict[str, str], str]


class StillClock:
    """A clock that moves only by sleeping."""

    def __init__(self, at: datetime = datetime(2026, 11, 1, 12, 0, tzinfo=UTC)) -> None:
        self.at = at
        self.slept: list[float] = []

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.at += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self.at.timestamp()


class MidRandom:
    """Jitter without chance."""

    def uuid(self) -> str:
        return "0" * 32

    def nonce(self) -> str:
        return "n" * 20

    def uniform(self, low: float, high: float) -> float:
        return (low + high) / 2


def js(body: object, status: int = 200, **headers: str) -> Reply:
    """Return a JSON reply; numbers given as strings with a leading '#' are written bare."""
    text = re.sub(r'"#([^"]+)"', r"\1", json.dumps(body))
    return status, {"Content-Type": "application/json;charset=UTF-8", **headers}, text


def fault(status: int, code: str, message: str = "", **extra: Any) -> Reply:
    return js([{"message": message or code, "errorCode": code, **extra}], status)


def html(status: int = 200) -> Reply:
    return status, {"Content-Type": "text/html"}, "<html><title>Down for maintenance</title></html>"


def page(*rows: dict[str, Any], total: int | None = None, more: str | None = None) -> Reply:
    body: dict[str, Any] = {"totalSize": len(rows) if total is None else total, "done": more is None}
    if more is not None:
        body["nextRecordsUrl"] = more
    return js({**body, "records": list(rows)})


def deal(id_: str = DEAL, stamp: str = "2026-11-01T10:00:00.000+0000", **values: Any) -> dict[str, Any]:
    row = {"attributes": {"type": "Opportunity"}, "Id": id_, "SystemModstamp": stamp, "IsDeleted": False}
    return {**row, "Name": "Deal", **values}


@dataclass
class FakeOrg:
    """Answers sign-in, versions and describe by itself; everything else from ``script``, in order."""

    script: list[Reply | Exception | Callable[[requests.PreparedRequest], Reply]] = field(default_factory=list)
    sign_ins: list[Reply | Exception] = field(default_factory=list)
    fields: dict[str, list[tuple[str, str, dict[str, Any]]]] = field(default_factory=lambda: dict(FIELDS))
    versions: tuple[str, ...] = ("66.0", "67.0")
    date: str = "Sun, 01 Nov 2026 12:00:07 GMT"
    calls: list[requests.PreparedRequest] = field(default_factory=list)
    signed_in: int = 0

    def answer(self, request: requests.PreparedRequest) -> Reply:
        status, headers, body = self._reply(request)
        return status, {"Date": self.date, "Sforce-Limit-Info": "api-usage=18/5000", **headers}, body

    def _reply(self, request: requests.PreparedRequest) -> Reply:
        path = urlsplit(request.url or "").path
        if path == "/services/oauth2/token":
            return self._sign_in()
        if path == "/services/data":
            return js([{"version": version, "url": f"/services/data/v{version}"} for version in self.versions])
        if path.endswith("/describe"):
            return self._describe(path.split("/")[-2])
        self.calls.append(request)
        step = self.script.pop(0)
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step

    def _sign_in(self) -> Reply:
        self.signed_in += 1
        if self.sign_ins:
            step = self.sign_ins.pop(0)
            if isinstance(step, Exception):
                raise step
            return step
        return js({"access_token": f"token-{self.signed_in}", "instance_url": URL, "token_type": "Bearer"})

    def _describe(self, type_: str) -> Reply:
        type_ = next((known for known in self.fields if known.lower() == type_.lower()), type_)
        if type_ not in self.fields:
            return fault(404, "NOT_FOUND", "The requested resource does not exist")
        fields = [{"name": name, "type": kind, **more} for name, kind, more in self.fields[type_]]
        return js({"name": type_, "fields": fields})

    def queries(self) -> list[str]:
        return [parse_qs(urlsplit(call.url or "").query).get("q", [""])[0] for call in self.calls]

    def paths(self) -> list[str]:
        return [urlsplit(call.url or "").path for call in self.calls]

    def tokens(self) -> list[str]:
        return [str(call.headers["Authorization"]) for call in self.calls]

    def install(self, mock: responses.RequestsMock) -> None:
        for method in ("GET", "POST", "PATCH"):
            mock.add_callback(method, re.compile(r"https://.*"), callback=self.answer)


def settings(**changes: Any) -> SalesforceSettings:
    values: dict[str, Any] = {
        "url": URL,
        "client_id": SecretRef("env:SF_ID", "sync.toml:5"),
        "client_secret": SecretRef("env:SF_SECRET", "sync.toml:6"),
    }
    return SalesforceSettings(**{**values, **changes})


def connection(clock: StillClock | None = None, **changes: Any) -> SalesforceConnection:
    return connect(settings(**changes), clock=clock or StillClock(), random=MidRandom(), environ=ENVIRON)
