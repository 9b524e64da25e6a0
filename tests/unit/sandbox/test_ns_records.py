"""What the local NetSuite does with records: rules, totals, lines, unique ids, faults (without HTTP)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.sandbox.ns_account import (
    LINE,
    Account,
    customer,
    entity,
    line,
    lines,
    order,
    rel,
    so,
)


def test_a_new_order_gets_number_stamps_status_and_exact_totals(account: Account, saved: str) -> None:
    found = account.order(saved)
    assert (found["tranId"], found["orderStatus"], found["createdDate"]) == ("SO1001", "A", "2026-11-21T03:30:00Z")
    assert (found["tranDate"], found["subsidiary"], found["currency"]) == ("2026-11-20", "1", "1")
    assert [row["amount"] for row in account.lines(saved)] == [Decimal("39.99"), Decimal("100.00")]
    assert (found["subTotal"], found["taxTotal"], found["total"]) == (
        Decimal("139.99"),
        Decimal("10.15"),
        Decimal("150.14"),
    )


@pytest.mark.parametrize(
    ("customer_id", "tax"),
    [("502", Decimal("19.00")), ("503", Decimal("0.00")), ("504", Decimal(10))],
)
def test_vat_is_charged_at_home_only_and_rounded_to_the_currency(
    account: Account, customer_id: str, tax: Decimal
) -> None:
    id_, _ = account.write("add", order(entity(customer_id) + lines({"item": "5", "quantity": "1", "rate": "100"})))
    assert account.order(id_)["taxTotal"] == tax


def test_an_amount_in_yen_has_no_fraction(account: Account) -> None:
    id_, _ = account.write("add", order(entity("504") + lines({"item": "5", "quantity": "3", "rate": "33.35"})))
    assert str(account.lines(id_)[0]["amount"]) == "100"
    assert str(account.order(id_)["total"]) == "110"


def test_a_given_amount_wins_over_quantity_times_rate(account: Account) -> None:
    row = {"item": "5", "quantity": "3", "rate": "33.33", "amount": "100.00"}
    id_, _ = account.write("add", order(entity() + lines(row)))
    assert (account.lines(id_)[0]["amount"], account.lines(id_)[0]["rate"]) == (Decimal("100.00"), Decimal("33.33"))


def test_an_order_in_another_currency_gets_the_exchange_rate_to_its_subsidiary(account: Account) -> None:
    id_, _ = account.write("add", order(entity() + so("currency", internalId="2") + lines(LINE)))
    assert account.order(id_)["exchangeRate"] == Decimal("1.1")


def test_a_body_discount_lowers_total_and_tax_base(account: Account) -> None:
    row = {"item": "5", "quantity": "1", "rate": "100"}
    id_, _ = account.write("add", order(entity() + so("discountRate", "-10%") + lines(row)))
    found = account.order(id_)
    assert (found["discountTotal"], found["taxTotal"], found["total"]) == (
        Decimal("-10.00"),
        Decimal("6.53"),
        Decimal("96.53"),
    )


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("2026-11-20T00:00:00Z", "2026-11-19"),
        ("2026-11-20T12:00:00-08:00", "2026-11-20"),
        ("2026-11-20T00:00:00.000-08:00", "2026-11-20"),
        ("2026-11-20T12:00:00", "2026-11-20"),
    ],
)
def test_a_date_is_the_pacific_day_of_the_moment_sent(account: Account, sent: str, kept: str) -> None:
    id_, _ = account.write("add", order(entity() + so("tranDate", sent) + lines(LINE)))
    assert account.order(id_)["tranDate"] == kept


def test_an_external_id_is_taken_whatever_its_case(account: Account, saved: str) -> None:
    assert account.write("add", order(entity() + lines(LINE), externalId="TIEOUT-SO-1")) == ("", "DUP_RCRD")
    assert len(account.store.all("salesOrder")) == 1


def test_customers_and_employees_share_one_name_space_of_external_ids(account: Account) -> None:
    fields = rel("companyName", "New") + rel("subsidiary", internalId="1")
    assert account.write("add", customer(fields, externalId="EMP-7")) == ("", "DUP_ENTITY")
    assert account.write("add", customer(fields, externalId="tieout-so-1"))[1] == ""


def test_a_customer_and_an_order_may_have_the_same_external_id(account: Account, saved: str) -> None:
    fields = rel("companyName", "New") + rel("subsidiary", internalId="1")
    assert account.write("add", customer(fields, externalId="tieout-so-1"))[1] == ""


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (lines(LINE), "USER_ERROR"),
        (entity(), "USER_ERROR"),
        (entity("999") + lines(LINE), "INVALID_KEY_OR_REF"),
        (entity() + lines({"item": "6", "quantity": "1", "rate": "1"}), "INVALID_KEY_OR_REF"),
        (entity() + lines({"item": "77", "quantity": "1", "rate": "1"}), "INVALID_KEY_OR_REF"),
        (entity() + so("subsidiary", internalId="2") + lines(LINE), "INVALID_KEY_OR_REF"),
        (entity() + so("currency", internalId="9") + lines(LINE), "INVALID_KEY_OR_REF"),
        (entity() + so("otherRefNum", "x" * 46) + lines(LINE), "EXCEEDED_MAX_FIELD_LENGTH"),
        (entity() + so("memo", "x" * 1000) + lines(LINE), "EXCEEDED_MAX_FIELD_LENGTH"),
        (entity() + so("orderStatus", "_closed") + lines(LINE), "INVALID_STATUS"),
        (entity() + lines({"item": "5", "rate": "1"}), "USER_ERROR"),
        (entity() + lines({"item": "5", "quantity": "1"}), "USER_ERROR"),
        (entity() + so("itemList", line(LINE, custom=False)), "USER_ERROR"),
        (entity() + lines({"item": "5", "quantity": "900000000000", "rate": "900000000000"}), "INVALID_NUMBER"),
        (entity() + lines({"item": "5", "quantity": "0.00001", "amount": "90000000000"}), "INVALID_NUMBER"),
        (entity() + so("total", "5") + lines(LINE), "INSUFFICIENT_PERMISSION"),
        (entity() + so("salesTeamList") + lines(LINE), "INSUFFICIENT_PERMISSION"),
    ],
)
def test_an_order_that_breaks_a_rule_is_refused_and_nothing_is_kept(account: Account, fields: str, code: str) -> None:
    assert account.write("add", order(fields)) == ("", code)
    assert account.store.all("salesOrder") == []


def test_a_price_level_other_than_custom_takes_the_items_own_price(account: Account) -> None:
    row = so("item", so("item", internalId="8") + so("quantity", "2") + so("price", internalId="1"))
    id_, _ = account.write("add", order(entity() + so("itemList", row)))
    assert account.lines(id_)[0]["amount"] == Decimal("25.00")


def test_references_may_be_external_ids(account: Account) -> None:
    row = so(
        "item", so("item", externalId="ERP-PLAT") + so("quantity", "1") + so("price", internalId="-1") + so("rate", "1")
    )
    id_, _ = account.write("add", order(so("entity", externalId="TIEOUT-CUST-4") + so("itemList", row)))
    assert (account.order(id_)["entity"], account.lines(id_)[0]["item"]) == ("504", "5")


def test_read_only_fields_are_skipped_when_the_preference_says_so(account: Account) -> None:
    preference = (
        "<platformMsgs:preferences><platformMsgs:ignoreReadOnlyFields>true</platformMsgs:ignoreReadOnlyFields>"
        "</platformMsgs:preferences>"
    )
    record = order(entity() + so("total", "5") + lines(LINE))
    response = account.post(f"<platformMsgs:add>{record}</platformMsgs:add>", headers=preference)
    assert b'isSuccess="true"' in response.body


def test_replace_all_removes_lines_that_are_not_named_and_never_renumbers(account: Account, saved: str) -> None:
    fields = lines({"line": "2", "quantity": "5"}, {"item": "5", "quantity": "1", "rate": "7"})
    assert account.write("update", order(fields, internalId=saved))[1] == ""
    kept = [(row["line"], row["quantity"], row["amount"]) for row in account.lines(saved)]
    assert kept == [(2, Decimal(5), Decimal("500.00")), (3, Decimal(1), Decimal("7.00"))]


def test_without_replace_all_lines_are_merged(account: Account, saved: str) -> None:
    fields = lines({"line": "1", "rate": "20"}, {"item": "5", "quantity": "1", "rate": "7"}, replace="false")
    account.write("update", order(fields, externalId="tieout-so-1"))
    kept = [(row["line"], row["amount"]) for row in account.lines(saved)]
    assert kept == [(1, Decimal("40.00")), (2, Decimal("100.00")), (3, Decimal("7.00"))]


def test_an_update_without_lines_leaves_them_alone_and_moves_the_stamp(account: Account, saved: str) -> None:
    before = account.lines(saved)
    account.clock.step(60)
    account.write("update", order(so("memo", "later"), internalId=saved))
    assert account.lines(saved) == before
    assert account.order(saved)["lastModifiedDate"] == "2026-11-21T03:31:00Z"
    assert account.order(saved)["createdDate"] == "2026-11-21T03:30:00Z"


def test_an_update_naming_an_unknown_line_is_refused(account: Account, saved: str) -> None:
    assert (
        account.write("update", order(lines({"line": "9", "quantity": "1"}), internalId=saved))[1]
        == "INVALID_KEY_OR_REF"
    )


def test_the_null_field_list_clears_and_absent_elements_do_not(account: Account, saved: str) -> None:
    account.write("update", order(so("memo", "x") + so("otherRefNum", "PO-1"), internalId=saved))
    null = "<platformCore:nullFieldList><platformCore:name>memo</platformCore:name></platformCore:nullFieldList>"
    account.write("update", order(null, internalId=saved))
    assert ("memo" in account.order(saved), account.order(saved)["otherRefNum"]) == (False, "PO-1")


def test_upsert_adds_then_updates_and_forbids_internal_ids(account: Account) -> None:
    fields = rel("companyName", "New") + rel("subsidiary", internalId="1")
    first = account.write("upsert", customer(fields, externalId="x-1"))
    assert account.write("upsert", customer(rel("phone", "5550100"), externalId="X-1")) == first
    assert account.write("upsert", customer(fields, externalId="x-1", internalId=first[0])) == ("", "USER_ERROR")
    assert account.store.get("customer", first[0])["phone"] == "5550100"


def test_a_customer_is_numbered_and_takes_its_subsidiarys_currency(account: Account) -> None:
    id_, _ = account.write("add", customer(rel("companyName", "New") + rel("subsidiary", internalId="2")))
    found = account.store.get("customer", id_)
    assert (found["entityId"], found["currency"], found["isPerson"]) == ("C-2005", "2", False)
    assert int(id_) > 504


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        (rel("companyName", "globex"), "UNIQUE_CUST_ID_REQD"),
        (rel("companyName", "New") + rel("entityId", "c-2001"), "UNIQUE_CUST_ID_REQD"),
        (rel("companyName", "x" * 84), "EXCEEDED_MAX_FIELD_LENGTH"),
        (rel("email", "a@b.example"), "USER_ERROR"),
        (rel("companyName", "New") + rel("email", "no mail"), "INVALID_EMAIL"),
        (rel("companyName", "New") + rel("parent", internalId="99"), "INVALID_KEY_OR_REF"),
        (rel("companyName", "New") + rel("category", internalId="1"), "INVALID_KEY_OR_REF"),
    ],
)
def test_a_customer_that_breaks_a_rule_is_refused(account: Account, fields: str, code: str) -> None:
    assert account.write("add", customer(fields + rel("subsidiary", internalId="1"))) == ("", code)
    assert len(account.store.all("customer")) == 4
