"""The real simple-salesforce, unchanged, against the local Salesforce over HTTP."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import (
    SalesforceAuthenticationFailed,
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

from sandbox.dump import dump
from sandbox.errors import SandboxError
from sandbox.serve import running

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


class LoopbackRoute(HTTPAdapter):
    """Sends every https request to the sandbox and keeps the original host in ``Host``."""

    def __init__(self, base: str) -> None:
        super().__init__()
        self.base = urlsplit(base)

    def send(self, request: Any, **more: Any) -> Any:
        real, out = urlsplit(request.url), request.copy()
        out.headers.setdefault("Host", real.netloc)
        out.url = real._replace(scheme=self.base.scheme, netloc=self.base.netloc).geturl()
        return super().send(out, **more)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    book = tmp_path_factory.mktemp("book")
    (book / "salesforce").mkdir()
    deals = "".join(f"Deal {number},Acme,{number % 7}.25,Prospecting,2026-12-01\n" for number in range(2500))
    (book / "salesforce" / "Account.csv").write_text("Name\nAcme\n")
    (book / "salesforce" / "Opportunity.csv").write_text("Name,AccountId,Amount,StageName,CloseDate\n" + deals)
    with running(tmp_path_factory.mktemp("sandbox"), str(book), now=NOW, seed=11) as told:
        yield told


@pytest.fixture
def session(ready: dict[str, Any]) -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        made.mount("https://", LoopbackRoute(ready["salesforce"]["base_url"]))
        yield made


def log_in(ready: dict[str, Any], session: requests.Session, **changed: str) -> Salesforce:
    keys = ready["salesforce"]
    given = {"consumer_key": keys["client_id"], "consumer_secret": keys["client_secret"], **changed}
    return Salesforce(domain="tieout-demo.my", session=session, version="67.0", parse_float=Decimal, **given)


def test_login_paging_and_exact_numbers(ready: dict[str, Any], session: requests.Session) -> None:
    sf = log_in(ready, session)
    rows = sf.query_all("SELECT Id, Name, Amount, Account.Name FROM Opportunity ORDER BY Id")
    assert rows["totalSize"] == len(rows["records"]) == 2500
    assert rows["records"][1]["Amount"] == Decimal("1.25")
    assert rows["records"][2499]["Account"]["Name"] == "Acme"
    assert sf.api_usage["api-usage"].total == 100000


def test_records_are_written_read_and_deleted(ready: dict[str, Any], session: requests.Session) -> None:
    sf = log_in(ready, session)
    made = sf.Account.create({"Name": "Zeta", "CurrencyIsoCode": "EUR"})
    assert sf.Account.update(made["id"], {"Phone": "+49 30 1"}) == 204
    assert sf.Account.get(made["id"])["Phone"] == "+49 30 1"
    assert sf.Account.delete(made["id"]) == 204
    assert sf.query("SELECT COUNT() FROM Account WHERE Name = 'Zeta'")["totalSize"] == 0
    assert sf.query("SELECT Id FROM Account WHERE Name = 'Zeta'", include_deleted=True)["totalSize"] == 1
    with pytest.raises(SalesforceResourceNotFound):
        sf.Account.get("001Tt00000zzzzzIAA")
    assert sf.Opportunity.describe()["keyPrefix"] == "006"
    assert sf.limits()["DailyApiRequests"]["Max"] == 100000


def test_collections_go_through_restful(ready: dict[str, Any], session: requests.Session) -> None:
    sf = log_in(ready, session)
    first, second = (row["Id"] for row in sf.query("SELECT Id FROM Opportunity ORDER BY Id LIMIT 2")["records"])
    records = [
        {"attributes": {"type": "Opportunity"}, "id": first, "Tieout_Sync_State__c": "Synced"},
        {"attributes": {"type": "Opportunity"}, "id": second, "Tieout_Sync_State__c": "x" * 41},
    ]
    results = sf.restful("composite/sobjects", method="PATCH", json={"allOrNone": False, "records": records})
    assert [result["success"] for result in results] == [True, False]
    assert results[1]["errors"][0]["statusCode"] == "STRING_TOO_LONG"
    log = [json.loads(line) for line in dump(Path(ready["dir"]), "salesforce", "requests")]
    assert log[-1]["operation"] == "update Opportunity"
    assert log[-1]["effect"] == [{"type": "Opportunity", "id": first, "op": "update"}]
    assert log[-1]["keys"] == [first, second]


def test_errors_arrive_as_the_client_expects_them(ready: dict[str, Any], session: requests.Session) -> None:
    with pytest.raises(SalesforceAuthenticationFailed, match="invalid_client"):
        log_in(ready, session, consumer_secret="wrong")
    sf = log_in(ready, session)
    with pytest.raises(SalesforceMalformedRequest, match="No such column 'Nope'"):
        sf.query("SELECT Nope FROM Account")
    direct = Salesforce(
        session_id="stale", instance_url="https://tieout-demo.my.salesforce.com", session=session, version="67.0"
    )
    with pytest.raises(SalesforceExpiredSession):
        direct.query("SELECT Id FROM Account")


def test_both_servers_share_clock_and_control(ready: dict[str, Any]) -> None:
    step = urllib.request.Request(
        f"{ready['netsuite']['base_url']}/_sandbox/step", data=b'{"seconds": 60}', method="POST"
    )
    with urllib.request.urlopen(step, timeout=5) as answer:
        told = json.load(answer)
    with urllib.request.urlopen(f"{ready['salesforce']['base_url']}/_sandbox/clock", timeout=5) as answer:
        assert json.load(answer) == told


def test_a_folder_in_use_is_refused(ready: dict[str, Any]) -> None:
    with pytest.raises(SandboxError, match="in use"), running(Path(ready["dir"])):
        pass


def test_a_restart_keeps_records_credentials_and_clock(tmp_path: Path) -> None:
    with running(tmp_path, now=NOW) as first:
        body = b'{"seconds": 5}'
        request = urllib.request.Request(f"{first['salesforce']['base_url']}/_sandbox/step", data=body, method="POST")
        urllib.request.urlopen(request, timeout=5).close()
    with running(tmp_path, now=NOW) as second:
        assert second["now"] == "2026-11-22T12:00:05Z"
        assert second["netsuite"]["token_secret"] == first["netsuite"]["token_secret"]
        assert json.loads((tmp_path / "sandbox.json").read_text()) == second
    assert len(list(dump(tmp_path, "salesforce", "user"))) == 1
