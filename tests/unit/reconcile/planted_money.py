"""Books with invoices and payments built by hand, with the discrepancies that were planted in them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.receivables import Application, Invoice, Period, Receipt
from journal.nouns import Binding
from reconcile.extract import sum_by_currency
from reconcile.snapshot import Order, Shown, Snapshot
from tests.unit.reconcile.planted import (
    NOW,
    Truth,
    account_id,
    binding,
    customer,
    deal,
    deal_id,
    hold,
    order,
    snapshot,
)

BILLED = datetime(2026, 11, 8, 9, tzinfo=UTC)
OCTOBER = Period(
    id="10", name="Oct 2026", start=date(2026, 10, 1), end=date(2026, 10, 31), closed=True,
    closed_on=datetime(2026, 11, 6, tzinfo=UTC),
)  # fmt: skip
NOVEMBER = Period(id="11", name="Nov 2026", start=date(2026, 11, 1), end=date(2026, 11, 30), closed=False)
DECEMBER = Period(id="12", name="Dec 2026", start=date(2026, 12, 1), end=date(2026, 12, 31), closed=False)
PERIODS = (OCTOBER, NOVEMBER, DECEMBER)
NOTHING = Shown(
    invoiced=Decimal(0), invoiced_net=Decimal(0), paid=Decimal(0), credited=Decimal(0), balance=Decimal(0),
    invoice_status="Not Invoiced", payment_status="Not Invoiced",
)  # fmt: skip


def applied(invoice: str, amount: str, kind: Any = "payment", source: str = "8001", day: int = 12) -> Application:
    return Application(
        invoice_id=invoice, source_id=source, source_type="CustPymt", source_number=f"P{source}", kind=kind,
        date=date(2026, 11, day), amount=Decimal(amount),
    )  # fmt: skip


def invoice(number: int, net: str, *applications: Application, **changes: Any) -> Invoice:
    """The invoice of the order of that number, with 10 per cent tax."""
    tax = (Decimal(net) / 10).quantize(Decimal("0.01"))
    paid = sum((one.amount for one in applications), Decimal(0))
    total = Decimal(net) + tax
    base = Invoice(
        id=str(7000 + number), number=f"INV{number}", external_id=None, customer_id=str(500 + number), currency="USD",
        date=date(2026, 11, 8), due_date=date(2026, 12, 8), status="A" if paid < total else "B", net=Decimal(net),
        tax=tax, total=total, paid=paid, unpaid=total - paid, period_id="11", order_id=str(9000 + number),
        po_number=None, memo=None, modified=BILLED, created=BILLED, applications=applications,
    )  # fmt: skip
    return replace(base, **changes)


def receipt(number: int, customer_no: int, total: str, unapplied: str = "0", **changes: Any) -> Receipt:
    base = Receipt(
        id=str(8000 + number), type="CustPymt", number=f"PYMT{number}", customer_id=str(500 + customer_no),
        currency="USD", date=date(2026, 11, 12), status="C", total=Decimal(total),
        applied=Decimal(total) - Decimal(unapplied), unapplied=Decimal(unapplied), counts=True, voided=False,
        modified=BILLED, created=BILLED, period_id="11",
    )  # fmt: skip
    return replace(base, **changes)


def invoice_binding(number: int, target: str) -> Binding:
    return replace(binding(number), kind="inv", target_id=target, external_id=f"tieout-inv-{deal_id(number)}")


def approved(number: int, net: str = "1000.00", **changes: Any) -> Order:
    """An approved order of services, all of which is open to bill."""
    return order(number, net, **{"status": "F", "service_open": Decimal(net)} | changes)


def shown(invoiced: str, net: str, paid: str, credited: str, status: str, payment: str, **more: Any) -> Shown:
    balance = Decimal(invoiced) - Decimal(paid) - Decimal(credited)
    base = Shown(
        invoiced=Decimal(invoiced), invoiced_net=Decimal(net), paid=Decimal(paid), credited=Decimal(credited),
        balance=balance, invoice_status=status, payment_status=payment,
        due_date=date(2026, 12, 8) if balance else None,
        last_payment=date(2026, 11, 12) if Decimal(paid) else None,
    )  # fmt: skip
    return replace(base, **more)


def book(numbers: list[int], orders: list[Order], **changes: Any) -> Snapshot:
    """A whole snapshot: deals of these numbers at 1000.00, every one bound, every account with its customer."""
    deals = [deal(number, "1000.00", **changes.pop(f"deal{number}", {})) for number in numbers]
    invoices = changes.get("invoices", [])
    defaults: dict[str, Any] = {
        "bindings": [binding(number) for number in numbers if any(o.id == str(9000 + number) for o in orders)],
        "customer_bindings": [customer(number) for number in numbers],
        "periods": PERIODS,
        "invoice_totals": sum_by_currency((i.currency, i.total) for i in invoices if i.posted),
    }
    return snapshot(deals, orders, **defaults | changes)


def money_book() -> tuple[Snapshot, Truth]:
    """A book with every discrepancy of billing and cash, and their near misses; what must be found in it."""
    full = {"status": "G", "service_open": Decimal(0)}
    lost = {"is_won": False, "stage": "Closed Lost", "won_at": None, "won_on": None}
    paid = shown("1100.00", "1000.00", "1100.00", "0", "Invoiced", "Paid")
    orders = [
        approved(1, status="A", created=NOW - timedelta(days=3)), approved(2, status="A", created=NOW),
        approved(3), approved(4, date=date(2026, 11, 20)), approved(5, scheduled=True, next_bill=date(2027, 1, 1)),
        order(6, "1000.00", goods_open=Decimal(600), goods_waiting=Decimal(400)),
        order(7, "1000.00", goods_waiting=Decimal(1000)),
        approved(8, **full), approved(9, **full), approved(10, **full), approved(11),
        approved(12, **full), approved(13, **full), approved(14, **full), approved(15, **full),
        approved(16, status="H", service_open=Decimal(0)), approved(17, status="H"), approved(18, **full),
        approved(19), approved(20, **full), approved(21, **full),
    ]  # fmt: skip
    invoices = [
        invoice(8, "1000.00"), replace(invoice(8, "900.00"), id="7908", number="INV8B"),
        invoice(9, "1000.00"), replace(invoice(9, "500.00", applied("7909", "550.00", "credit", "8109")), id="7909"),
        invoice(10, "1000.00"), invoice(11, "1000.00", status="D"),
        invoice(12, "1000.00", applied("7012", "100.00")), invoice(13, "1000.00", applied("7013", "100.00", "credit")),
        invoice(14, "1000.00", applied("7014", "1100.00")),
        invoice(15, "1000.00", applied("7015", "1100.00", "deposit")),
        invoice(16, "1000.00"),
        invoice(18, "1000.00", applied("7018", "1000.00"), applied("7018", "100.00", "write_off"),
                due_date=date(2026, 11, 10)),
        invoice(20, "1000.00", period_id="10", created=NOW - timedelta(days=3)),
        invoice(21, "1000.00"),
        invoice(30, "50.00", order_id=None, customer_id="503"),
        invoice(31, "50.00", order_id=None, customer_id="503", date=date(2026, 10, 3), period_id="10",
                created=datetime(2026, 10, 3, tzinfo=UTC)),
        invoice(32, "50.00", order_id=None, customer_id="999"),
        invoice(33, "50.00", order_id="5555", customer_id="503"),
    ]  # fmt: skip
    receipts = [
        receipt(1, 4, "300.00", "120.00"), receipt(2, 4, "300.00", "20.00", date=date(2026, 11, 18)),
        receipt(3, 5, "80.00", "80.00", type="CustDep", order_id="9005"), receipt(4, 999, "9.00", "9.00"),
        receipt(5, 7, "70.00", reference="CHK 1"), receipt(6, 7, "70.00", reference="chk 1", date=date(2026, 11, 15)),
        receipt(7, 7, "70.00", reference="CHK 1", date=date(2026, 11, 25)), receipt(8, 7, "71.00", reference="CHK 1"),
        receipt(9, 109, "550.00", type="CustCred", invoice_id="7909"),
        receipt(10, 6, "40.00", "40.00", counts=False, voided=True),
    ]  # fmt: skip
    changes: dict[str, Any] = {
        "deal10": lost, "deal12": {"shown": shown("1100.00", "1000.00", "1100.00", "0", "Invoiced", "Paid")},
        "deal13": {"shown": shown("1100.00", "1000.00", "0", "0", "Invoiced", "Unpaid")},
        "deal14": {"shown": replace(paid, payment_status="Unpaid")}, "deal15": {"shown": paid},
        "deal18": {"shown": shown("1100.00", "1000.00", "1000.00", "100.00", "Invoiced", "Paid")},
        "deal3": {"shown": NOTHING},
    }  # fmt: skip
    holds = [
        hold(19, "PERIOD_CLOSED", "inv"), hold(21, "LOCKED_DOWNSTREAM"), hold(10, "REOPENED_AFTER_PUSH"),
    ]  # fmt: skip
    truth = {
        ("ORDER_UNAPPROVED", deal_id(1)), ("UNBILLED", deal_id(3)), ("FULFILLED_NOT_BILLED", deal_id(6)),
        ("OVERBILLED", deal_id(8)), ("CRM_OPEN_ERP_BILLED", deal_id(10)), ("PAYMENT_REVERSED", deal_id(12)),
        ("CREDIT_NOT_IN_CRM", deal_id(13)), ("STALE_PAYMENT_STATUS", deal_id(14)), ("STATUS", deal_id(17)),
        ("SYNC_BLOCKED", deal_id(19)), ("UNBILLED", deal_id(19)), ("CHANGED_AFTER_LOCK", deal_id(21)),
        ("CLOSED_PERIOD", deal_id(20)),
        ("INVOICE_NO_ORDER", account_id(3)), ("UNAPPLIED_CASH", account_id(4)), ("DUP_PAYMENT", account_id(7)),
    }  # fmt: skip
    return book(list(range(1, 22)), orders, invoices=invoices, receipts=receipts, holds=holds, **changes), truth
