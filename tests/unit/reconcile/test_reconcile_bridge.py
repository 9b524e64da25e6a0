from __future__ import annotations

from decimal import Decimal

from connectors.records import ControlTotal
from reconcile.bridge import Bridge, Column, Sum, assemble


def total(currency: str, count: int, amount: str) -> ControlTotal:
    return ControlTotal(currency=currency, count=count, amount=Decimal(amount))


def column(**changes: object) -> Column:
    base: dict[str, object] = {
        "currency": "USD",
        "crm": Sum(2, Decimal(30)),
        "erp": Sum(1, Decimal(10)),
        "legs": {"missing": Sum(-1, Decimal(-20))},
        "without_order": 1,
    }
    return Column(**{**base, **changes})  # type: ignore[arg-type]


def test_a_bridge_whose_lines_sum_to_the_other_end_has_no_fault() -> None:
    assert Bridge(columns=[column()]).foots


def test_one_cent_too_much_is_a_fault() -> None:
    faults = column(erp=Sum(1, Decimal("10.01"))).faults()
    assert faults == ["USD: 0 items and 0.01 are unexplained"]


def test_a_missing_item_of_no_value_is_a_fault() -> None:
    assert "USD: 1 items and 0 are unexplained" in column(erp=Sum(2, Decimal(10))).faults()


def test_a_bridge_that_foots_by_wrong_reasons_is_caught_by_the_second_count() -> None:
    wrong = column(legs={"amount_variance": Sum(-1, Decimal(-20))})
    assert not wrong.unexplained
    assert wrong.faults() == ["USD: 1 deals have no order, but 0 are explained"]


def test_orders_without_a_deal_are_counted_twice_too() -> None:
    extra = column(erp=Sum(2, Decimal(15)), legs={"missing": Sum(-1, Decimal(-20)), "extra_copies": Sum(1, Decimal(5))},
                   without_deal=1)  # fmt: skip
    assert extra.faults() == ["USD: 1 orders have no deal, but 0 are explained"]


def test_a_blank_currency_is_a_fault_even_without_a_difference() -> None:
    blank = Column(currency="", crm=Sum(1, Decimal(5)), erp=Sum(1, Decimal(5)))
    assert blank.faults() == ["1 deals and 1 orders carry no currency"]


def test_causes_sum_to_the_gap() -> None:
    assert column().gap == column().cause("missing") == Sum(-1, Decimal(-20))


def test_a_currency_that_appears_on_one_side_or_only_in_a_line_gets_its_column() -> None:
    bridge = assemble(
        [total("USD", 1, "5")], [total("EUR", 1, "5")], {("currency_in", "GBP"): Sum(1, Decimal(5))}, {}, {}, {}
    )
    assert [one.currency for one in bridge.columns] == ["EUR", "GBP", "USD"]
    assert not bridge.foots
