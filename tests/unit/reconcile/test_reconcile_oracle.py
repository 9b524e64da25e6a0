"""The compare engine against an independent reckoning with plain dictionaries."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.run import evaluate
from reconcile.snapshot import Deal, Order, Snapshot
from tests.unit.reconcile.planted import NOW, OPTIONS, binding, deal, deal_id, found, hold, order, snapshot

CURRENCIES = ("USD", "JPY", "KWD")
MINOR = {"USD": Decimal("0.01"), "JPY": Decimal(1), "KWD": Decimal("0.001")}
CHECKED = {
    "MISSING_IN_ERP", "IN_FLIGHT", "SYNC_BLOCKED", "MISSING_IN_CRM", "DELETED_CRM", "DUP_ERP", "CURRENCY", "AMOUNT",
    "LOST_LIVE_ORDER", "CANCEL_ERP_ONLY", "STATUS", "ORPHAN_MAP",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One deal as drawn: what it is, and what NetSuite holds for it."""

    state: str
    currency: str
    order_currency: str
    amount: Decimal | None
    apart: Decimal
    young: bool
    held: bool
    bound: bool
    orders: tuple[str, ...]


@st.composite
def cases(draw: st.DrawFn) -> Case:
    currency = draw(st.sampled_from(CURRENCIES))
    minor = MINOR[currency]
    units = draw(st.integers(min_value=1, max_value=10**12))
    return Case(
        state=draw(st.sampled_from(("won", "won", "won", "lost", "deleted", "absent", "early", "outside"))),
        currency=currency,
        order_currency=draw(st.sampled_from((currency, currency, currency, *CURRENCIES))),
        amount=draw(st.none() if draw(st.integers(0, 9)) == 0 else st.just(units * minor)),
        apart=draw(st.integers(min_value=-4, max_value=4)) * minor,
        young=draw(st.booleans()),
        held=draw(st.integers(0, 4)) == 0,
        bound=draw(st.booleans()),
        orders=tuple(draw(st.lists(st.sampled_from("ABCFGH"), max_size=3))),
    )


def as_deal(number: int, case: Case) -> Deal:
    return deal(
        number,
        currency=case.currency,
        amount=case.amount,
        n_lines=1,
        is_won=case.state != "lost",
        deleted=case.state == "deleted",
        in_scope=case.state != "outside",
        won_on=date(2026, 10, 1) if case.state == "early" else date(2026, 11, 5),
        won_at=NOW - timedelta(hours=1 if case.young else 100),
    )


def as_orders(number: int, case: Case) -> list[Order]:
    """The first order carries the external id, the second the binding, the third nothing of ours."""
    net = (case.amount or Decimal(0)) + case.apart
    return [
        order(
            number, id=str(10 * number + place), net=net, status=status, currency=case.order_currency,
            po_number=None, date=date(2020, 1, 1) + timedelta(days=100 * number + 10 * place), deal_stamp=None,
            external_id=f"tieout-so-{deal_id(number)}" if place == 0 else None,
        )
        for place, status in enumerate(case.orders)
    ]  # fmt: skip


def book(drawn: list[Case]) -> Snapshot:
    numbered = list(enumerate(drawn, start=1))
    return snapshot(
        [as_deal(number, case) for number, case in numbered if case.state != "absent"],
        [one for number, case in numbered for one in as_orders(number, case)],
        bindings=[binding(number, str(10 * number + 1)) for number, case in numbered if case.bound],
        holds=[hold(number) for number, case in numbered if case.held],
    )


def expected(number: int, case: Case) -> Counter[str]:
    codes: Counter[str] = Counter()
    ours = [status for place, status in enumerate(case.orders) if place == 0 or (place == 1 and case.bound)]
    live = [status for status in ours if status != "C"]
    codes["SYNC_BLOCKED"] = int(case.held)
    codes["ORPHAN_MAP"] = int(case.bound and len(case.orders) < 2)
    codes["DUP_ERP"] = max(0, len(live) - 1)
    if case.state == "absent":
        codes["MISSING_IN_CRM"] = len(live)
    elif case.state in ("lost", "deleted"):
        code = "LOST_LIVE_ORDER" if case.state == "lost" else "DELETED_CRM"
        codes[code] = int(bool(live) and live[0] != "H")
    elif case.state == "won":
        codes += _of_won(case, ours, live)
    return +codes


def _of_won(case: Case, ours: list[str], live: list[str]) -> Counter[str]:
    if live:
        apart = abs(case.apart) if case.amount is not None else None
        same = case.currency == case.order_currency
        return Counter(
            CURRENCY=int(not same),
            AMOUNT=int(same and (apart is None or apart > MINOR[case.currency])),
            STATUS=int(live[0] == "H" and abs((case.amount or 0) + case.apart) > 2 * MINOR[case.order_currency]),
        )
    if ours:
        return Counter(CANCEL_ERP_ONLY=1)
    if case.held:
        return Counter()
    return Counter({"IN_FLIGHT" if case.young and not case.bound else "MISSING_IN_ERP": 1})


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(cases(), max_size=8))
def test_the_engine_finds_what_dictionaries_find_and_the_bridge_foots(drawn: list[Case]) -> None:
    report = evaluate(book(drawn), OPTIONS)
    shown = Counter((one.code, one.crm_id) for one in (*report.exceptions, *report.in_flight) if one.code in CHECKED)
    truth: Counter[tuple[str, str | None]] = Counter()
    for number, case in enumerate(drawn, start=1):
        truth.update({(code, deal_id(number)): times for code, times in expected(number, case).items()})
    assert shown == truth
    assert report.bridge.faults() == []
    assert all(check.ok for check in report.controls)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(cases(), min_size=1, max_size=6), st.data())
def test_hiding_any_order_from_the_comparison_never_goes_unnoticed(drawn: list[Case], data: st.DataObject) -> None:
    whole = book(drawn)
    if not whole.orders:
        return
    hidden = data.draw(st.sampled_from([one.id for one in whole.orders]))
    seen = [one for one in whole.orders if one.id != hidden]
    report = evaluate(replace(whole, orders=seen), OPTIONS)
    assert ("EXTRACT_INCOMPLETE", "NetSuite rows") in found(report)
    assert not report.signable
