"""The chain behind the order foots in every world that NetSuite's own arithmetic allows."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reconcile.run import evaluate
from tests.unit.reconcile.planted import OPTIONS, deal_id, hold
from tests.unit.reconcile.planted_money import applied, approved, book, invoice, invoice_binding

KINDS = ("payment", "deposit", "credit", "journal", "write_off")


@st.composite
def worlds(draw: st.DrawFn) -> Any:
    numbers = list(range(1, draw(st.integers(1, 5)) + 1))
    orders, invoices, holds, bindings, changes = [], [], [], [], {}
    for number in numbers:
        alone = draw(st.integers(0, 5)) == 0
        if not alone:
            parts = {
                name: Decimal(draw(st.integers(0, 1000)))
                for name in ("service_open", "goods_open", "goods_waiting", "closed_open")
            }
            scheduled, status = draw(st.booleans()), draw(st.sampled_from("ABCFGH"))
            orders.append(approved(number, status=status, scheduled=scheduled, **parts))
        if draw(st.integers(0, 3)) == 0:
            changes[f"deal{number}"] = draw(
                st.sampled_from(({"is_won": False}, {"in_scope": False}, {"deleted": True}))
            )
        if draw(st.integers(0, 3)) == 0:
            holds.append(hold(number, "PERIOD_CLOSED", "inv"))
        for copy in range(draw(st.integers(0, 2))):
            id_ = str(70000 + 10 * number + copy)
            net = draw(st.integers(1, 1500))
            share = Decimal(net) * Decimal("0.1")
            settled = [applied(id_, str(share), draw(st.sampled_from(KINDS))) for _ in range(draw(st.integers(0, 3)))]
            origin = {"order_id": None} if alone or draw(st.integers(0, 4)) == 0 else {}
            state = {"status": draw(st.sampled_from("ABDEV"))}
            currency = {"currency": draw(st.sampled_from(("USD", "USD", "EUR")))}
            invoices.append(invoice(number, f"{net}.00", *settled, id=id_, **origin, **state, **currency))
            if alone and copy == 0 or draw(st.booleans()):
                bindings.append(invoice_binding(number, id_))
    return book(numbers, orders, invoices=invoices, invoice_bindings=bindings, holds=holds, **changes)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(worlds())
def test_every_stage_is_explained_to_the_last_item_and_cent(world: Any) -> None:
    report = evaluate(world, OPTIONS)
    assert report.bridge.faults() == []
    assert report.chain.faults() == []
    assert all(check.ok for check in report.controls)


def test_a_deal_invoiced_without_an_order_counts_as_ordered_and_invoiced() -> None:
    one = invoice(1, "1000.00", id="70001", order_id=None)
    report = evaluate(book([1], [], invoices=[one], invoice_bindings=[invoice_binding(1, "70001")]), OPTIONS)
    assert [(e.code, e.crm_id) for e in report.exceptions] == []
    assert [link.opening.amount for link in report.chain.links] == [1000, 1000, 1100]
    assert report.bridge.columns[0].erp.items == 1


def test_the_admins_field_ties_an_invoice_to_its_deal_and_a_copied_stamp_does_not() -> None:
    named = invoice(1, "1000.00", order_id=None, stamps={"custbody_crm_opportunity": deal_id(1)})
    whole = book([1], [approved(1)], invoices=[named], deal_field="custbody_crm_opportunity")
    assert evaluate(whole, OPTIONS).exceptions == []
    stamped = invoice(1, "1000.00", order_id=None, deal_id=deal_id(1))
    codes = {one.code for one in evaluate(book([1], [approved(1)], invoices=[stamped]), OPTIONS).exceptions}
    assert codes == {"INVOICE_NO_ORDER", "UNBILLED"}
