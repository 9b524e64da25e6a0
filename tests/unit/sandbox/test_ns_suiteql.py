"""SuiteQL on DuckDB: the dialect, the projection of records, the page shapes."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from sandbox.clock import SandboxClock
from sandbox.netsuite import edits
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.sql_dialect import rewritten, tables_in
from sandbox.netsuite.sql_engine import SqlEngine
from sandbox.netsuite.sql_tokens import SqlError
from sandbox.netsuite.suiteql import RestError, explained, page_of, query_of
from sandbox.store import Store

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
BOOK: dict[str, list[dict[str, str]]] = {
    "subsidiary": [
        {"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"},
        {"id": "2", "name": "Acme GmbH", "currency": "EUR", "country": "DE", "taxRegime": "vat", "taxRate": "19"},
    ],
    "currency": [{"id": "1", "symbol": "USD", "name": "US Dollar"}, {"id": "2", "symbol": "EUR", "name": "Euro"}],
    "item": [{"id": "5", "itemid": "PLAT", "displayname": "Platform", "itemtype": "InvtPart"}],
    "customer": [
        {"id": "501", "entityid": "C-77", "companyname": "Globex", "subsidiary": "Acme Inc", "state": "CA"},
        {"id": "502", "entityid": "C-78", "companyname": "Initech", "subsidiary": "Acme GmbH", "parent": "Globex"},
    ],
    "salesOrder": [
        {"id": "1001", "tranId": "SO1001", "entity": "Globex", "tranDate": "2026-11-02", "orderStatus": "G"}
        | {"otherRefNum": "PO-1"},
        {"id": "1002", "tranId": "SO1002", "entity": "Initech", "tranDate": "2026-11-20", "orderStatus": "B"},
    ],
    "salesOrder.lines": [
        {"salesOrder": "SO1001", "item": "PLAT", "quantity": "3", "rate": "0.335", "description": "seats"},
        {"salesOrder": "SO1002", "item": "PLAT", "quantity": "1", "amount": "100.00"},
    ],
}  # fmt: skip


@pytest.fixture
def store() -> Store:
    store = Store()
    for type_, rows in BOOK.items():
        load_rows(store, SandboxClock(NOW), type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
    return store


@pytest.fixture
def engine(store: Store) -> SqlEngine:
    return SqlEngine(store)


def run(engine: SqlEngine, query: str, *, limit: int = 1000, offset: int = 0) -> list[dict[str, str]]:
    return engine.query(rewritten(query, NOW), limit=limit, offset=offset)[0]


def test_an_order_shows_main_line_item_line_and_tax_line_that_make_zero_together(engine: SqlEngine) -> None:
    found = run(
        engine,
        "SELECT id, mainline, taxline, quantity, rate, foreignamount, subsidiary FROM transactionline "
        "WHERE transaction = 1001 ORDER BY linesequencenumber",
    )
    assert found == [
        {"id": "0", "mainline": "T", "taxline": "F", "foreignamount": "1.08", "subsidiary": "1"},
        {"id": "1", "mainline": "F", "taxline": "F", "quantity": "-3", "rate": "0.335", "foreignamount": "-1.01"}
        | {"subsidiary": "1"},
        {"id": "2", "mainline": "F", "taxline": "T", "foreignamount": "-0.07", "subsidiary": "1"},
    ]  # fmt: skip


def test_absent_columns_are_null_and_days_have_the_accounts_format(engine: SqlEngine) -> None:
    (found,) = run(engine, "SELECT id, externalid, trandate, lastmodifieddate FROM transaction WHERE id = 1001")
    assert found == {"id": "1001", "trandate": "11/2/2026", "lastmodifieddate": "11/20/2026"}


def test_the_server_lives_in_the_pacific_zone_and_tells_utc_when_asked(engine: SqlEngine) -> None:
    (found,) = run(
        engine,
        "SELECT TO_CHAR(SYSDATE,'YYYY-MM-DD HH24:MI:SS') AS here, TRUNC(SYSDATE) AS today, "
        'TO_CHAR(SYS_EXTRACT_UTC(SYSDATE),\'YYYY-MM-DD"T"HH24:MI:SS"Z"\') AS utc, '
        "TO_CHAR(SYSDATE - 1/24, 'HH24:MI') AS earlier, "
        "TRUNC(SYSDATE) - TO_DATE('2026-11-01','YYYY-MM-DD') AS days FROM DUAL",
    )
    assert found == {
        "here": "2026-11-20 19:30:00", "today": "11/20/2026", "utc": "2026-11-21T03:30:00Z", "earlier": "18:30",
        "days": "19",
    }  # fmt: skip


def test_the_references_query_for_changed_orders_runs(engine: SqlEngine) -> None:
    found = run(
        engine,
        """SELECT t.id, BUILTIN.DF(t.status) AS status_name, BUILTIN.DF(t.entity) AS customer, tl.subsidiary,
           NVL(t.otherrefnum, 'none') AS po -- the number on their order
           FROM transaction t JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T'
           WHERE t.type = 'SalesOrd' AND t.status IN ('B','SalesOrd:B') AND t.id > 0
           AND SYS_EXTRACT_UTC(t.lastmodifieddate) >= TO_TIMESTAMP('2026-11-21 03:30:00','YYYY-MM-DD HH24:MI:SS')
           ORDER BY t.id FETCH FIRST 5 ROWS ONLY""",
    )
    assert found == [
        {"id": "1002", "status_name": "Sales Order : Pending Fulfillment", "customer": "C-78 Initech"}
        | {"subsidiary": "2", "po": "none"}
    ]  # fmt: skip


def test_sums_are_exact_decimals(engine: SqlEngine) -> None:
    found = run(
        engine,
        "SELECT t.currency, SUM(-tl.foreignamount) AS net FROM transaction t JOIN transactionline tl "
        "ON tl.transaction = t.id WHERE tl.mainline = 'F' AND tl.taxline = 'F' GROUP BY t.currency ORDER BY 1",
    )
    assert found == [{"currency": "1", "net": "1.01"}, {"currency": "2", "net": "100"}]


def test_an_expression_without_alias_is_called_expr(engine: SqlEngine) -> None:
    assert run(engine, "SELECT COUNT(*), MAX(id) FROM transaction") == [{"expr1": "2", "expr2": "1002"}]


def test_a_subsidiary_shows_its_country_as_iso_code(engine: SqlEngine) -> None:
    found = run(engine, "SELECT id, country, BUILTIN.DF(currency) AS currency FROM subsidiary ORDER BY id")
    assert found[1] == {"id": "2", "country": "DE", "currency": "Euro"}


def test_the_projection_follows_edits_and_deletions(store: Store, engine: SqlEngine) -> None:
    clock = SandboxClock(NOW)
    assert len(run(engine, "SELECT id FROM transaction")) == 2
    edits.apply(
        store,
        clock,
        {"op": "update", "type": "salesOrder", "match": {"otherRefNum": "PO-1"}, "set": {"orderStatus": "C"}},
    )
    edits.apply(store, clock, {"op": "delete", "type": "salesOrder", "match": {"id": "1002"}})
    assert run(engine, "SELECT id, status FROM transaction") == [{"id": "1001", "status": "C"}]
    assert run(engine, "SELECT COUNT(*) AS n FROM transactionline") == [{"n": "3"}]
    assert run(engine, "SELECT recordid, type, name FROM deletedrecord") == [
        {"recordid": "1002", "type": "salesorder", "name": "SO1002"}
    ]


def test_pages_count_all_rows(engine: SqlEngine) -> None:
    query = rewritten("SELECT id FROM transaction ORDER BY id", NOW)
    assert engine.query(query, limit=1, offset=0) == ([{"id": "1001"}], 2)
    assert engine.query(query, limit=1, offset=1) == ([{"id": "1002"}], 2)
    assert engine.query(query, limit=1, offset=7) == ([], 2)


def test_descending_order_puts_null_first_as_oracle_does(engine: SqlEngine) -> None:
    assert [row["id"] for row in run(engine, "SELECT id, otherrefnum FROM transaction ORDER BY otherrefnum DESC")] == [
        "1002",
        "1001",
    ]


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("SELECT id FROM transaction LIMIT 5", "LIMIT is not supported"),
        ("SELECT id FROM transaction; DROP TABLE item", "unexpected ';'"),
        ("SELECT id::int FROM transaction", "unexpected ':'"),
        ("DELETE FROM transaction", "only a SELECT"),
        ("SELECT BUILTIN.RELATIVE_RANGES('TODAY') FROM dual", "BUILTIN.RELATIVE_RANGES"),
        ("SELECT TO_CHAR(SYSDATE, 'QQ') FROM dual", "date format QQ"),
        ("SELECT TO_DATE('1' FROM dual", "not closed"),
    ],
)
def test_what_suiteql_does_not_know_is_refused(query: str, reason: str) -> None:
    with pytest.raises(SqlError, match=reason):
        rewritten(query, NOW)


def test_a_write_in_disguise_is_refused_and_changes_nothing(engine: SqlEngine) -> None:
    with pytest.raises(SqlError, match="only a SELECT"):
        run(engine, "WITH a AS (SELECT 1 AS x) INSERT INTO dual SELECT 'Y' FROM a")
    assert run(engine, "SELECT dummy FROM dual") == [{"dummy": "X"}]


def test_a_word_inside_a_text_is_no_keyword(engine: SqlEngine) -> None:
    assert run(engine, "SELECT 'no LIMIT; it''s SYSDATE' AS x FROM dual") == [{"x": "no LIMIT; it's SYSDATE"}]


@pytest.mark.parametrize("source", ["read_csv('/etc/hostname')", "'/etc/hostname'", '"/etc/hostname"'])
def test_no_file_can_be_read(engine: SqlEngine, source: str) -> None:
    import duckdb

    with pytest.raises(duckdb.Error):
        run(engine, f"SELECT * FROM {source}")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("SELECT t.foo FROM transaction t", "Field 'foo' for record 'transaction' was not found"),
        ("SELECT foo FROM customer", "Field 'foo' for record 'customer' was not found"),
        ("SELECT id FROM nonsense", "Record 'nonsense' was not found"),
    ],
)
def test_an_unknown_name_is_told_as_netsuite_tells_it(engine: SqlEngine, query: str, sentence: str) -> None:
    import duckdb

    with pytest.raises(duckdb.Error) as caught:
        run(engine, query)
    assert explained(str(caught.value), query).startswith(sentence)


def test_aliases_lead_to_their_tables() -> None:
    found = tables_in("SELECT 1 FROM transaction t JOIN customer AS c ON c.id = t.entity")
    assert found == {"transaction": "transaction", "t": "transaction", "customer": "customer", "c": "customer"}


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"limit": "0"}, "limit"), ({"limit": "1001"}, "limit"), ({"limit": "ten"}, "limit"),
        ({"limit": "10", "offset": "5"}, "divisible"), ({"offset": "-1"}, "offset"),
    ],
)  # fmt: skip
def test_page_parameters_out_of_range_are_refused(query: dict[str, str], parameter: str) -> None:
    with pytest.raises(RestError, match=parameter):
        page_of(query)


def test_a_page_is_a_thousand_rows_unless_told() -> None:
    assert page_of({}) == (1000, 0)


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"q": ""}', b'{"q": 1}', b'{"q": "SELECT 1", "x": 1}'])
def test_a_body_without_query_text_is_refused(body: bytes) -> None:
    with pytest.raises(RestError):
        query_of(body)
