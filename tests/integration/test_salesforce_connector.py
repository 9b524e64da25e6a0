"""The Salesforce connector against the local Salesforce, over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.secrets import SecretRef
from config.settings import SalesforceSettings
from config.system import SystemRandom
from connectors.errors import (
    AuthenticationError,
    ProtocolError,
    QuotaExhaustedError,
    SchemaError,
    TransientError,
    UnreachableError,
)
from connectors.ports import Condition
from connectors.records import ControlTotal, FieldUpdate, Position, RecordRef, Window
from connectors.salesforce import connect
from connectors.salesforce.connection import SalesforceConnection
from sandbox.clock import SandboxClock
from sandbox.credentials import SalesforceCredentials, make
from sandbox.faults import Faults, Rule
from sandbox.http import Mount, Server
from sandbox.salesforce import writes
from sandbox.salesforce.objects import OBJECTS
from sandbox.salesforce.org import INTEGRATION_USER_ID, blank
from sandbox.salesforce.server import SalesforceApp, make_app
from sandbox.serve import running
from sandbox.store import Store

START = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)
FIELDS = ["Name", "Amount", "CloseDate", "IsWon", "CurrencyIsoCode", "Account.Name", "Owner.Email"]


class LocalClock:
    """The client's clock: three minutes behind the server's; pauses take no time."""

    def __init__(self, server: SandboxClock) -> None:
        self._server = server
        self._slept = timedelta(0)

    def now(self) -> datetime:
        return self._server.now() - timedelta(minutes=3) + self._slept

    def sleep(self, seconds: float) -> None:
        self._slept += timedelta(seconds=seconds)

    def elapsed(self) -> float:
        return self.now().timestamp()


@dataclass
class Sandbox:
    """A running local Salesforce with a few direct ways to set it up and to spoil it."""

    clock: SandboxClock
    store: Store
    faults: Faults
    app: SalesforceApp
    credentials: SalesforceCredentials
    base_url: str
    ids: dict[str, str] = field(default_factory=dict)

    def insert(self, type_: str, **values: Any) -> str:
        with self.store.transaction():
            return writes.insert(self.app.org, OBJECTS[type_], values, by=INTEGRATION_USER_ID)

    def delete(self, type_: str, id_: str) -> None:
        with self.store.transaction():
            writes.delete(self.app.org, OBJECTS[type_], id_, by=INTEGRATION_USER_ID)

    def deal(self, name: str, **values: Any) -> str:
        base = {"AccountId": self.ids["account"], "StageName": "Closed Won", "CloseDate": "2026-10-30"}
        return self.insert("Opportunity", Name=name, CurrencyIsoCode="EUR", **{**base, **values})

    def connect(self, **changes: Any) -> SalesforceConnection:
        settings = SalesforceSettings(
            url=self.credentials.url,
            client_id=SecretRef("env:ID"),
            client_secret=SecretRef("env:SECRET"),
            **{"base_url": self.base_url, **changes},
        )
        environ = {"ID": self.credentials.client_id, "SECRET": self.credentials.client_secret}
        return connect(settings, clock=LocalClock(self.clock), random=SystemRandom(), environ=environ)

    def spoil(self, *rules: Rule) -> None:
        self.faults.arm(rules)

    def requests(self, operation: str) -> list[dict[str, Any]]:
        return [entry for entry in self.store.requests() if entry["operation"].startswith(operation)]

    def window(self) -> Window:
        return Window(None, self.clock.now() + timedelta(seconds=1))


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    clock, store, faults, credentials = SandboxClock(START), Store(), Faults(), make(7).salesforce
    with store.transaction():
        for type_, id_ in (("Organization", credentials.organization), ("User", INTEGRATION_USER_ID)):
            store.put(type_, id_, {**blank(OBJECTS[type_]), "Id": id_, **STAMPS})
    app = make_app(store, clock, credentials)
    server = Server(
        Mount(system="salesforce", app=app, store=store, clock=clock, faults=faults, control=lambda request: None)
    )
    server.start()
    running = Sandbox(clock, store, faults, app, credentials, server.base_url)
    running.ids["account"] = running.insert("Account", Name="Müller & Söhne GmbH", CurrencyIsoCode="EUR")
    yield running
    server.stop()


STAMPS = {"IsDeleted": False, "SystemModstamp": "2026-11-01T09:00:00.000+0000", "Email": "tieout@example.com"}


def names(connection: SalesforceConnection, window: Window, after: Position | None = None) -> list[object]:
    pages = connection.reader.changed("Opportunity", FIELDS, window, after)
    return [record.fields["Name"] for page in pages for record in page.records]


def test_a_deal_arrives_with_its_exact_values(sandbox: Sandbox) -> None:
    id_ = sandbox.deal("First", Amount=Decimal("99999999999999.99"))
    [page] = list(sandbox.connect().reader.changed("Opportunity", FIELDS, sandbox.window()))
    [record] = page.records
    assert record.ref == RecordRef(connection="salesforce", type="Opportunity", id=id_)
    assert record.modified == START
    assert record.fields == {
        "Name": "First",
        "Amount": Decimal("99999999999999.99"),
        "CloseDate": date(2026, 10, 30),
        "IsWon": True,
        "CurrencyIsoCode": "EUR",
        "Account.Name": "Müller & Söhne GmbH",
        "Owner.Email": "tieout@example.com",
    }


def test_changes_are_read_page_by_page_in_order_and_deleted_ones_are_seen(sandbox: Sandbox) -> None:
    for n in range(7):
        sandbox.deal(f"Deal {n}")
        sandbox.clock.step(n % 2)
    gone = sandbox.deal("Gone")
    sandbox.delete("Opportunity", gone)
    sandbox.spoil(Rule(action="page_size", operation="query", body=3, times=None))
    pages = list(sandbox.connect().reader.changed("Opportunity", FIELDS, sandbox.window()))
    assert [len(page.records) for page in pages] == [3, 3, 2]
    places = [(record.modified, record.ref.id) for page in pages for record in page.records]
    assert places == sorted(places)
    assert [record.ref.id for page in pages for record in page.records if record.deleted] == [gone]


def test_reading_resumes_behind_any_position_even_within_one_second(sandbox: Sandbox) -> None:
    for n in range(6):
        sandbox.deal(f"Deal {n}")
        sandbox.clock.step(1 if n == 3 else 0)
    connection = sandbox.connect()
    [page] = list(connection.reader.changed("Opportunity", FIELDS, sandbox.window()))
    for place, record in enumerate(page.records):
        rest = names(connection, sandbox.window(), Position(record.modified, record.ref.id))
        assert rest == [later.fields["Name"] for later in page.records[place + 1 :]]


def test_the_window_bounds_hold(sandbox: Sandbox) -> None:
    for n in range(4):
        sandbox.deal(f"Deal {n}")
        sandbox.clock.step(60)
    window = Window(START + timedelta(seconds=60), START + timedelta(seconds=120))
    assert names(sandbox.connect(), window) == ["Deal 1", "Deal 2"]


def test_a_session_that_ends_between_pages_is_renewed(sandbox: Sandbox) -> None:
    for n in range(5):
        sandbox.deal(f"Deal {n}")
    sandbox.spoil(
        Rule(action="page_size", operation="query Opportunity", body=2, times=None),
        Rule(action="expire_token", operation="query page"),
    )
    assert len(names(sandbox.connect(), sandbox.window())) == 5
    assert len(sandbox.requests("token")) == 2


@pytest.mark.parametrize("action", ["drop_before", "drop_after", "truncate", "status"])
def test_reads_survive_a_passing_fault(sandbox: Sandbox, action: str) -> None:
    sandbox.deal("First")
    sandbox.spoil(Rule(action=action, operation="query Opportunity", status=503))
    assert names(sandbox.connect(), sandbox.window()) == ["First"]


def test_a_fault_that_stays_is_reported(sandbox: Sandbox) -> None:
    sandbox.spoil(Rule(action="status", operation="query", status=503, times=None))
    with pytest.raises(TransientError):
        names(sandbox.connect(), sandbox.window())


def test_a_maintenance_page_is_not_taken_for_an_answer(sandbox: Sandbox) -> None:
    sandbox.spoil(Rule(action="html", operation="query", times=None))
    with pytest.raises(ProtocolError, match="not JSON"):
        names(sandbox.connect(), sandbox.window())


def test_a_spent_budget_is_told_apart_from_a_wrong_permission(sandbox: Sandbox) -> None:
    body = [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "TotalRequests Limit exceeded."}]
    sandbox.spoil(Rule(action="status", operation="query", status=403, body=body))
    with pytest.raises(QuotaExhaustedError):
        names(sandbox.connect(), sandbox.window())


def test_an_unknown_field_is_named_before_anything_is_asked(sandbox: Sandbox) -> None:
    with pytest.raises(SchemaError, match=r"Opportunity has no field PO_Nummer__c"):
        sandbox.connect().reader.changed("Opportunity", ["PO_Nummer__c"], sandbox.window())
    assert sandbox.requests("query") == []


def test_lines_are_read_with_their_products(sandbox: Sandbox) -> None:
    product = sandbox.insert("Product2", Name="Widget", ProductCode="W-1", IsActive=True)
    book = sandbox.insert("Pricebook2", Name="Standard", IsActive=True)
    price = {"UnitPrice": Decimal("9.99")}
    listed = {"Pricebook2Id": book, "Product2Id": product, "IsActive": True, "CurrencyIsoCode": "EUR"}
    entry = sandbox.insert("PricebookEntry", **listed, **price)
    deals = [sandbox.deal(f"Deal {n}", Pricebook2Id=book) for n in range(2)]
    for deal in deals:
        for quantity in (1, 3):
            line = {"OpportunityId": deal, "PricebookEntryId": entry, "Quantity": Decimal(quantity)}
            sandbox.insert("OpportunityLineItem", **line, **price)
    fields = ["TotalPrice", "Quantity", "Product2.ProductCode"]
    lines = sandbox.connect().reader.children("OpportunityLineItem", fields, "OpportunityId", [*deals, deals[0][:15]])
    assert [line.fields["OpportunityId"] for line in lines] == [deals[0], deals[0], deals[1], deals[1]]
    assert [line.fields["TotalPrice"] for line in lines[:2]] == [Decimal("9.99"), Decimal("29.97")]
    assert {line.fields["Product2.ProductCode"] for line in lines} == {"W-1"}


def test_records_by_id_include_deleted_ones_and_leave_out_unknown_ones(sandbox: Sandbox) -> None:
    kept, gone = sandbox.deal("Kept"), sandbox.deal("Gone")
    sandbox.delete("Opportunity", gone)
    got = sandbox.connect().reader.by_ids("Opportunity", ["Name"], [gone, "006000000000001AAA", kept[:15]])
    assert [(record.ref.id, record.deleted) for record in got] == [(gone, True), (kept, False)]


def test_a_scan_and_the_totals_agree(sandbox: Sandbox) -> None:
    sandbox.deal("A", Amount=Decimal("10.10"))
    sandbox.deal("B", Amount=Decimal("0.25"))
    sandbox.deal("Open", Amount=Decimal("7"), StageName="Prospecting")
    won = [Condition("IsWon", "=", True), Condition("CloseDate", ">=", date(2026, 1, 1))]
    reader = sandbox.connect().reader
    scanned = [record.fields["Amount"] for record in reader.scan("Opportunity", ["Amount"], won)]
    assert scanned == [Decimal("10.10"), Decimal("0.25")]
    assert reader.totals("Opportunity", "Amount", won) == [
        ControlTotal(currency="EUR", count=2, amount=Decimal("10.35"))
    ]


def test_the_servers_clock_counts_not_ours(sandbox: Sandbox) -> None:
    reader = sandbox.connect().reader
    assert reader.server_time() == START
    sandbox.clock.step(3600)
    assert reader.server_time() == START + timedelta(hours=1)


def test_the_org_is_told_by_its_id(sandbox: Sandbox) -> None:
    assert sandbox.connect().reader.organization() == sandbox.credentials.organization


def update(id_: str, **values: Any) -> FieldUpdate:
    return FieldUpdate(ref=RecordRef(connection="salesforce", type="Opportunity", id=id_), values=values)


def test_status_is_written_per_record(sandbox: Sandbox) -> None:
    good, gone = sandbox.deal("Good"), sandbox.deal("Gone")
    sandbox.delete("Opportunity", gone)
    connection = sandbox.connect()
    got = connection.writer.update(
        [
            update(gone, Tieout_Sync_State__c="Synced"),
            update(good, Tieout_Sync_State__c="Synced", Tieout_Sales_Order__c="SO1001"),
            update(good, Tieout_Sync_State__c="x" * 5000),
        ]
    )
    assert [(outcome.status, outcome.code) for outcome in got] == [
        ("rejected", "ENTITY_IS_DELETED"),
        ("success", ""),
        ("rejected", "STRING_TOO_LONG"),
    ]
    [record] = connection.reader.by_ids("Opportunity", ["Tieout_Sync_State__c", "Tieout_Sales_Order__c"], [good])
    assert record.fields == {"Tieout_Sync_State__c": "Synced", "Tieout_Sales_Order__c": "SO1001"}


def test_more_than_200_updates_take_two_calls(sandbox: Sandbox) -> None:
    ids = [sandbox.deal(f"Deal {n}") for n in range(201)]
    got = sandbox.connect().writer.update([update(id_, Tieout_Sync_State__c="Synced") for id_ in ids])
    assert {outcome.status for outcome in got} == {"success"}
    assert [outcome.target_id for outcome in got] == ids
    assert len(sandbox.requests("update")) == 2


@pytest.mark.parametrize(("action", "written"), [("drop_before", False), ("drop_after", True), ("html_after", True)])
def test_a_write_without_an_answer_is_ambiguous_and_sent_once(sandbox: Sandbox, action: str, written: bool) -> None:
    id_ = sandbox.deal("Deal")
    sandbox.spoil(Rule(action=action, operation="update", times=None))
    connection = sandbox.connect()
    [outcome] = connection.writer.update([update(id_, Tieout_Sync_State__c="Synced")])
    assert outcome.status == "ambiguous"
    assert len(sandbox.requests("update")) == 1
    [record] = connection.reader.by_ids("Opportunity", ["Tieout_Sync_State__c"], [id_])
    assert record.fields["Tieout_Sync_State__c"] == ("Synced" if written else None)


def test_a_write_meets_an_ended_session_and_is_done_once(sandbox: Sandbox) -> None:
    id_ = sandbox.deal("Deal")
    sandbox.spoil(Rule(action="expire_token", operation="update"))
    [outcome] = sandbox.connect().writer.update([update(id_, Tieout_Sync_State__c="Synced")])
    assert outcome.status == "success"
    assert [entry["status"] for entry in sandbox.requests("update")] == [401, 200]


def test_wrong_credentials_are_refused_with_the_setting_and_nothing_is_read(sandbox: Sandbox) -> None:
    connection = connect(
        SalesforceSettings(
            url=sandbox.credentials.url,
            base_url=sandbox.base_url,
            client_id=SecretRef("env:ID"),
            client_secret=SecretRef("env:SECRET"),
        ),
        clock=LocalClock(sandbox.clock),
        random=SystemRandom(),
        environ={"ID": sandbox.credentials.client_id, "SECRET": "guessed-wrong"},
    )
    with pytest.raises(AuthenticationError, match="client_secret") as caught:
        connection.reader.organization()
    assert "guessed-wrong" not in str(caught.value)


def test_a_stopped_server_is_unreachable(sandbox: Sandbox) -> None:
    with pytest.raises(UnreachableError, match=r"connections\.salesforce\.base_url"):
        sandbox.connect(base_url="http://127.0.0.1:9").reader.organization()


def test_the_ready_object_of_a_sandbox_is_all_that_a_connection_needs(tmp_path: Path) -> None:
    book = tmp_path / "book" / "salesforce"
    book.mkdir(parents=True)
    (book / "Account.csv").write_text("Name,CurrencyIsoCode\nAcme,USD\n", encoding="utf-8")
    (book / "Opportunity.csv").write_text(
        "Name,AccountId,StageName,CloseDate,Amount,CurrencyIsoCode\n"
        "Big deal,Acme,Closed Won,2026-10-30,1234.10,USD\nSmall deal,Acme,Closed Won,2026-10-31,0.90,USD\n",
        encoding="utf-8",
    )
    with running(tmp_path / "state", str(tmp_path / "book"), seed=3, now=START) as ready:
        org = ready["salesforce"]
        settings = SalesforceSettings(
            url=org["url"],
            base_url=org["base_url"],
            client_id=SecretRef("env:ID"),
            client_secret=SecretRef("env:SECRET"),
        )
        environ = {"ID": org["client_id"], "SECRET": org["client_secret"]}
        connection = connect(settings, clock=LocalClock(SandboxClock(START)), random=SystemRandom(), environ=environ)
        deals = list(connection.reader.scan("Opportunity", ["Name", "Amount"], [Condition("IsWon", "=", True)]))
        assert [deal.fields["Amount"] for deal in deals] == [Decimal("1234.10"), Decimal("0.90")]
        assert connection.reader.organization() == org["organization"]
        assert connection.reader.totals("Opportunity", "Amount") == [
            ControlTotal(currency="USD", count=2, amount=Decimal("1235.00"))
        ]
        [outcome] = connection.writer.update([update(deals[0].ref.id, Tieout_Sync_State__c="Synced")])
        assert outcome.status == "success"
