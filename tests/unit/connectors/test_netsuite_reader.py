"""How NetSuite is read by SuiteQL."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
import requests
import responses

from connectors.errors import (
    AccessDeniedError,
    AuthenticationError,
    ConnectorError,
    ProtocolError,
    RateLimitedError,
    SchemaError,
    TransientError,
)
from connectors.netsuite import queries
from connectors.ports import OrderQuery
from connectors.records import ControlTotal, ErpReference
from tests.unit.connectors.netsuite_account import (
    ENVIRON,
    LINE,
    FakeAccount,
    Reply,
    StillClock,
    connection,
    js,
    page,
    refusal,
    soap,
)

HEAD: dict[str, Any] = {
    "id": "512",
    "tranid": "SO1001",
    "externalid": "tieout-so-x",
    "entity": "77",
    "currency": "USD",
    "trandate": "2026-11-20",
    "status": "SalesOrd:B",
    "foreigntotal": "107.25",
    "subsidiary": "2",
    "created": "2026-11-20T20:00:00Z",
    "modified": "2026-11-20T20:05:00Z",
}
SUMS = {"transaction": "512", "net": "-100.00", "tax": "-7.25"}
ITEM_LINE = {
    "transaction": "512",
    "line": "1",
    "item": "44",
    "itemid": "WID-1",
    "quantity": "-3",
    "rate": "33.33333333",
    "foreignamount": "-100.00",
    "custcol_tieout_line_id": LINE,
}


@pytest.fixture
def account() -> Iterator[FakeAccount]:
    fake = FakeAccount()
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        fake.install(mock)
        yield fake


def asked(account: FakeAccount) -> list[str]:
    return [json.loads(sent.body)["q"] for sent in account.seen]  # type: ignore[arg-type]


def test_a_query_is_signed_transient_and_asks_for_full_pages(account: FakeAccount) -> None:
    account.replies = [page()]
    connection().reader.references("currency", "symbol")
    (sent,) = account.seen
    assert (sent.url or "").endswith("/services/rest/query/v1/suiteql?limit=1000&offset=0")
    assert sent.headers["Prefer"] == "transient"
    assert sent.headers["Authorization"].startswith('OAuth realm="7654321_SB1", oauth_consumer_key="ck-secret-1"')
    assert "cs-secret-2" not in str(sent.headers)


def test_references_carry_name_external_id_and_whether_they_are_inactive(account: FakeAccount) -> None:
    rows = [
        {"id": "44", "name": "WID-1", "externalid": "w", "isinactive": "F"},
        {"id": "45", "name": "OLD", "isinactive": "T"},
    ]
    account.replies = [page(*rows, {"id": "46", "isinactive": "F"})]
    found = connection().reader.references("item", "itemid")
    extra = {"itemtype": None, "displayname": None}
    assert found == [
        ErpReference(type="item", id="44", name="WID-1", external_id="w", extra=extra),
        ErpReference(type="item", id="45", name="OLD", inactive=True, extra=extra),
    ]


def test_pages_follow_the_last_key_until_there_are_no_more(account: FakeAccount) -> None:
    account.replies = [
        page({"id": "3", "name": "a"}, {"id": "9", "name": "b"}, more=True),
        page({"id": "12", "name": "c"}, more=True),
        page(),
    ]
    found = connection().reader.references("term", "name")
    assert [reference.id for reference in found] == ["3", "9", "12"]
    assert [(re.search(r"id > (\d+)", query) or [None, None])[1] for query in asked(account)] == ["0", "9", "12"]


def test_pages_that_repeat_are_refused(account: FakeAccount) -> None:
    account.replies = [page({"id": "3", "name": "a"}, more=True)]
    with pytest.raises(ProtocolError, match="keys do not grow"):
        connection().reader.references("term", "name")


def test_customers_are_read_with_their_links(account: FakeAccount) -> None:
    account.replies = [
        page(
            {
                "id": "77", "entityid": "C-1001", "companyname": "Acme", "subsidiary": "2", "parent": "70",
                "isinactive": "F", "modified": "2026-11-20T20:05:00Z", "custentity_tieout_account_id": "001A",
            },
            {"id": "78", "entityid": "Jane Doe", "isinactive": "T", "modified": "2026-11-20T20:05:00Z"},
        )
    ]  # fmt: skip
    acme, jane = connection().reader.customers()
    assert (acme.id, acme.entity_id, acme.name, acme.parent_id, acme.account_id) == (
        "77",
        "C-1001",
        "Acme",
        "70",
        "001A",
    )
    assert acme.modified == datetime(2026, 11, 20, 20, 5, tzinfo=UTC)
    assert (jane.name, jane.inactive, jane.external_id) == ("Jane Doe", True, None)


def test_an_order_is_read_with_positive_amounts_and_its_bare_status_letter(account: FakeAccount) -> None:
    account.replies = [page(HEAD), page(SUMS), page(ITEM_LINE)]
    (order,) = connection().reader.orders(OrderQuery(with_lines=True))
    assert (order.id, order.number, order.status, order.status_name) == ("512", "SO1001", "B", "Pending Fulfillment")
    assert (order.net, order.tax, order.total) == (Decimal("100.00"), Decimal("7.25"), Decimal("107.25"))
    assert (order.currency, order.date, order.subsidiary) == ("USD", date(2026, 11, 20), "2")
    (line,) = order.lines
    assert (line.line, line.item_id, line.item_name, line.key) == (1, "44", "WID-1", LINE)
    assert (line.quantity, line.rate, line.amount) == (Decimal("3"), Decimal("33.33333333"), Decimal("100.00"))


def test_lines_are_not_asked_for_when_they_are_not_wanted(account: FakeAccount) -> None:
    account.replies = [page(HEAD), page(SUMS)]
    (order,) = connection().reader.orders(OrderQuery())
    assert (order.lines, order.net) == ((), Decimal("100.00"))
    assert len(account.seen) == 2


def test_lines_are_paged_by_order_and_line(account: FakeAccount) -> None:
    account.replies = [
        page(HEAD),
        page(SUMS),
        page(ITEM_LINE, {**ITEM_LINE, "line": "4", "foreignamount": "10.00"}, more=True),
        page({**ITEM_LINE, "line": "7"}),
    ]
    (order,) = connection().reader.orders(OrderQuery(with_lines=True))
    assert [(line.line, line.amount) for line in order.lines] == [
        (1, Decimal(100)),
        (4, Decimal(-10)),
        (7, Decimal(100)),
    ]
    assert "tl.transaction = 512 AND tl.id > 4" in asked(account)[-1]


def test_the_parts_of_an_order_query_are_joined_by_and(account: FakeAccount) -> None:
    account.replies = [page()]
    query = OrderQuery(ids=["512", "7"], customer_ids=["77"], external_ids=["Tieout-SO-X", "o'neil"])
    assert list(connection().reader.orders(query)) == []
    (text,) = asked(account)
    assert "AND t.id IN (512, 7)" in text
    assert "AND t.entity IN (77)" in text
    assert "AND LOWER(t.externalid) IN ('o''neil', 'tieout-so-x')" in text


def test_an_empty_list_of_ids_reads_nothing(account: FakeAccount) -> None:
    assert list(connection().reader.orders(OrderQuery(ids=[]))) == []
    assert account.seen == []


def test_long_lists_are_split_and_the_orders_still_come_in_order(account: FakeAccount) -> None:
    def answer(request: requests.PreparedRequest) -> Reply:
        query = json.loads(request.body or "")["q"]
        if "FROM transaction t" in query:
            first = "Customer-0000".lower() in query
            return page({**HEAD, "id": "900"}, {**HEAD, "id": "902"}) if first else page({**HEAD, "id": "901"})
        return page()

    account.replies = [answer]
    external = [f"Customer-{number:04d}" for number in range(501)]
    found = list(connection().reader.orders(OrderQuery(external_ids=external)))
    assert [order.id for order in found] == ["900", "901", "902"]


def test_totals_come_from_netsuites_own_sums(account: FakeAccount) -> None:
    account.replies = [page({"currency": "EUR", "documents": "3", "net": "-250.50"}, {"documents": "1"})]
    assert connection().reader.order_totals() == [
        ControlTotal(currency="EUR", count=3, amount=Decimal("250.50")),
        ControlTotal(currency="", count=1, amount=Decimal("0")),
    ]
    assert "SUM(tl.foreignamount)" in asked(account)[0]


ERRORS: list[tuple[str, Reply, type[ConnectorError], str]] = [
    ("login", refusal(401, "INVALID_LOGIN", "Invalid login attempt."), AuthenticationError, "four secrets"),
    ("throttle by status", refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."), RateLimitedError, "slots"),
    ("throttle by code", refusal(400, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."), RateLimitedError, "slots"),
    ("permission", refusal(403, "INSUFFICIENT_PERMISSION", "No."), AccessDeniedError, "integration role"),
    (
        "unknown column",
        refusal(
            400,
            "INVALID_PARAMETER",
            "Search error occurred: Field 'custbody_x' for record 'transaction' was not found.",
        ),
        SchemaError,
        "custbody_x.*custom fields",
    ),
    ("bad query", refusal(400, "INVALID_PARAMETER", "Invalid search query."), ProtocolError, "Invalid search query"),
    ("server error", refusal(500, "UNEXPECTED_ERROR", "Error ID: abc"), TransientError, "Error ID: abc"),
    ("maintenance page", (503, {}, "<html/>"), TransientError, "HTTP 503"),
    ("web page with 200", (200, {"Content-Type": "text/html"}, "<html/>"), ProtocolError, "not JSON"),
    ("a list", js([]), ProtocolError, "not a JSON object"),
    ("no rows member", js({"hasMore": False, "count": 0}), ProtocolError, "complete page"),
    ("fewer rows than counted", js({"hasMore": False, "count": 2, "items": []}), ProtocolError, "complete page"),
    ("wrong host", (302, {}, ""), ProtocolError, "connections.netsuite.account"),
    (
        "a number that is none",
        js({"hasMore": False, "count": 1, "items": [{"id": "x", "name": "a"}]}),
        ProtocolError,
        "'x' is not",
    ),
]


@pytest.mark.parametrize(("reply", "kind", "words"), [row[1:] for row in ERRORS], ids=[row[0] for row in ERRORS])
def test_a_failed_query_says_what_can_be_done(
    account: FakeAccount, reply: Reply, kind: type[ConnectorError], words: str
) -> None:
    account.replies = [reply]
    with pytest.raises(kind, match=words) as caught:
        connection().reader.references("term", "name")
    assert caught.value.connection == "netsuite"
    assert not any(secret in str(caught.value) for secret in ENVIRON.values())


def test_a_throttled_query_is_repeated_later_with_a_fresh_signature(account: FakeAccount) -> None:
    account.replies = [
        refusal(429, "CONCURRENCY_LIMIT_EXCEEDED", "Request blocked."),
        page({"id": "1", "name": "Net 30"}),
    ]
    clock = StillClock()
    assert [reference.name for reference in connection(clock).reader.references("term", "name")] == ["Net 30"]
    first, second = (sent.headers["Authorization"] for sent in account.seen)
    assert first != second
    assert clock.slept == [1]


def test_a_single_refused_login_is_doubted(account: FakeAccount) -> None:
    """Under load NetSuite sometimes calls a good login invalid."""
    account.replies = [refusal(401, "INVALID_LOGIN", "Invalid login attempt."), page({"id": "1", "name": "Net 30"})]
    assert [reference.name for reference in connection().reader.references("term", "name")] == ["Net 30"]


def test_a_login_refused_twice_is_believed(account: FakeAccount) -> None:
    account.replies = [refusal(401, "INVALID_LOGIN", "Invalid login attempt.")]
    with pytest.raises(AuthenticationError):
        connection().reader.references("term", "name")
    assert len(account.seen) == 2


def test_a_query_refused_for_the_wrong_time_is_signed_again(account: FakeAccount) -> None:
    status, headers, body = refusal(401, "INVALID_LOGIN", "Invalid login attempt.")
    account.replies = [(status, {**headers, "Date": "Sat, 21 Nov 2026 20:00:00 GMT"}, body), page()]
    assert connection().reader.references("term", "name") == []
    stamp = re.search(r'oauth_timestamp="(\d+)"', account.seen[1].headers["Authorization"])
    assert stamp is not None
    assert int(stamp[1]) == int(datetime(2026, 11, 21, 20, tzinfo=UTC).timestamp())


def test_the_servers_time_is_netsuites_own(account: FakeAccount) -> None:
    account.replies = [
        soap(
            '<m:getServerTimeResponse><c:getServerTimeResult><c:status isSuccess="true"/>'
            "<c:serverTime>2026-11-20T12:34:56.000-08:00</c:serverTime></c:getServerTimeResult></m:getServerTimeResponse>"
        )
    ]
    reader = connection().reader
    assert reader.server_time() == datetime(2026, 11, 20, 20, 34, 56, tzinfo=UTC)
    assert reader.account() == "7654321_SB1"


def test_a_record_is_shown_at_the_accounts_own_address() -> None:
    reader = connection().reader
    assert reader.record_url("salesOrder", "512") == (
        "https://7654321-sb1.app.netsuite.com/app/accounting/transactions/salesord.nl?id=512"
    )
    assert reader.record_url("customer", "77").endswith("/app/common/entity/custjob.nl?id=77")


@pytest.mark.parametrize("text", ["1 OR 1=1", "", "x", "1;--", "-1", "١"])
def test_what_is_no_internal_id_never_enters_a_query(text: str) -> None:
    with pytest.raises(ValueError, match="internal id"):
        queries.ids_in("t.id", [text])


@pytest.mark.parametrize("name", ["name; DROP", "a.b.c", "Name", "1x", "x'", ""])
def test_what_is_no_column_name_never_enters_a_query(name: str) -> None:
    with pytest.raises(ValueError, match="column name"):
        queries.references("term", name, None)


def test_a_literal_cannot_end_early() -> None:
    assert queries.literal("O'Neil' OR '1'='1") == "'O''Neil'' OR ''1''=''1'"
    with pytest.raises(ValueError, match="control"):
        queries.literal("a\nb")


def test_an_unknown_list_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="'vendor' is not a NetSuite list"):
        queries.references("vendor", "name", None)
