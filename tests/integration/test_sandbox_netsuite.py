"""The local NetSuite over real HTTP: signed SuiteQL, a foreign SOAP client on its own WSDL, limits, faults."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from urllib.parse import quote

import pytest
import requests
import zeep
from zeep.exceptions import Fault
from zeep.transports import Transport

from sandbox.serve import running

NOW = datetime(2026, 11, 20, 20, 0, tzinfo=UTC)
CORE = "urn:core_2025_2.platform.webservices.netsuite.com"
SALES = "urn:sales_2025_2.transactions.webservices.netsuite.com"
RELATIONSHIPS = "urn:relationships_2025_2.lists.webservices.netsuite.com"
SUITEQL = "/services/rest/query/v1/suiteql"
NONCES = count(1)
FILES = {
    "currency": "id,symbol,name\n1,USD,US Dollar\n",
    "subsidiary": "id,name,currency,country,taxRegime,taxRate\n1,Acme Inc,USD,US,vat,10\n",
    "item": "id,itemid,displayname\n5,PLAT,Platform\n",
    "customer": "id,companyname,subsidiary\n501,Globex,Acme Inc\n",
}


class Remote:
    """What a client knows of the account, with signing of its own."""

    def __init__(self, ready: dict, session: requests.Session) -> None:
        self.base, self.keys, self.session = ready["base_url"], ready, session

    def sign(self, base: str) -> str:
        key = f"{self.keys['consumer_secret']}&{self.keys['token_secret']}"
        return base64.b64encode(hmac.new(key.encode(), base.encode(), hashlib.sha256).digest()).decode()

    def header(self, query: dict[str, str]) -> str:
        sent = {
            "oauth_consumer_key": self.keys["consumer_key"],
            "oauth_nonce": f"rest{next(NONCES):012d}",
            "oauth_signature_method": "HMAC-SHA256",
            "oauth_timestamp": str(int(NOW.timestamp())),
            "oauth_token": self.keys["token_id"],
            "oauth_version": "1.0",
        }
        pairs = sorted((quote(k, safe="-._~"), quote(v, safe="-._~")) for k, v in {**sent, **query}.items())
        normalized = quote("&".join(f"{k}={v}" for k, v in pairs), safe="-._~")
        sent["oauth_signature"] = self.sign("&".join(("POST", quote(self.base + SUITEQL, safe="-._~"), normalized)))
        parts = ", ".join(f'{k}="{quote(v, safe="-._~")}"' for k, v in sent.items())
        return f'OAuth realm="{self.keys["account"]}", {parts}'

    def suiteql(self, query: str, *, prefer: str = "transient", **page: str) -> requests.Response:
        headers = {"Authorization": self.header(page), "Prefer": prefer}
        return self.session.post(self.base + SUITEQL, params=page, json={"q": query}, headers=headers, timeout=10)

    def control(self, name: str, body: dict) -> dict:
        return self.session.post(f"{self.base}/_sandbox/{name}", data=json.dumps(body), timeout=10).json()

    def soap(self) -> tuple[zeep.Client, zeep.proxy.ServiceProxy]:
        client = zeep.Client(f"{self.base}/wsdl/v2025_2_0/netsuite.wsdl", transport=Transport(session=self.session))
        return client, client.service

    def passport(self, client: zeep.Client):
        keys, nonce, stamp = self.keys, f"soap{next(NONCES):012d}", str(int(NOW.timestamp()))
        base = "&".join((keys["account"], keys["consumer_key"], keys["token_id"], nonce, stamp))
        signature = client.get_type(f"{{{CORE}}}TokenPassportSignature")(self.sign(base), algorithm="HMAC-SHA256")
        return client.get_type(f"{{{CORE}}}TokenPassport")(
            account=keys["account"], consumerKey=keys["consumer_key"], token=keys["token_id"], nonce=nonce,
            timestamp=stamp, signature=signature,
        )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("book")
    (folder / "netsuite").mkdir()
    for name, text in FILES.items():
        (folder / "netsuite" / f"{name}.csv").write_text(text)
    return folder


@pytest.fixture
def remote(folder: Path, tmp_path: Path) -> Iterator[Remote]:
    with running(tmp_path / "dir", str(folder), now=NOW, seed=1) as ready, requests.Session() as session:
        yield Remote(ready["netsuite"], session)


def add_order(remote: Remote, external_id: str, client: zeep.Client | None = None):
    client = client or remote.soap()[0]
    ref = client.get_type(f"{{{CORE}}}RecordRef")
    line = client.get_type(f"{{{SALES}}}SalesOrderItem")(
        item=ref(externalId=None, internalId="5"), quantity=2, rate="50", price=ref(internalId="-1")
    )
    items = client.get_type(f"{{{SALES}}}SalesOrderItemList")(item=[line])
    order = client.get_type(f"{{{SALES}}}SalesOrder")(
        entity=ref(internalId="501"), itemList=items, externalId=external_id
    )
    return client.service.add(order, _soapheaders={"tokenPassport": remote.passport(client)})


def test_an_order_added_over_soap_is_seen_by_suiteql(remote: Remote) -> None:
    answer = add_order(remote, "tieout-so-1").body.writeResponse
    assert answer.status.isSuccess
    page = remote.suiteql("SELECT id, tranid, foreigntotal FROM transaction ORDER BY id").json()
    assert page["items"] == [{"links": [], "id": answer.baseRef.internalId, "tranid": "SO1001", "foreigntotal": "110"}]
    assert (page["count"], page["hasMore"], page["offset"], page["totalResults"]) == (1, False, 0, 1)


def test_a_foreign_client_reads_a_record_through_the_sandboxs_own_wsdl(remote: Remote) -> None:
    client, service = remote.soap()
    ref = client.get_type(f"{{{CORE}}}RecordRef")(type="customer", internalId="501")
    found = service.get(ref, _soapheaders={"tokenPassport": remote.passport(client)}).body.readResponse
    assert (found.record.companyName, found.record.subsidiary.name) == ("Globex", "Acme Inc")


def test_pages_link_to_each_other(remote: Remote) -> None:
    client, _ = remote.soap()
    for number in range(3):
        add_order(remote, f"tieout-so-{number}", client)
    page = remote.suiteql("SELECT id FROM transaction ORDER BY id", limit="2", offset="0").json()
    assert (page["count"], page["hasMore"], page["totalResults"]) == (2, True, 3)
    assert [link["rel"] for link in page["links"]] == ["self", "next", "last"]
    last = remote.suiteql("SELECT id FROM transaction ORDER BY id", limit="2", offset="2").json()
    assert (last["count"], last["hasMore"]) == (1, False)


def test_refused_queries_have_netsuites_error_envelope(remote: Remote) -> None:
    for answer, status, code in (
        (remote.suiteql("SELECT id FROM customer", prefer=""), 400, "INVALID_HEADER"),
        (remote.suiteql("SELECT nope FROM customer"), 400, "INVALID_PARAMETER"),
        (remote.suiteql("SELECT id FROM customer LIMIT 1"), 400, "INVALID_PARAMETER"),
        (remote.suiteql("SELECT id FROM customer", limit="1001"), 400, "INVALID_PARAMETER"),
        (
            remote.session.post(remote.base + SUITEQL, json={"q": "SELECT 1 FROM dual"}, timeout=10),
            401,
            "INVALID_LOGIN",
        ),
        (remote.session.get(f"{remote.base}/services/rest/record/v1/salesOrder", timeout=10), 404, "NONEXISTENT_ID"),
    ):
        body = answer.json()
        assert (answer.status_code, body["status"], body["o:errorDetails"][0]["o:errorCode"]) == (status, status, code)


def test_a_signature_without_the_query_parameters_is_refused(remote: Remote) -> None:
    headers = {"Authorization": remote.header({}), "Prefer": "transient"}
    url = f"{remote.base}{SUITEQL}?limit=10&offset=0"
    answer = remote.session.post(url, json={"q": "SELECT id FROM customer"}, headers=headers, timeout=10)
    assert answer.status_code == 401


def test_soap_and_rest_share_one_pool_of_slots(remote: Remote) -> None:
    assert remote.control("pool", {"slots": 0}) == {"slots": 0}
    answer = remote.suiteql("SELECT id FROM customer")
    assert (answer.status_code, answer.json()["o:errorDetails"][0]["o:errorCode"]) == (
        429,
        "CONCURRENCY_LIMIT_EXCEEDED",
    )
    with pytest.raises(Fault, match="concurrent request limit exceeded"):
        add_order(remote, "tieout-so-1")
    remote.control("pool", {"slots": 1})
    assert add_order(remote, "tieout-so-1").body.writeResponse.status.isSuccess


def test_requests_beyond_the_slots_are_rejected_while_others_work(folder: Path, tmp_path: Path) -> None:
    with running(tmp_path / "dir", str(folder), now=NOW, seed=1, latency=0.5) as ready, requests.Session() as session:
        remote = Remote(ready["netsuite"], session)
        remote.control("pool", {"slots": 2})
        codes: list[int] = []

        def ask() -> None:
            with requests.Session() as own:
                codes.append(Remote(ready["netsuite"], own).suiteql("SELECT id FROM customer").status_code)

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(codes) == [200, 200, 429, 429]


def test_the_request_log_tells_operation_keys_and_effect(folder: Path, tmp_path: Path) -> None:
    from sandbox.dump import dump

    with running(tmp_path / "dir", str(folder), now=NOW, seed=1) as ready, requests.Session() as session:
        remote = Remote(ready["netsuite"], session)
        id_ = add_order(remote, "tieout-so-1").body.writeResponse.baseRef.internalId
        add_order(remote, "tieout-so-1")
        remote.suiteql("SELECT id FROM customer")
    entries = [json.loads(line) for line in dump(tmp_path / "dir", "netsuite", "requests")]
    told = [(entry["operation"], entry["effect"]) for entry in entries if "wsdl" not in entry["operation"]]
    insert = [{"type": "salesOrder", "id": id_, "op": "insert"}]
    assert told == [("add salesOrder", insert), ("add salesOrder", []), ("suiteql", [])]
    assert "tieout-so-1" in next(entry["keys"] for entry in entries if entry["operation"] == "add salesOrder")


def test_an_answer_lost_after_the_commit_leaves_exactly_one_order(remote: Remote) -> None:
    client, _ = remote.soap()
    remote.control("faults", {"rules": [{"system": "netsuite", "operation": "add", "action": "drop_after"}]})
    with pytest.raises(requests.ConnectionError):
        add_order(remote, "tieout-so-1", client)
    answer = add_order(remote, "tieout-so-1", client).body.writeResponse
    assert (answer.status.isSuccess, answer.status.statusDetail[0].code) == (False, "DUP_RCRD")
    assert remote.suiteql("SELECT COUNT(*) AS n FROM transaction").json()["items"][0]["n"] == "1"


def test_two_adds_of_one_external_id_at_once_make_one_order(remote: Remote) -> None:
    client, _ = remote.soap()
    done: list[bool] = []

    def add() -> None:
        done.append(bool(add_order(remote, "tieout-so-1", client).body.writeResponse.status.isSuccess))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [False, False, False, True]


def test_records_survive_a_restart_of_the_same_folder(folder: Path, tmp_path: Path) -> None:
    with running(tmp_path / "dir", str(folder), now=NOW, seed=1) as ready, requests.Session() as session:
        add_order(Remote(ready["netsuite"], session), "tieout-so-1")
    with running(tmp_path / "dir", str(folder), now=NOW, seed=1) as ready, requests.Session() as session:
        remote = Remote(ready["netsuite"], session)
        assert not add_order(remote, "tieout-so-1").body.writeResponse.status.isSuccess
        assert add_order(remote, "tieout-so-2").body.writeResponse.status.isSuccess
        page = remote.suiteql("SELECT tranid, foreigntotal FROM transaction ORDER BY id").json()
    assert [(row["tranid"], row["foreigntotal"]) for row in page["items"]] == [("SO1001", "110"), ("SO1002", "110")]


def test_five_thousand_orders_are_queried_in_pages_within_seconds(tmp_path: Path) -> None:
    from sandbox.clock import SandboxClock
    from sandbox.netsuite.load import load_rows
    from sandbox.netsuite.sql_dialect import rewritten
    from sandbox.netsuite.sql_engine import SqlEngine
    from sandbox.store import Store

    store, clock = Store(), SandboxClock(NOW)
    load_rows(store, clock, "currency", [("c:2", {"symbol": "USD"})])
    load_rows(store, clock, "subsidiary", [("s:2", {"name": "Acme", "currency": "USD"})])
    load_rows(store, clock, "item", [("i:2", {"itemid": "PLAT"})])
    load_rows(store, clock, "customer", [("k:2", {"companyname": "Globex", "subsidiary": "Acme"})])
    load_rows(store, clock, "salesOrder", [(f"o:{n}", {"tranId": f"SO{n}", "entity": "Globex"}) for n in range(5000)])
    rows = [(f"l:{n}", {"salesOrder": f"SO{n}", "item": "PLAT", "quantity": "1", "rate": "9"}) for n in range(5000)]
    load_rows(store, clock, "salesOrder.lines", rows)
    engine, last, seen = SqlEngine(store), "0", 0
    began = time.monotonic()
    while page := engine.query(
        rewritten(f"SELECT id, foreigntotal FROM transaction WHERE id > {last} ORDER BY id", NOW), limit=1000, offset=0
    )[0]:
        seen, last = seen + len(page), page[-1]["id"]
    assert seen == 5000
    assert time.monotonic() - began < 10
