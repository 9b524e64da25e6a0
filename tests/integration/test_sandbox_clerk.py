"""The finance clerk's month over real HTTP; what NetSuite then holds is computed here from the book alone."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from console.main import app
from sandbox import control_client
from sandbox.clerk import carry_out
from sandbox.clerk.netsuite import NetSuite
from sandbox.clerk.signing import Keys
from sandbox.errors import SandboxError
from sandbox.serve import running

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)
FORTNIGHT = 14 * 86400
FILES = {
    "currency": "id,symbol,name\n1,USD,US Dollar\n2,JPY,Yen\n",
    "subsidiary": "id,name,currency,country,taxRegime,taxRate\n1,Acme Inc,USD,US,vat,10\n2,Acme KK,JPY,JP,vat,10\n",
    "term": "id,name\n1,Net 30\n",
    "item": "id,itemid,displayname,itemtype\n5,PLAT,Platform,Service\n6,BOX,Box,InvtPart\n",
    "customer": "id,companyname,subsidiary,currency,terms\n501,Globex,Acme Inc,USD,Net 30\n502,Kaiju,Acme KK,JPY,\n",
    "salesOrder": "tranId,externalId,entity,tranDate,orderStatus\n"
    + "".join(f"SO10{n},tieout-so-{name},{who},2026-11-20,A\n" for n, (name, who) in enumerate(
        [("a", "Globex"), ("b", "Globex"), ("c", "Kaiju"), ("d", "Globex"), ("e", "Globex")]
    )),
    "salesOrder.lines": "salesOrder,item,quantity,rate\nSO100,PLAT,3,100.10\nSO100,BOX,5,20.00\nSO101,PLAT,7,33.33\n"
    "SO102,PLAT,1,1001\nSO103,PLAT,1,500.00\nSO104,PLAT,1,50.00\n",
}  # fmt: skip
PLAN: list[dict[str, Any]] = [
    *({"phase": "approve", "op": "approve", "order": f"tieout-so-{name}"} for name in "abce"),
    {"phase": "approve", "op": "schedule", "order": "SO103", "schedule": "Annual in arrears", "next": "2027-11-01"},
    {"phase": "approve", "op": "approve", "order": "TIEOUT-SO-D"},
    {"phase": "approve", "op": "bill", "order": "SO103", "refused": "INVALID_INITIALIZE_REF"},
    {"phase": "approve", "op": "fulfil", "order": "tieout-so-a", "share": "0.5"},
    {"phase": "approve", "op": "bill", "order": "tieout-so-a"},
    {"phase": "approve", "op": "bill", "order": "tieout-so-b", "share": "0.5", "date": "2026-11-21"},
    {"phase": "approve", "op": "bill", "order": "tieout-so-c"},
    {"phase": "approve", "op": "bill", "order": "tieout-so-e"},
    {"phase": "approve", "op": "deposit", "order": "tieout-so-b", "amount": "40.00"},
    {"phase": "approve", "op": "deposit", "order": "tieout-so-e", "amount": "7.00"},
    {"phase": "approve", "op": "close_period", "name": "Oct 2026"},
    {"phase": "collect", "op": "pay", "orders": ["tieout-so-a"], "share": "0.5", "over": "5.00", "reference": "W-1"},
    {"phase": "collect", "op": "refund", "order": "tieout-so-a"},
    {"phase": "collect", "op": "apply_deposit", "order": "tieout-so-b"},
    {"phase": "collect", "op": "credit", "order": "tieout-so-b", "share": "0.25", "apply": True},
    {"phase": "collect", "op": "pay", "orders": ["tieout-so-b"], "disc_share": "0.02"},
    {"phase": "collect", "op": "pay", "orders": ["tieout-so-c"], "share": "0.333"},
    {"phase": "collect", "op": "invoice", "customer_of": "tieout-so-e", "amount": "80.00", "deal": "006E", "memo": "x"},
    {"phase": "collect", "op": "pay_on_account", "customer_of": "SO104", "amount": "12.34", "date": "2026-12-01"},
    {"phase": "collect", "op": "pay_on_account", "customer_of": "SO104", "amount": "1.00", "date": "2026-10-31",
     "refused": "CLOSED_TRAN_PRD"},
    {"phase": "collect", "op": "void_invoice", "order": "tieout-so-e"},
    {"phase": "collect", "op": "credit", "order": "tieout-so-a", "share": "1", "apply": False},
    {"phase": "late", "op": "unapply", "order": "tieout-so-c"},
    {"phase": "late", "op": "pay", "orders": ["tieout-so-a"]},
    {"phase": "late", "op": "void_payment", "order": "tieout-so-a"},
    {"phase": "late", "op": "refund", "order": "tieout-so-a"},
    {"phase": "late", "op": "refund", "order": "tieout-so-e"},
]  # fmt: skip


def cents(value: str | Decimal, unit: str = "0.01") -> Decimal:
    return Decimal(value).quantize(Decimal(unit), rounding=ROUND_HALF_UP)


def gross(net: Decimal, unit: str = "0.01") -> Decimal:
    return net + cents(net * Decimal("0.10"), unit)


A = gross(3 * Decimal("100.10") + 2 * Decimal("20.00"))
"""All services and two of five boxes: half of what was ordered, in whole units."""
B = gross(3 * Decimal("33.33"))
C = gross(Decimal(1001), "1")
CREDIT = gross(cents(3 * Decimal("33.33") / 4))
PAID_A = cents(A / 2)
LEFT_B = B - 40 - CREDIT
DISCOUNT = cents(LEFT_B * Decimal("0.02"))


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clerks-book")
    (folder / "netsuite").mkdir()
    for name, text in FILES.items():
        (folder / "netsuite" / f"{name}.csv").write_text(text)
    (folder / "clerk.json").write_text(json.dumps({"version": 1, "actions": PLAN}))
    return folder


@pytest.fixture
def directory(book: Path, tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "sandbox"
    with running(folder, str(book), now=NOW, seed=1):
        yield folder


@pytest.fixture(scope="module")
def month(book: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A sandbox after all three phases."""
    folder = tmp_path_factory.mktemp("month")
    with running(folder, str(book), now=NOW, seed=1):
        assert carry_out(folder, "approve", book).refused == 1
        control_client.step(folder, FORTNIGHT)
        assert carry_out(folder, "collect", book).refused == 1
        carry_out(folder, "late", book)
        yield folder


def netsuite(directory: Path) -> NetSuite:
    account = dict(control_client.ready(directory)["netsuite"])
    url = account.pop("base_url")
    now = datetime.fromisoformat(control_client.get(directory, "clock")["now"])
    return NetSuite(url, Keys(**account), lambda: int(now.timestamp()))


def ask(directory: Path, query: str) -> list[dict[str, str]]:
    return netsuite(directory).query(query)


def invoices(directory: Path) -> list[tuple[str, Decimal, Decimal, str]]:
    rows = ask(
        directory,
        "SELECT NVL(o.tranid, '-') AS origin, t.foreignamountpaid AS paid, t.foreignamountunpaid AS unpaid, t.status "
        "FROM transaction t JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'T' "
        "LEFT JOIN transaction o ON o.id = tl.createdfrom WHERE t.type = 'CustInvc' ORDER BY t.id",
    )
    return [(row["origin"], Decimal(row["paid"]), Decimal(row["unpaid"]), row["status"]) for row in rows]


def test_invoices_stand_as_the_plan_says_to_the_cent(month: Path) -> None:
    zero = Decimal(0)
    assert invoices(month) == [
        ("SO100", PAID_A, A - PAID_A, "A"),
        ("SO101", B, zero, "B"),
        ("SO102", zero, C, "A"),
        ("SO104", zero, zero, "V"),
        ("-", zero, gross(Decimal(80)), "A"),
    ]


def test_what_settles_an_invoice_is_money_credit_deposit_and_discount(month: Path) -> None:
    rows = ask(
        month,
        "SELECT l.linktype, a.type, SUM(ABS(l.foreignamount)) AS amount FROM NextTransactionLineLink l "
        "JOIN transaction a ON a.id = l.nextdoc JOIN transaction i ON i.id = l.previousdoc "
        "JOIN transactionline tl ON tl.transaction = i.id AND tl.mainline = 'T' "
        "JOIN transaction o ON o.id = tl.createdfrom WHERE o.tranid = 'SO101' AND l.linktype <> 'OrdBill' "
        "AND i.type = 'CustInvc' GROUP BY l.linktype, a.type",
    )
    assert {(row["linktype"], row["type"]): Decimal(row["amount"]) for row in rows} == {
        ("DepAppl", "DepAppl"): Decimal(40),
        ("Payment", "CustCred"): CREDIT,
        ("Payment", "CustPymt"): LEFT_B - DISCOUNT,
        ("PymtDisc", "CustPymt"): DISCOUNT,
    }


def test_links_make_what_every_invoice_says_is_paid(month: Path) -> None:
    rows = ask(
        month,
        "SELECT t.id FROM transaction t LEFT JOIN (SELECT previousdoc, SUM(ABS(foreignamount)) AS applied "
        "FROM PreviousTransactionLineLink GROUP BY previousdoc) l ON l.previousdoc = t.id WHERE t.type = 'CustInvc' "
        "AND (NVL(l.applied, 0) <> t.foreignamountpaid "
        "OR t.foreigntotal <> t.foreignamountpaid + t.foreignamountunpaid)",
    )
    assert rows == []


def test_money_on_account_is_what_was_paid_too_much_taken_back_or_never_applied(month: Path) -> None:
    rows = ask(
        month,
        "SELECT type, foreigntotal AS total, foreignpaymentamountunused AS unused FROM transaction "
        "WHERE type IN ('CustPymt', 'CustCred', 'CustDep') AND NVL(foreignpaymentamountunused, 0) <> 0 ORDER BY id",
    )
    third = cents(C * Decimal("0.333"), "1")
    assert [(row["type"], Decimal(row["total"]), Decimal(row["unused"])) for row in rows] == [
        ("CustPymt", third, third),
        ("CustPymt", Decimal("12.34"), Decimal("12.34")),
    ]
    refunds = ask(month, "SELECT foreigntotal AS total FROM transaction WHERE type = 'CustRfnd' ORDER BY id")
    assert [-Decimal(refund["total"]) for refund in refunds] == [5, A, 7]


def test_orders_show_what_was_billed_and_shipped(month: Path) -> None:
    rows = ask(
        month,
        "SELECT t.tranid, t.status, tl.quantitybilled AS billed, tl.quantityshiprecv AS shipped FROM transaction t "
        "JOIN transactionline tl ON tl.transaction = t.id AND tl.mainline = 'F' AND tl.taxline = 'F' "
        "WHERE t.type = 'SalesOrd' ORDER BY t.id, tl.id",
    )
    assert [(row["tranid"], abs(int(row["billed"])), abs(int(row["shipped"]))) for row in rows] == [
        ("SO100", 3, 0), ("SO100", 2, 2), ("SO101", 3, 0), ("SO102", 1, 0), ("SO103", 0, 0), ("SO104", 0, 0),
    ]  # fmt: skip
    assert {row["tranid"]: row["status"] for row in rows}["SO102"] == "G"


def test_the_hand_made_invoices_say_so_and_carry_no_external_id(month: Path) -> None:
    rows = ask(
        month,
        "SELECT memo, externalid, custbody_crm_opportunity AS deal, TO_CHAR(trandate,'YYYY-MM-DD') AS day, "
        "TO_CHAR(duedate,'YYYY-MM-DD') AS due FROM transaction WHERE type = 'CustInvc' ORDER BY id",
    )
    assert [row.get("memo") for row in rows] == ["billed by hand"] * 4 + ["x"]
    assert all("externalid" not in row for row in rows)
    assert [row["day"] for row in rows] == ["2026-11-22", "2026-11-21", "2026-11-22", "2026-11-22", "2026-12-06"]
    assert (rows[1]["due"], rows[4]["deal"]) == ("2026-12-21", "006E")


def test_a_phase_that_was_done_is_not_done_again(month: Path, book: Path) -> None:
    before = ask(month, "SELECT COUNT(*) AS n FROM transaction")
    report = carry_out(month, "collect", book)
    assert (dict(report.counts), report.documents, report.earlier) == ({}, [], 11)
    assert ask(month, "SELECT COUNT(*) AS n FROM transaction") == before


def test_the_command_prints_what_the_clerk_did(directory: Path, book: Path) -> None:
    arguments = ["sandbox", "clerk", "approve", "--dir", str(directory), "--book", str(book), "--json"]
    said = json.loads(CliRunner().invoke(app, arguments).stdout)
    assert (said["command"], said["phase"], said["refused"], said["earlier"]) == ("sandbox clerk", "approve", 1, 0)
    assert said["counts"]["bill"] == 5
    again = CliRunner().invoke(app, arguments[:-1])
    assert "did in phase approve: nothing." in again.stdout
    assert f"Done before: {said['counts']['bill'] + 10}." in again.stdout


def test_an_unknown_phase_is_a_mistake_of_the_caller(directory: Path, book: Path) -> None:
    result = CliRunner().invoke(app, ["sandbox", "clerk", "never", "--dir", str(directory), "--book", str(book)])
    assert result.exit_code == 2
    assert "approve, collect, late" in " ".join(result.output.split())


def test_a_refusal_names_the_action_and_netsuites_words_and_what_went_before_stays(
    directory: Path, tmp_path: Path
) -> None:
    approve = {"phase": "approve", "op": "approve", "order": "tieout-so-a"}
    wrong = {"phase": "approve", "op": "deposit", "order": "tieout-so-a", "amount": "1.00", "date": "2031-01-01"}
    (tmp_path / "clerk.json").write_text(json.dumps({"version": 1, "actions": [approve, wrong]}))
    for _ in range(2):
        with pytest.raises(SandboxError, match=r"action 2 \(deposit tieout-so-a\): NetSuite refused it with [A-Z_]+:"):
            carry_out(directory, "approve", tmp_path)
    assert len((directory / "clerk.done").read_text().splitlines()) == 1


def test_an_action_without_anything_to_work_on_is_an_error(directory: Path, tmp_path: Path) -> None:
    pay = {"phase": "collect", "op": "pay", "orders": ["tieout-so-b"]}
    (tmp_path / "clerk.json").write_text(json.dumps({"version": 1, "actions": [pay]}))
    with pytest.raises(SandboxError, match="order SO101 has no open invoice to pay"):
        carry_out(directory, "collect", tmp_path)


def test_the_clerk_waits_for_a_free_slot(directory: Path, book: Path, tmp_path: Path) -> None:
    rules = [{"system": "netsuite", "operation": "update salesOrder", "action": "concurrency", "times": 2}]
    control_client.post(directory, "faults", {"rules": rules})
    approve = {"phase": "approve", "op": "approve", "order": "tieout-so-a"}
    (tmp_path / "clerk.json").write_text(json.dumps({"version": 1, "actions": [approve]}))
    assert carry_out(directory, "approve", tmp_path).counts == {"approve": 1}
    assert ask(directory, "SELECT status FROM transaction WHERE tranid = 'SO100'")[0]["status"] == "B"
