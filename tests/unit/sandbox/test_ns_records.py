"""What the local NetSuite does with records: rules, totals, lines, unique ids, faults (without HTTP)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from itertools import count

import pytest
from lxml import etree

from sandbox.clock import SandboxClock
from sandbox.credentials import NetSuiteCredentials
from sandbox.http import Request, Response
from sandbox.netsuite import edits, names
from sandbox.netsuite.load import load_rows
from sandbox.netsuite.server import make_app
from sandbox.netsuite.signing import passport_signature
from sandbox.store import Store

NOW = datetime(2026, 11, 21, 3, 30, tzinfo=UTC)
KEYS = NetSuiteCredentials(consumer_key="ck", consumer_secret="cs", token_id="tk", token_secret="ts")
BOOK: dict[str, list[dict[str, str]]] = {
    "currency": [
        {"id": "1", "symbol": "USD", "name": "US Dollar", "exchangeRate": "1"},
        {"id": "2", "symbol": "EUR", "name": "Euro", "exchangeRate": "1.1"},
        {"id": "3", "symbol": "JPY", "name": "Yen"},
    ],
    "subsidiary": [
        {"id": "1", "name": "Acme Inc", "currency": "USD", "country": "US", "taxRegime": "us_sales_tax"}
        | {"taxRate": "CA=7.25;*=4"},
        {"id": "2", "name": "Acme GmbH", "currency": "EUR", "country": "DE", "taxRegime": "vat", "taxRate": "19"},
        {"id": "3", "name": "Acme KK", "currency": "JPY", "country": "JP", "taxRegime": "vat", "taxRate": "10"},
    ],
    "term": [{"id": "1", "name": "Net 30"}],
    "employee": [{"id": "7", "entityid": "Ann Lee", "email": "ann@acme.example", "externalid": "emp-7"}],
    "item": [
        {"id": "5", "itemid": "PLAT-100", "externalid": "erp-plat"},
        {"id": "6", "itemid": "OLD", "isinactive": "T"},
        {"id": "8", "itemid": "LIST", "baseprice": "12.50"},
    ],
    "customer": [
        {"id": "501", "entityid": "C-2001", "companyname": "Globex", "subsidiary": "Acme Inc"}
        | {"state": "CA", "country": "US"},
        {"id": "502", "companyname": "Initech", "subsidiary": "Acme GmbH", "country": "DE"},
        {"id": "503", "companyname": "Vandelay", "subsidiary": "Acme GmbH", "country": "FR"},
        {"id": "504", "companyname": "Kaiju", "subsidiary": "Acme KK", "country": "JP", "externalid": "tieout-cust-4"},
    ],
}  # fmt: skip
LINE = {"item": "5", "quantity": "2", "rate": "19.995"}


class Account:
    """One account's application, spoken to in SOAP."""

    def __init__(self) -> None:
        self.store, self.clock = Store(), SandboxClock(NOW)
        for type_, rows in BOOK.items():
            load_rows(self.store, self.clock, type_, [(f"{type_}.csv:{n}", row) for n, row in enumerate(rows, 2)])
        self.app = make_app(self.store, self.clock, KEYS)
        self.nonces = count(1)

    def post(self, body: str, *, headers: str = "", version: str = names.VERSION, passport: bool = True) -> Response:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.PREFIXES.items())
        login = self.passport() if passport else ""
        text = (
            f"<soapenv:Envelope {prefixes}><soapenv:Header>{login}{headers}</soapenv:Header>"
            f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        )
        path = f"/services/NetSuitePort_{version}"
        return self.app(Request(method="POST", path=path, body=text.encode()))

    def passport(self) -> str:
        nonce, stamp = f"nonce{next(self.nonces):010d}", str(int(self.clock.now().timestamp()))
        signature = passport_signature(
            account=KEYS.account, consumer_key="ck", consumer_secret="cs", token="tk", token_secret="ts", nonce=nonce,
            timestamp=stamp,
        )  # fmt: skip
        parts = {"account": KEYS.account, "consumerKey": "ck", "token": "tk", "nonce": nonce, "timestamp": stamp}
        inner = "".join(f"<platformCore:{name}>{value}</platformCore:{name}>" for name, value in parts.items())
        return (
            f"<platformMsgs:tokenPassport>{inner}<platformCore:signature algorithm='HMAC-SHA256'>{signature}"
            "</platformCore:signature></platformMsgs:tokenPassport>"
        )

    def write(self, operation: str, record: str) -> tuple[str, str]:
        """Return the internal id of the saved record and no code, or nothing and the failure's code."""
        response = self.post(f"<platformMsgs:{operation}>{record}</platformMsgs:{operation}>")
        assert response.status == 200, response.body
        root = etree.fromstring(response.body)
        code = root.findtext(f".//{{{names.CORE}}}code") or ""
        reference = root.find(f".//{{{names.MESSAGES}}}baseRef")
        return ("" if code or reference is None else reference.get("internalId", "")), code

    def order(self, id_: str) -> dict[str, object]:
        body = self.store.get("salesOrder", id_)
        assert body is not None
        return body

    def lines(self, id_: str) -> list[dict[str, object]]:
        return self.order(id_)["lines"]


def customer(fields: str = "", **ids: str) -> str:
    attributes = " ".join(f'{name}="{value}"' for name, value in ids.items())
    return f'<platformMsgs:record xsi:type="listRel:Customer" {attributes}>{fields}</platformMsgs:record>'


def rel(name: str, text: str = "", **ids: str) -> str:
    attributes = " ".join(f'{key}="{value}"' for key, value in ids.items())
    return f"<listRel:{name} {attributes}>{text}</listRel:{name}>"


def so(name: str, text: str = "", **ids: str) -> str:
    attributes = " ".join(f'{key}="{value}"' for key, value in ids.items())
    return f"<tranSales:{name} {attributes}>{text}</tranSales:{name}>"


def line(values: Mapping[str, str], *, custom: bool = True) -> str:
    parts = "".join(so(name, value) for name, value in values.items() if name != "item")
    price = so("price", internalId="-1") if custom and "rate" in values else ""
    item = so("item", internalId=values["item"]) if "item" in values else ""
    return so("item", item + price + parts)


def lines(*rows: Mapping[str, str], replace: str = "true") -> str:
    return so("itemList", "".join(line(row) for row in rows), replaceAll=replace)


def order(fields: str = "", **ids: str) -> str:
    attributes = " ".join(f'{name}="{value}"' for name, value in ids.items())
    return f'<platformMsgs:record xsi:type="tranSales:SalesOrder" {attributes}>{fields}</platformMsgs:record>'


def entity(id_: str = "501") -> str:
    return so("entity", internalId=id_)


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def saved(account: Account) -> str:
    """An order with two lines."""
    body = entity() + lines(LINE, {"item": "5", "quantity": "1", "rate": "100"})
    return account.write("add", order(body, externalId="tieout-so-1"))[0]


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


def test_an_unknown_element_is_a_fault(account: Account) -> None:
    response = account.post(f"<platformMsgs:add>{order(so('nonsense', 'x'))}</platformMsgs:add>")
    assert (response.status, b"Invalid element in" in response.body) == (500, True)


def test_a_known_element_in_a_wrong_name_space_is_a_fault(account: Account) -> None:
    response = account.post(f"<platformMsgs:add>{order(rel('memo', 'x'))}</platformMsgs:add>")
    assert response.status == 500


@pytest.mark.parametrize(
    "field",
    [
        so("tranDate", "2026-11-20"),
        so("tranDate", "0001-01-01T00:00:00+14:00"),
        so("tranDate", "2026-02-30T00:00:00Z"),
        so("exchangeRate", "much"),
        so("exchangeRate", "1e300"),
        so("exchangeRate", "NaN"),
        so("toBePrinted", "T"),
        so("orderStatus", "B"),
        so("itemList", so("item", so("line", "1.5"))),
    ],
)
def test_a_value_that_is_not_of_its_type_is_a_fault(account: Account, field: str) -> None:
    assert account.post(f"<platformMsgs:add>{order(field)}</platformMsgs:add>").status == 500


@pytest.mark.parametrize("prefix", ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "<!DOCTYPE x SYSTEM 'file:///etc/passwd'>"])
def test_a_document_type_is_refused(account: Account, prefix: str) -> None:
    body = f"{prefix}<x/>".encode()
    response = account.app(Request(method="POST", path=names.SOAP_PATH, body=body))
    assert (response.status, b"DOCTYPE" in response.body) == (500, True)


@pytest.mark.parametrize("body", [b"", b"<a>", b"{}", b"<x/>"])
def test_what_is_no_envelope_is_a_fault(account: Account, body: bytes) -> None:
    assert account.app(Request(method="POST", path=names.SOAP_PATH, body=body)).status == 500


def test_another_endpoint_version_is_refused_in_its_own_name_space(account: Account) -> None:
    response = account.post("<platformMsgs:getServerTime/>", version="2023_2")
    assert (response.status, b"invalidVersionFault" in response.body) == (500, True)
    assert b"urn:faults_2023_2.platform" in response.body


def test_a_request_without_passport_is_refused_and_stands_in_the_audit_trail(account: Account) -> None:
    response = account.post("<platformMsgs:getServerTime/>", passport=False)
    assert b"INVALID_LOGIN_CREDENTIALS" in response.body
    (entry,) = account.store.all("_loginAudit")
    assert entry["detail"] == "no tokenPassport in the header"


def test_application_info_beside_a_passport_is_refused(account: Account) -> None:
    name = "<platformMsgs:applicationId>1</platformMsgs:applicationId>"
    info = f"<platformMsgs:applicationInfo>{name}</platformMsgs:applicationInfo>"
    assert account.post("<platformMsgs:getServerTime/>", headers=info).status == 500


def test_the_operation_is_named_from_the_request_alone(account: Account) -> None:
    def named(body: str) -> str:
        prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.PREFIXES.items())
        text = f"<soapenv:Envelope {prefixes}><soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
        return account.app.operation(Request(method="POST", path=names.SOAP_PATH, body=text.encode()))

    assert named(f"<platformMsgs:add>{order()}</platformMsgs:add>") == "add salesOrder"
    assert named('<platformMsgs:get><platformMsgs:baseRef type="customer"/></platformMsgs:get>') == "get customer"
    assert named("<platformMsgs:getServerTime/>") == "getServerTime"
    assert account.app.operation(Request(method="POST", path=names.SUITEQL_PATH)) == "suiteql"


def test_deleting_an_order_frees_its_external_id_but_never_its_internal_id(account: Account, saved: str) -> None:
    edits.apply(
        account.store, account.clock, {"op": "delete", "type": "salesOrder", "match": {"externalId": "tieout-so-1"}}
    )
    again, code = account.write("add", order(entity() + lines(LINE), externalId="tieout-so-1"))
    assert (code, int(again) > int(saved), account.order(again)["tranId"]) == ("", True, "SO1002")
