"""How records are read over the wire."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
import requests
import responses

from connectors.errors import ProtocolError, SchemaError, TransientError
from connectors.ports import Condition
from connectors.records import ControlTotal, Position, RecordRef, Window
from tests.unit.connectors.salesforce_org import (
    DEAL,
    OTHER,
    FakeOrg,
    StillClock,
    connection,
    deal,
    fault,
    html,
    js,
    page,
)

HIGH = datetime(2026, 11, 1, 12, tzinfo=UTC)
LOW = datetime(2026, 11, 1, 9, tzinfo=UTC)
WINDOW = Window(LOW, HIGH)
NEXT = "/services/data/v67.0/query/01gHs0000000001-2"


@pytest.fixture
def org() -> Iterator[FakeOrg]:
    fake = FakeOrg()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def test_values_arrive_exact_and_typed(org: FakeOrg) -> None:
    row = deal(
        Amount="#99999999999999.99",
        CloseDate="2026-10-31",
        LastStageChangeDate="2026-10-31T23:30:00.000+0000",
        IsWon=True,
        AccountId="001Hs00001A0000",
        Account={"attributes": {"type": "Account"}, "Name": "Müller & Söhne", "Owner": None},
    )
    org.script = [page(row)]
    fields = ["Amount", "CloseDate", "LastStageChangeDate", "IsWon", "AccountId", "Account.Name", "Account.Owner.Email"]
    [got] = list(connection().reader.changed("Opportunity", fields, WINDOW))
    assert got.records[0].fields == {
        "Amount": Decimal("99999999999999.99"),
        "CloseDate": date(2026, 10, 31),
        "LastStageChangeDate": datetime(2026, 10, 31, 23, 30, tzinfo=UTC),
        "IsWon": True,
        "AccountId": "001Hs00001A0000IAB",
        "Account.Name": "Müller & Söhne",
        "Account.Owner.Email": None,
    }
    assert got.last == Position(datetime(2026, 11, 1, 10, tzinfo=UTC), DEAL)


def test_whole_and_exponent_numbers_become_plain_decimals(org: FakeOrg) -> None:
    org.script = [page(deal(Amount=3), deal(OTHER, Amount="#1.0E7"))]
    [got] = list(connection().reader.changed("Opportunity", ["Amount"], WINDOW))
    amounts = [record.fields["Amount"] for record in got.records]
    assert [(type(amount), str(amount)) for amount in amounts] == [(Decimal, "3"), (Decimal, "10000000")]


def test_changed_asks_for_deleted_rows_in_keyset_order_after_the_position(org: FakeOrg) -> None:
    org.script = [page(deal(OTHER, IsDeleted=True))]
    after = Position(datetime(2026, 11, 1, 10, tzinfo=UTC), DEAL)
    [got] = list(connection().reader.changed("opportunity", ["Name"], WINDOW, after))
    assert org.paths() == ["/services/data/v67.0/queryAll"]
    assert org.queries() == [
        "SELECT Id,SystemModstamp,IsDeleted,Name FROM Opportunity"
        " WHERE SystemModstamp <= 2026-11-01T12:00:00.000Z AND SystemModstamp >= 2026-11-01T09:00:00.000Z"
        " AND ((SystemModstamp = 2026-11-01T10:00:00.000Z AND Id > '006Hs00001A0000IAB')"
        " OR SystemModstamp > 2026-11-01T10:00:00.000Z) ORDER BY SystemModstamp,Id"
    ]
    assert got.records[0].deleted
    assert got.records[0].ref == RecordRef(connection="salesforce", type="Opportunity", id=OTHER)


def test_pages_are_yielded_as_they_arrive(org: FakeOrg) -> None:
    org.script = [page(deal(), total=2, more=NEXT), page(deal(OTHER), total=2)]
    pages = connection().reader.changed("Opportunity", ["Name"], WINDOW)
    assert next(pages).records[0].ref.id == DEAL
    assert len(org.calls) == 1
    assert next(pages).last == Position(datetime(2026, 11, 1, 10, tzinfo=UTC), OTHER)
    assert org.paths()[1] == NEXT
    assert next(pages, None) is None


def test_an_empty_window_yields_no_page(org: FakeOrg) -> None:
    org.script = [page()]
    assert list(connection().reader.changed("Opportunity", ["Name"], WINDOW)) == []


def test_a_token_that_expires_between_pages_is_renewed_once(org: FakeOrg) -> None:
    org.script = [
        page(deal(), total=2, more=NEXT),
        fault(401, "INVALID_SESSION_ID", "Session expired or invalid"),
        page(deal(OTHER), total=2),
    ]
    pages = list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert [p.records[0].ref.id for p in pages] == [DEAL, OTHER]
    assert org.tokens() == ["Bearer token-1", "Bearer token-1", "Bearer token-2"]


def test_an_expired_locator_restarts_after_the_last_record(org: FakeOrg) -> None:
    org.script = [
        page(deal(), total=2, more=NEXT),
        fault(400, "INVALID_QUERY_LOCATOR", "invalid query locator"),
        page(deal(OTHER)),
    ]
    pages = list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert [p.records[0].ref.id for p in pages] == [DEAL, OTHER]
    assert f"Id > '{DEAL}'" in org.queries()[2]


def test_a_locator_that_always_expires_is_an_error(org: FakeOrg) -> None:
    org.script = [fault(400, "INVALID_QUERY_LOCATOR")] * 9
    with pytest.raises(ProtocolError):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert len(org.calls) == 4


def test_pages_that_do_not_add_up_are_refused_before_the_last_is_used(org: FakeOrg) -> None:
    org.script = [page(deal(), total=3, more=NEXT), page(deal(OTHER), total=3)]
    pages = connection().reader.changed("Opportunity", ["Name"], WINDOW)
    next(pages)
    with pytest.raises(ProtocolError, match="announced 3 rows and sent 2"):
        next(pages)


@pytest.mark.parametrize(
    "broken",
    [{"totalSize": 1, "done": True}, {"records": [], "totalSize": 0}, {"records": [], "totalSize": 9, "done": False}],
)
def test_a_page_without_its_parts_is_refused(org: FakeOrg, broken: dict[str, object]) -> None:
    org.script = [js(broken)]
    with pytest.raises(ProtocolError):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))


def test_a_next_page_on_another_host_is_refused(org: FakeOrg) -> None:
    org.script = [page(deal(), total=2, more="https://evil.my.salesforce.com/services/data/v67.0/query/x")]
    with pytest.raises(ProtocolError, match="another address"):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert len(org.calls) == 1


def test_rows_out_of_order_are_refused(org: FakeOrg) -> None:
    org.script = [page(deal(), deal(OTHER, "2026-11-01T09:59:59.000+0000"))]
    with pytest.raises(ProtocolError, match="order"):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))


def test_an_html_page_with_status_200_is_a_protocol_error_and_is_not_retried(org: FakeOrg) -> None:
    org.script = [html()]
    with pytest.raises(ProtocolError, match="not JSON"):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert len(org.calls) == 1


def test_a_server_that_is_down_for_a_moment_is_asked_again(org: FakeOrg) -> None:
    clock = StillClock()
    org.script = [html(503), requests.ReadTimeout(), page(deal())]
    assert len(list(connection(clock).reader.changed("Opportunity", ["Name"], WINDOW))) == 1
    assert clock.slept == [0.75, 1.5]


def test_a_lasting_failure_is_reported_after_some_tries(org: FakeOrg) -> None:
    org.script = [fault(500, "UNKNOWN_EXCEPTION")] * 20
    with pytest.raises(TransientError):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))
    assert 3 <= len(org.calls) <= 8


def test_an_unknown_column_names_object_and_column_and_asks_nothing(org: FakeOrg) -> None:
    with pytest.raises(SchemaError, match=r"Opportunity has no field PO_Nummer__c.*permission set"):
        connection().reader.changed("Opportunity", ["PO_Nummer__c"], WINDOW)
    assert org.calls == []


def test_a_column_that_vanished_since_describe_names_object_and_column(org: FakeOrg) -> None:
    message = "\nSELECT Id,Name\n ^\nERROR at Row:1:Column:12\nNo such column 'Name' on entity 'Opportunity'. If you …"
    org.script = [fault(400, "INVALID_FIELD", message)]
    with pytest.raises(SchemaError, match="Opportunity has no field Name, or"):
        list(connection().reader.changed("Opportunity", ["Name"], WINDOW))


@pytest.mark.parametrize("path", ["Account.Nope", "Nope.Name", "Name.Name", "Na me", "Account.Parent.Parent.X'--"])
def test_a_path_that_leads_nowhere_is_a_schema_error(org: FakeOrg, path: str) -> None:
    with pytest.raises(SchemaError):
        connection().reader.changed("Opportunity", [path], WINDOW)


def test_an_unknown_object_is_a_schema_error(org: FakeOrg) -> None:
    with pytest.raises(SchemaError, match="no object Deal__c"):
        connection().reader.describe("Deal__c")


def test_a_compound_field_is_refused_with_the_way_out(org: FakeOrg) -> None:
    with pytest.raises(SchemaError, match="parts"):
        connection().reader.changed("Account", ["BillingAddress"], WINDOW)


def test_of_several_kinds_of_owner_the_one_with_the_field_counts(org: FakeOrg) -> None:
    org.script = [page(deal(Owner={"Email": "ann@example.com"}))]
    [got] = list(connection().reader.changed("Opportunity", ["owner.email"], WINDOW))
    assert got.records[0].fields == {"owner.email": "ann@example.com"}
    assert "Owner.Email" in org.queries()[0]


@pytest.mark.parametrize("bad", ["12.50", True, {"a": 1}, "#NaN"])
def test_a_value_of_another_type_than_described_is_refused_by_name_without_its_content(
    org: FakeOrg, bad: object
) -> None:
    org.script = [page(deal(Amount=bad))]
    with pytest.raises(ProtocolError, match=r"Opportunity\.Amount is missing or not of its type") as caught:
        list(connection().reader.changed("Opportunity", ["Amount"], WINDOW))
    assert "12.50" not in str(caught.value)


def test_a_row_that_lacks_a_field_is_refused(org: FakeOrg) -> None:
    org.script = [page(deal())]
    with pytest.raises(ProtocolError, match=r"Opportunity\.Amount"):
        list(connection().reader.changed("Opportunity", ["Name", "Amount"], WINDOW))


def test_records_by_id_come_in_the_asked_order_in_chunks_of_200(org: FakeOrg) -> None:
    ids = [f"006Hs00001A{n:04d}" for n in range(250)]

    def some(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        query = org.queries()[-1]
        return page(*[deal(id_) for id_ in reversed(ids) if id_ != ids[7] and f"'{id_}" in query])

    org.script = [some, some]
    got = connection().reader.by_ids("Opportunity", ["Name"], ids)
    assert [record.ref.id[:15] for record in got] == [id_ for id_ in ids if id_ != ids[7]]
    assert [query.count("'006") for query in org.queries()] == [200, 50]
    assert set(org.paths()) == {"/services/data/v67.0/queryAll"}


def test_no_ids_ask_nothing(org: FakeOrg) -> None:
    reader = connection().reader
    assert reader.by_ids("Opportunity", ["Name"], []) == []
    assert reader.children("Opportunity", ["Name"], "AccountId", []) == []
    assert list(reader.scan("Opportunity", ["Name"], [Condition("Id", "in", ())])) == []
    assert org.calls == []


def test_a_text_that_is_no_id_never_reaches_a_query(org: FakeOrg) -> None:
    with pytest.raises(ValueError, match="not a Salesforce id"):
        connection().reader.by_ids("Opportunity", ["Name"], ["' OR Name != '"])
    assert org.calls == []


def test_children_follow_every_page_and_come_ordered_by_parent(org: FakeOrg) -> None:
    first, second = "001Hs00001A0000IAB", "001Hs00001A0001IAB"
    org.script = [page(deal(OTHER, AccountId=second), total=2, more=NEXT), page(deal(AccountId=first), total=2)]
    got = connection().reader.children("Opportunity", ["Name"], "AccountId", [second, first, second])
    assert [record.fields["AccountId"] for record in got] == [first, second]
    assert org.paths()[0].endswith("/query")
    assert f"WHERE AccountId IN ('{first}','{second}') ORDER BY AccountId,Id" in org.queries()[0]


def test_a_scan_writes_its_conditions_as_literals(org: FakeOrg) -> None:
    org.script = [page()]
    where = [
        Condition("IsWon", "=", True),
        Condition("CloseDate", ">=", date(2026, 1, 1)),
        Condition("Account.Name", "!=", "O'Neil \\ Co"),
        Condition("Amount", ">", Decimal("1E+3")),
        Condition("AccountId", "=", None),
    ]
    assert list(connection().reader.scan("Opportunity", ["Name"], where)) == []
    assert org.queries()[0].endswith(
        "WHERE IsWon = true AND CloseDate >= 2026-01-01 AND Account.Name != 'O\\'Neil \\\\ Co'"
        " AND Amount > 1000 AND AccountId = null ORDER BY Id"
    )
    assert org.paths() == ["/services/data/v67.0/query"]


def test_a_scan_with_a_long_list_is_asked_in_parts_and_ordered_by_id(org: FakeOrg) -> None:
    accounts = tuple(f"001Hs00001A{n:04d}" for n in range(201))
    org.script = [page(deal(OTHER)), page(deal(DEAL))]
    got = list(connection().reader.scan("Opportunity", ["Name"], [Condition("AccountId", "in", accounts)]))
    assert [record.ref.id for record in got] == [DEAL, OTHER]


def test_a_scan_resumes_by_id_when_its_locator_expires(org: FakeOrg) -> None:
    org.script = [page(deal(), total=2, more=NEXT), fault(400, "INVALID_QUERY_LOCATOR"), page(deal(OTHER))]
    got = list(connection().reader.scan("Opportunity", ["Name"], include_deleted=True))
    assert [record.ref.id for record in got] == [DEAL, OTHER]
    assert org.queries()[2].endswith(f"WHERE Id > '{DEAL}' ORDER BY Id")


def counted(**counts: int) -> list[dict[str, object]]:
    return [{"attributes": {"type": "AggregateResult"}, "CurrencyIsoCode": c, "counted": n} for c, n in counts.items()]


def test_totals_of_a_multi_currency_org_are_summed_per_currency_and_checked_by_count(org: FakeOrg) -> None:
    rows = [
        deal(Amount="#10.10", CurrencyIsoCode="EUR"),
        deal(OTHER, Amount="#0.20", CurrencyIsoCode="EUR"),
        deal("006Hs00001A0002IAB", Amount=None, CurrencyIsoCode="JPY"),
    ]
    org.script = [page(*counted(JPY=1, EUR=2)), page(*rows)]
    got = connection().reader.totals("Opportunity", "Amount", [Condition("IsWon", "=", True)])
    assert got == [
        ControlTotal(currency="EUR", count=2, amount=Decimal("10.30")),
        ControlTotal(currency="JPY", count=1, amount=Decimal(0)),
    ]
    assert all("IsWon = true" in query for query in org.queries())


def test_totals_that_move_while_counted_are_counted_again_and_then_given_up(org: FakeOrg) -> None:
    org.script = [page(*counted(EUR=2)), page(deal(Amount=1, CurrencyIsoCode="EUR"))] * 3
    with pytest.raises(TransientError, match="changed while"):
        connection().reader.totals("Opportunity", "Amount")


def single_currency(org: FakeOrg) -> None:
    org.fields["Opportunity"] = [entry for entry in org.fields["Opportunity"] if entry[0] != "CurrencyIsoCode"]


def test_a_single_currency_org_gets_its_currency_from_the_settings(org: FakeOrg) -> None:
    single_currency(org)
    org.script = [page(deal()), page({"attributes": {}, "counted": 2, "summed": "#10.30"})]
    reader = connection(currency="USD").reader
    [got] = list(reader.changed("Opportunity", ["Name", "CurrencyIsoCode"], WINDOW))
    assert got.records[0].fields == {"Name": "Deal", "CurrencyIsoCode": "USD"}
    assert "CurrencyIsoCode" not in org.queries()[0]
    assert reader.totals("Opportunity", "amount") == [
        ControlTotal(currency="USD", count=2, amount=Decimal("10.30")),
    ]
    assert org.queries()[1] == "SELECT COUNT(Id) counted,SUM(Amount) summed FROM Opportunity"


def test_a_single_currency_org_without_the_setting_says_which_to_set(org: FakeOrg) -> None:
    single_currency(org)
    with pytest.raises(SchemaError, match=r"connections\.salesforce\.currency"):
        connection().reader.changed("Opportunity", ["CurrencyIsoCode"], WINDOW)


def test_server_time_is_the_date_of_a_fresh_answer(org: FakeOrg) -> None:
    reader = connection().reader
    assert reader.server_time() == datetime(2026, 11, 1, 12, 0, 7, tzinfo=UTC)
    org.date = "Sun, 01 Nov 2026 13:00:00 GMT"
    assert reader.server_time() == datetime(2026, 11, 1, 13, tzinfo=UTC)


def test_organization_is_the_id_of_the_org(org: FakeOrg) -> None:
    org.script = [page({"attributes": {}, "Id": "00DHs0000000001"})]
    assert connection().reader.organization().startswith("00DHs0000000001")


def test_describe_tells_types_relations_and_active_picklist_values(org: FakeOrg) -> None:
    schema = connection().reader.describe("Opportunity")
    stage, account = schema.find("stagename"), schema.find("ACCOUNTID")
    assert stage is not None
    assert stage.picklist == ("Closed Won",)
    assert account is not None
    assert (account.relationship, account.reference_to) == ("Account", ("Account",))


def test_record_url_is_where_a_person_sees_the_record() -> None:
    ref = RecordRef(connection="salesforce", type="Opportunity", id=DEAL)
    assert connection().reader.record_url(ref) == f"https://acme.my.salesforce.com/lightning/r/Opportunity/{DEAL}/view"
