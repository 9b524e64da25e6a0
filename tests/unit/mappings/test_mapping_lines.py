from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.records import Reference, quantize_money
from mappings.apply import apply
from mappings.apply_lines import rate
from mappings.model import Mapping


def test_a_line_carries_amount_rate_and_price_level_custom(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    line |= {"Quantity": Decimal(3), "TotalPrice": Decimal("100.00"), "Description": "First year"}
    (mapped,) = apply(sales_order, deal, [line], resolver).payload.lines
    assert mapped.values == {
        "item": Reference(type="item", id="100", name="PLAT-100"),
        "quantity": Decimal(3),
        "amount": Decimal("100.00"),
        "rate": Decimal("33.33333333"),
        "price": Reference(type="priceLevel", id="-1"),
        "description": "First year",
        "custcol_tieout_line_id": "00k000000000001AAA",
    }


def test_lines_keep_their_order_and_those_without_place_come_last(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    lines = [line | {"Id": key, "SortOrder": place} for key, place in
             [("c", None), ("b", Decimal(2)), ("a", None), ("d", Decimal(1))]]  # fmt: skip
    mapped = apply(sales_order, deal, lines, resolver)
    assert [each.key for each in mapped.payload.lines] == ["d", "b", "a", "c"]


def test_an_alias_is_looked_up_under_its_new_name(sales_order: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    line["Product2.ProductCode"] = "GTX-PRO-OLD"
    (mapped,) = apply(sales_order, deal, [line], resolver).payload.lines
    assert mapped.values["item"] == Reference(type="item", id="101", name="GTX-PRO")


def test_an_unknown_product_names_its_code_and_line(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    second = line | {"Id": "b", "SortOrder": Decimal(2), "Product2.ProductCode": "GTX-9"}
    (finding,) = apply(sales_order, deal, [line, second], resolver).problems
    assert finding.code == "ITEM_NOT_FOUND"
    assert finding.cause == "Line 2: Product code 'GTX-9' is not an item in NetSuite."
    assert finding.field == "lines.item"
    assert "[tables.items]" in finding.fix


def test_an_inactive_item_is_a_hold_of_its_own(sales_order: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    from mappings.resolver import Unresolved

    resolver.blocked["item", "itemid", "PLAT-100"] = Unresolved.INACTIVE
    (finding,) = apply(sales_order, deal, [line], resolver).problems
    assert finding.code == "ITEM_INACTIVE"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"TotalPrice": Decimal("-1.00")}, "NEGATIVE_LINE"),
        ({"CurrencyIsoCode": "EUR"}, "LINE_CURRENCY"),
        ({"Quantity": Decimal(0)}, "BAD_VALUE"),
        ({"Quantity": None}, "VALUE_MISSING"),
        ({"TotalPrice": None}, "VALUE_MISSING"),
        ({"Product2.ProductCode": None}, "VALUE_MISSING"),
    ],
)
def test_a_line_that_would_change_the_money_is_held(
    change: dict, code: str, sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    (finding,) = apply(sales_order, deal, [line | change], resolver).problems
    assert finding.code == code
    assert finding.cause.startswith("Line 1: ")


def test_a_negative_line_may_be_allowed(mapping_of: Any, deal: dict, line: dict, resolver: Any) -> None:
    mapping = mapping_of(
        'extends = "order_to_cash/opportunity_to_sales_order"\n[lines]\nnegative = "line"\n'
        '[tables.subsidiary]\nUS = "Acme Inc"'
    )
    mapped = apply(mapping, deal, [line | {"TotalPrice": Decimal("-8.00")}], resolver)
    assert mapped.problems == ()
    assert mapped.payload.lines[0].values["rate"] == Decimal("-2.00")


@pytest.fixture
def lenient(mapping_of: Any) -> Mapping:
    """The base with rounding and free orders allowed."""
    return mapping_of(
        'extends = "order_to_cash/opportunity_to_sales_order"\n[lines]\nprecision = "round"\nzero_total = "allow"\n'
        '[tables.subsidiary]\nUS = "Acme Inc"\nJP = "Acme KK"'
    )


def test_an_amount_with_more_digits_than_its_currency_is_held(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    line |= {"TotalPrice": Decimal("10.005"), "Quantity": Decimal(1)}
    (finding,) = apply(sales_order, deal, [line], resolver).problems
    assert (finding.code, finding.field) == ("BAD_VALUE", "lines.amount")
    assert "10.005 has more digits than USD knows" in finding.cause


def test_an_amount_is_rounded_and_reported_where_the_admin_allows_it(
    lenient: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    deal |= {"CurrencyIsoCode": "JPY", "Account.BillingCountryCode": "JP"}
    line |= {"CurrencyIsoCode": "JPY", "TotalPrice": Decimal("1000.5"), "Quantity": Decimal(1)}
    mapped = apply(lenient, deal, [line], resolver)
    assert mapped.problems == ()
    assert mapped.payload.lines[0].values["amount"] == Decimal(1001)
    assert mapped.payload.lines[0].values["rate"] == Decimal(1001)
    assert [warning.code for warning in mapped.warnings] == ["BAD_VALUE"]


def test_a_free_line_needs_no_rate(lenient: Mapping, deal: dict, line: dict, resolver: Any) -> None:
    mapped = apply(lenient, deal, [line | {"TotalPrice": Decimal(0), "Quantity": Decimal(0)}], resolver)
    assert mapped.problems == ()
    assert "rate" not in mapped.payload.lines[0].values


@settings(max_examples=200)
@given(
    amount=st.decimals(min_value="0.01", max_value="99999999.99", places=2),
    quantity=st.decimals(min_value="0.01", max_value="10000", places=2),
)
def test_the_rate_times_quantity_gives_the_amount_back(amount: Decimal, quantity: Decimal) -> None:
    unit = rate(amount, quantity, "USD")
    assert unit is not None
    assert quantize_money(unit * quantity, "USD") == amount
    assert -int(unit.as_tuple().exponent) <= 8


def test_a_whole_rate_keeps_the_digits_of_its_currency() -> None:
    assert str(rate(Decimal("100.00"), Decimal(4), "USD")) == "25.00"
    assert str(rate(Decimal(1000), Decimal(4), "JPY")) == "250"
    assert str(rate(Decimal("10.00"), Decimal(16), "USD")) == "0.625"
    assert rate(Decimal(1), Decimal(0), "USD") is None


def test_an_order_over_nothing_is_held_unless_the_admin_allows_it(
    sales_order: Mapping, lenient: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    free = [line | {"TotalPrice": Decimal("0.00")}]
    assert [finding.code for finding in apply(sales_order, deal, free, resolver).problems] == ["ZERO_TOTAL"]
    assert apply(lenient, deal, free, resolver).problems == ()
    assert apply(sales_order, deal, [line, *free], resolver).problems == ()


@pytest.mark.parametrize(("amount", "codes"), [("100.00", []), ("100", []), ("100.01", ["LINES_DIFFER"])])
def test_lines_that_do_not_add_up_to_the_deals_amount_are_held(
    amount: str, codes: list[str], sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    mapped = apply(sales_order, deal | {"Amount": Decimal(amount)}, [line], resolver)
    assert [finding.code for finding in mapped.problems] == codes


def test_the_amount_of_the_deal_need_not_be_compared(mapping_of: Any, deal: dict, line: dict, resolver: Any) -> None:
    mapping = mapping_of(
        'extends = "order_to_cash/opportunity_to_sales_order"\n[lines]\ntotal = false\n'
        '[tables.subsidiary]\nUS = "Acme Inc"'
    )
    assert "Amount" not in mapping.source_fields()
    assert apply(mapping, deal | {"Amount": Decimal(7)}, [line], resolver).problems == ()


def test_a_deal_without_a_known_amount_is_not_compared(
    sales_order: Mapping, deal: dict, line: dict, resolver: Any
) -> None:
    assert "Amount" in sales_order.source_fields()
    assert apply(sales_order, deal | {"Amount": None}, [line], resolver).problems == ()
