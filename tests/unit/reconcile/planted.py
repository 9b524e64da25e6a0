"""Snapshots built by hand, with the discrepancies that were planted in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from connectors.records import ORDER_STATUS_NAMES, salesforce_id
from journal.nouns import Binding, Hold, OpenIntent, SubjectState
from reconcile.extract import sum_by_currency
from reconcile.options import Options
from reconcile.report import Report
from reconcile.snapshot import Deal, Order, Snapshot

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
GO_LIVE = date(2026, 11, 1)
WON = datetime(2026, 11, 5, 9, tzinfo=UTC)
OPTIONS = Options(go_live=GO_LIVE, sla=timedelta(hours=4), company="Acme Inc")


def deal_id(number: int) -> str:
    return salesforce_id(f"006Dd{number:010d}")


def account_id(number: int) -> str:
    return salesforce_id(f"001Aa{number:010d}")


def deal(number: int, price: str | None = None, **changes: Any) -> Deal:
    """A won, in-scope deal of its own account; its amount is unlike that of any other."""
    base = Deal(
        id=deal_id(number),
        name=f"Deal {number}",
        owner="Sam Seller",
        account_id=account_id(number),
        account_name=f"Customer {number}",
        currency="USD",
        amount=Decimal(price or f"{number}000.50"),
        header_amount=Decimal(price or f"{number}000.50"),
        n_lines=2,
        is_won=True,
        is_closed=True,
        stage="Closed Won",
        close_date=date(2026, 11, 5),
        won_at=WON,
        won_on=WON.date(),
        modified=WON,
    )
    if "amount" in changes:
        changes.setdefault("header_amount", changes["amount"])
    return replace(base, **changes)


def order(number: int, price: str | None = None, **changes: Any) -> Order:
    """The order of the deal of that number, as Tieout created it."""
    net = Decimal(price or f"{number}000.50")
    base = Order(
        id=str(9000 + number),
        number=f"SO{number}",
        external_id=f"tieout-so-{deal_id(number)}",
        customer_id=str(500 + number),
        currency="USD",
        date=date(2026, 11, 5),
        status="B",
        status_name="Pending Fulfillment",
        net=net,
        tax=Decimal("8.25"),
        total=net + Decimal("8.25"),
        po_number=f"PO-{number}",
        modified=WON,
        created=WON,
        deal_stamp=deal_id(number),
        n_lines=2,
    )
    if "status" in changes:
        changes.setdefault("status_name", ORDER_STATUS_NAMES.get(changes["status"], f"unknown {changes['status']}"))
    return replace(base, **changes)


def hand_entered(number: int, amount: str, **changes: Any) -> Order:
    """An order that a person typed in: no external id, no stamp."""
    return order(number, amount, **{"external_id": None, "deal_stamp": None} | changes)


def binding(number: int, target: str | None = None, doc_no: int = 1) -> Binding:
    return Binding(
        kind="so",
        source_id=deal_id(number),
        doc_no=doc_no,
        external_id=f"tieout-so-{deal_id(number)}",
        target_id=target or str(9000 + number),
        number=f"SO{number}",
        origin="created",
        evidence="answer",
        currency="USD",
        net=None,
        bound_at=WON,
    )


def customer(number: int) -> Binding:
    return replace(binding(number), kind="cust", source_id=account_id(number), target_id=str(500 + number))


def hold(number: int, code: str = "NO_LINES", kind: str = "so") -> Hold:
    return Hold(
        id=f"hold-{kind}-{number}",
        kind=kind,
        source_id=account_id(number) if kind == "cust" else deal_id(number),
        label=f"Deal {number}",
        code=code,
        class_="data",
        cause="The deal has no products.",
        owner="data",
        fix="Add products to the deal.",
        detail={},
        opened_at=NOW - timedelta(days=3),
        last_seen_at=NOW,
        attempts=1,
    )


def intent(number: int) -> OpenIntent:
    return OpenIntent(
        id=f"intent-{number}",
        kind="so",
        source_id=deal_id(number),
        external_id=None,
        state="ambiguous",
        quiet_until=NOW,
    )


def subject(number: int, eligible_at: datetime) -> SubjectState:
    return SubjectState(
        kind="so",
        source_id=deal_id(number),
        label=f"Deal {number}",
        state="ready",
        outcome=None,
        reason=None,
        eligible_at=eligible_at,
        updated_at=eligible_at,
    )


def snapshot(deals: Sequence[Deal], orders: Sequence[Order], **changes: Any) -> Snapshot:
    """A complete snapshot: the systems' totals are those of the records; every account has its customer."""
    won = [one for one in deals if one.is_won and not one.deleted]
    defaults: dict[str, Any] = {
        "customer_bindings": [
            replace(binding(1), kind="cust", source_id=one.account_id, target_id=f"5{int(one.account_id[5:15]):02d}")
            for one in {d.account_id: d for d in deals if d.account_id}.values()
            if one.account_id
        ],
        "crm_totals": sum_by_currency((one.currency, one.header_amount) for one in won),
        "erp_totals": sum_by_currency((one.currency, one.net) for one in orders),
        "crm_rows_read": len(won),
        "erp_rows_read": len(orders),
        "crm_url": lambda id_: f"https://crm.example/{id_}",
        "erp_url": lambda id_: f"https://erp.example/?id={id_}",
    }
    return Snapshot(crm_at=NOW, erp_at=NOW, go_live=GO_LIVE, deals=deals, orders=orders, **defaults | changes)


def without_order(book: Snapshot, order_id: str) -> Snapshot:
    """The book as if one order had never existed, in every figure that NetSuite gives."""
    orders = [one for one in book.orders if one.id != order_id]
    return replace(
        book,
        orders=orders,
        erp_totals=sum_by_currency((one.currency, one.net) for one in orders),
        erp_rows_read=len(orders),
    )


Truth = set[tuple[str, str]]


def found(report: Report) -> Truth:
    """What a report shows, as (code, deal or key)."""
    return {(one.code, one.crm_id or one.key) for one in (*report.exceptions, *report.in_flight)}


def planted() -> tuple[Snapshot, Truth]:
    """A book with every kind of discrepancy, and what must be found in it."""
    deals = [
        deal(1), deal(2), deal(3), deal(4), deal(5), deal(6), deal(7), deal(8), deal(9), deal(10),
        deal(11, is_won=False, stage="Negotiation/Review", won_at=None, won_on=None, is_closed=False),
        deal(12, deleted=True), deal(13), deal(14), deal(15), deal(16),
        deal(17, order_id="9001"), deal(18, order_id="77777"), deal(19), deal(20, won_at=NOW - timedelta(hours=1)),
        deal(21), deal(22), deal(23, is_won=False, stage="Closed Lost", won_at=None, won_on=None),
        deal(30, won_on=date(2026, 10, 3)), deal(31, in_scope=False, scope_reason="not in scope: RecordType = Partner"),
        deal(40, currency="JPY", amount=Decimal(40_000)), deal(41, currency="KWD", amount=Decimal("41000.125")),
    ]  # fmt: skip
    deals[0] = replace(deals[0], order_id="9001")
    orders = [
        order(1), order(4, "4000.52"), order(5, "5100.00"), order(6, currency="EUR"), order(7, customer_id="599"),
        order(8, status="C"), order(9, status="H"), order(10), order(11), order(12), order(13),
        order(14), order(15), order(16, status="?"), order(17), order(18), order(22), order(23, status="H"),
        replace(order(10), id="9910", number="SO10B", external_id=None, po_number="other"),
        order(50), hand_entered(60, "123.45", po_number="po-14 ", customer_id="514"),
        hand_entered(61, "15000.51", customer_id="515", date=date(2026, 11, 8)),
        hand_entered(62, "77.00"), order(30, external_id=None), order(31),
        order(40, currency="JPY", net=Decimal(40_002)), order(41, currency="KWD", net=Decimal("41000.129")),
    ]  # fmt: skip
    bound = (1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 14, 15, 16, 17, 18, 22, 23, 30, 31, 40, 41)
    extra = [
        replace(order(13), id="9913", number="SO13B", external_id=None, po_number=None, date=date(2026, 11, 20)),
        hand_entered(63, "3.00", deal_stamp=deal_id(22)),
    ]
    bindings = [*map(binding, bound), binding(21), binding(13, "9913")]
    holds = [hold(3), hold(3, "CUSTOMER_HELD", "cust")]
    truth = {
        ("MISSING_IN_ERP", deal_id(2)), ("SYNC_BLOCKED", deal_id(3)), ("AMOUNT", deal_id(5)),
        ("CURRENCY", deal_id(6)), ("CUSTOMER", deal_id(7)), ("CANCEL_ERP_ONLY", deal_id(8)),
        ("STATUS", deal_id(9)), ("DUP_ERP_SOFT", deal_id(10)), ("LOST_LIVE_ORDER", deal_id(11)),
        ("DELETED_CRM", deal_id(12)), ("DUP_ERP", deal_id(13)), ("MAP_CONFLICT", deal_id(13)),
        ("DUP_ERP_SOFT", deal_id(14)), ("DUP_ERP_SOFT", deal_id(15)), ("STATUS", deal_id(16)),
        ("DUP_CRM", deal_id(17)), ("MAP_CONFLICT", deal_id(17)), ("MAP_CONFLICT", deal_id(18)),
        ("MISSING_IN_ERP", deal_id(19)), ("IN_FLIGHT", deal_id(20)), ("MISSING_IN_ERP", deal_id(21)),
        ("ORPHAN_MAP", deal_id(21)), ("DUP_ERP_SOFT", deal_id(22)), ("MISSING_IN_CRM", deal_id(50)),
        ("AMOUNT", deal_id(41)),
    }  # fmt: skip
    return snapshot(deals, [*orders, *extra], bindings=bindings, holds=holds), truth
