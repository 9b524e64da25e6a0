"""The connector's upserts against the local Salesforce over HTTP: documents, balances, lost answers, rights."""

from __future__ import annotations

import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from config.secrets import SecretRef
from config.settings import SalesforceSettings
from connectors.ports import Condition
from connectors.records import FieldUpdate, RecordRef, RecordUpsert, Value
from connectors.salesforce import connect
from connectors.salesforce.connection import SalesforceConnection
from sandbox import exact_json
from sandbox.serve import running
from tests.fakes.time_and_chance import CountingRandom, VirtualClock

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
FINANCIAL, BALANCE, KEY = "Tieout_Financial__c", "Tieout_Account_Balance__c", "Tieout_Key__c"


@dataclass
class Local:
    base_url: str
    open: SalesforceConnection

    def control(self, path: str, body: dict[str, Any]) -> Any:
        data = exact_json.dumps(body).encode()
        request = urllib.request.Request(f"{self.base_url}/_sandbox/{path}", data=data, method="POST")
        with urllib.request.urlopen(request) as answer:
            return exact_json.loads(answer.read())

    def spoil(self, **rule: Any) -> None:
        self.control("faults", {"rules": [rule]})

    def ids(self, type_: str) -> list[str]:
        return [record.ref.id for record in self.open.reader.scan(type_, ["Id"])]


@pytest.fixture
def local(tmp_path: Path) -> Iterator[Local]:
    book = tmp_path / "book"
    (book / "salesforce").mkdir(parents=True)
    (book / "netsuite").mkdir()
    (book / "salesforce" / "Account.csv").write_text("Name,CurrencyIsoCode\nAcme,EUR\n")
    deals = "Name,AccountId,StageName,CloseDate\nBig deal,Acme,Closed Won,2026-11-10\n"
    (book / "salesforce" / "Opportunity.csv").write_text(deals)
    with running(tmp_path / "sandbox", str(book), now=NOW, seed=1) as ready:
        org = ready["salesforce"]
        settings = SalesforceSettings(
            url=org["url"],
            client_id=SecretRef("env:ID"),
            client_secret=SecretRef("env:SECRET"),
            base_url=org["base_url"],
        )
        environ = {"ID": org["client_id"], "SECRET": org["client_secret"]}
        yield Local(
            org["base_url"], connect(settings, clock=VirtualClock(NOW), random=CountingRandom(), environ=environ)
        )


def row(key: str, type_: str = FINANCIAL, /, **values: Value) -> RecordUpsert:
    return RecordUpsert(type=type_, key_field=KEY, key=key, values=values)


def test_documents_and_balances_arrive_exactly_and_repeating_them_makes_nothing_new(local: Local) -> None:
    [account], [deal] = local.ids("Account"), local.ids("Opportunity")
    document: dict[str, Value] = {
        "Tieout_Account__c": account,
        "Tieout_Opportunity__c": deal,
        "CurrencyIsoCode": "EUR",
        "Tieout_Type__c": "Invoice",
        "Tieout_Date__c": date(2026, 11, 1),
        "Tieout_Due_Date__c": date(2026, 11, 20),
        "Tieout_Amount__c": Decimal("1234567890123456.78"),
        "Tieout_Balance__c": Decimal("0.10"),
        "Tieout_Link__c": "https://7654321.app.netsuite.com/app/accounting/transactions/custinvc.nl?id=1&x=ü",
    }
    rows = [row("inv/1 é", **document), row("acme-EUR", BALANCE, Tieout_Balance__c=Decimal("-5.00"))]
    first = local.open.writer.upsert(rows)
    again = local.open.writer.upsert(rows)
    assert [outcome.status for outcome in (*first, *again)] == ["success"] * 4
    assert [outcome.target_id for outcome in first] == [outcome.target_id for outcome in again]
    wanted = [*document, KEY, "Tieout_Account__r.Name", "Tieout_Days_Overdue__c", "Tieout_Overdue__c", "Name"]
    [found] = local.open.reader.scan(FINANCIAL, wanted)
    assert {name: found.fields[name] for name in document} == document
    assert (found.fields[KEY], found.fields["Tieout_Account__r.Name"]) == ("inv/1 é", "Acme")
    assert (found.fields["Tieout_Days_Overdue__c"], found.fields["Tieout_Overdue__c"]) == (Decimal(2), True)
    assert found.ref.id == first[0].target_id
    [total] = local.open.reader.totals(FINANCIAL, "Tieout_Amount__c")
    assert (total.currency, total.count, total.amount) == ("EUR", 1, Decimal("1234567890123456.78"))


def test_an_empty_value_clears_a_field(local: Local) -> None:
    local.open.writer.upsert([row("a", Tieout_Due_Date__c=date(2026, 1, 1), Tieout_Status__c="Open")])
    local.open.writer.upsert([row("a", Tieout_Due_Date__c=None)])
    [found] = local.open.reader.scan(FINANCIAL, ["Tieout_Due_Date__c", "Tieout_Status__c"])
    assert found.fields == {"Tieout_Due_Date__c": None, "Tieout_Status__c": "Open"}


@pytest.mark.parametrize("action", ["drop_after", "truncate", "html_after", "status_after"])
def test_an_answer_lost_after_the_commit_is_in_doubt_and_writing_the_row_again_makes_no_second_one(
    local: Local, action: str
) -> None:
    local.spoil(action=action, system="salesforce", operation=f"upsert {FINANCIAL}")
    [lost] = local.open.writer.upsert([row("a")])
    assert lost.status == "ambiguous"
    [outcome] = local.open.writer.upsert([row("a")])
    assert (outcome.status, [outcome.target_id]) == ("success", local.ids(FINANCIAL))


def test_a_refused_row_stops_no_other(local: Local) -> None:
    rows = [row("a"), row("b", Tieout_Type__c="x" * 41), row("c", Tieout_Account__c="001Tt0000000099IAA"), row("d")]
    got = local.open.writer.upsert(rows)
    assert [outcome.code for outcome in got] == ["", "STRING_TOO_LONG", "INVALID_CROSS_REFERENCE_KEY", ""]
    assert len(local.ids(FINANCIAL)) == 2


def test_many_rows_are_written_in_few_calls_and_read_back_whole(local: Local) -> None:
    before = local.open.client.request_count
    rows = [row(f"inv-{number:04d}", Tieout_Amount__c=Decimal(number) / 100) for number in range(1250)]
    assert {outcome.status for outcome in local.open.writer.upsert(rows)} == {"success"}
    assert local.open.client.request_count - before == 1 + 7  # the version check, then 200 rows a call
    local.spoil(action="page_size", operation="query", body=500, times=None)
    found = list(local.open.reader.scan(FINANCIAL, [KEY, "Tieout_Amount__c"]))
    assert [record.fields["Tieout_Amount__c"] for record in found] == [Decimal(n) / 100 for n in range(1250)]
    some = local.open.reader.scan(FINANCIAL, [KEY], [Condition(KEY, "in", ("inv-0003", "INV-0004", "nope"))])
    assert [record.fields[KEY] for record in some] == ["inv-0003", "inv-0004"]


def test_a_field_that_the_user_may_not_write_is_named(local: Local) -> None:
    [deal] = local.ids("Opportunity")
    hidden = {"Opportunity": ["Tieout_Paid__c"], FINANCIAL: ["Tieout_Net__c"]}
    local.spoil(action="hide_fields", system="salesforce", body=hidden, times=None)
    assert local.open.reader.describe("Opportunity").find("Tieout_Paid__c") is None
    ref = RecordRef(connection="salesforce", type="Opportunity", id=deal)
    [update] = local.open.writer.update([FieldUpdate(ref=ref, values={"Tieout_Paid__c": Decimal(1)})])
    [upsert] = local.open.writer.upsert([row("a", Tieout_Net__c=Decimal(1))])
    assert (update.code, upsert.code) == ("INVALID_FIELD_FOR_INSERT_UPDATE",) * 2
    assert "Tieout_Paid__c" in update.message and "Tieout_Net__c" in upsert.message


def test_describe_tells_a_formula_and_the_budget_counts_down(local: Local) -> None:
    schema = local.open.reader.describe("Opportunity")
    days = schema.find("Tieout_Days_Overdue__c")
    assert days is not None and days.calculated and not days.updateable
    first = local.open.budget()
    local.open.writer.upsert([row("a")])
    then = local.open.budget()
    assert first is not None and then is not None
    assert then == (first[0] + 1, first[1])


def test_a_formula_changes_with_the_day_and_moves_no_stamp(local: Local) -> None:
    local.open.writer.upsert([row("a", Tieout_Balance__c=Decimal(1), Tieout_Due_Date__c=date(2026, 11, 22))])
    fields = ["Tieout_Overdue__c"]
    [before] = local.open.reader.scan(FINANCIAL, fields)
    local.control("step", {"seconds": 86400})
    [after] = local.open.reader.scan(FINANCIAL, fields)
    assert (before.fields["Tieout_Overdue__c"], after.fields["Tieout_Overdue__c"]) == (False, True)
    assert before.modified == after.modified
