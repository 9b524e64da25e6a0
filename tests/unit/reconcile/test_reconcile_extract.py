from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from connectors.errors import ProtocolError
from connectors.ports import Condition, InvoiceQuery, OrderQuery, ReceiptQuery
from connectors.receivables import CreditTerms, Invoice, Period, Receipt
from connectors.records import (
    ControlTotal,
    ErpCustomer,
    ErpOrder,
    ErpReference,
    ObjectSchema,
    Page,
    Position,
    Record,
    RecordRef,
    Value,
    Window,
)
from journal.nouns import Binding, Finding, Hold, OpenIntent, SubjectState
from reconcile.extract import extract, sum_by_currency
from reconcile.run import reconcile
from tests.unit.reconcile.planted import NOW, OPTIONS, account_id, binding, deal_id, hold
from tests.unit.reconcile.planted_money import PERIODS

WON_AT = datetime(2026, 11, 5, 9, tzinfo=UTC)


def opportunity(number: int, **fields: Value) -> Record:
    values: dict[str, Value] = {
        "Name": f"Deal {number}", "AccountId": account_id(number), "Account.Name": f"Customer {number}",
        "Owner.Name": "Sam", "CurrencyIsoCode": "USD", "Amount": Decimal(100), "StageName": "Closed Won",
        "IsWon": True, "IsClosed": True, "CloseDate": date(2026, 11, 5), "LastStageChangeDate": WON_AT,
        "Tieout_Sales_Order__c": None, "Tieout_Sales_Order_Id__c": None,
    }  # fmt: skip
    ref = RecordRef(connection="salesforce", type="Opportunity", id=deal_id(number))
    return Record(ref=ref, fields=values | fields, modified=WON_AT)


def line(number: int, deal: int, price: str) -> Record:
    ref = RecordRef(connection="salesforce", type="OpportunityLineItem", id=f"00k{number:012d}AAA")
    fields: dict[str, Value] = {
        "OpportunityId": deal_id(deal), "TotalPrice": Decimal(price), "CurrencyIsoCode": "USD"
    }  # fmt: skip
    return Record(ref=ref, fields=fields, modified=WON_AT)


@dataclass
class Crm:
    """A CRM held in memory. ``short`` leaves that many deals out of the next scan, as a broken page would."""

    deals: list[Record]
    lines: list[Record] = field(default_factory=list)
    short: int = 0
    asked: list[str] = field(default_factory=list)
    connection: str = "salesforce"

    def server_time(self) -> datetime:
        return NOW

    def organization(self) -> str:
        return "00D000000000001AAA"

    def describe(self, type_: str) -> ObjectSchema:
        return ObjectSchema(name=type_)

    def changed(
        self, type_: str, fields: Sequence[str], window: Window, after: Position | None = None
    ) -> Iterator[Page]:
        raise AssertionError("populations are scanned, never taken from changes")

    def by_ids(self, type_: str, fields: Sequence[str], ids: Sequence[str]) -> list[Record]:
        self.asked.append("by_ids")
        return [one for one in self.deals if one.ref.id in ids]

    def children(self, type_: str, fields: Sequence[str], parent_field: str, parent_ids: Sequence[str]) -> list[Record]:
        return [one for one in self.lines if one.fields[parent_field] in parent_ids]

    def scan(
        self, type_: str, fields: Sequence[str], where: Sequence[Condition] = (), *, include_deleted: bool = False
    ) -> Iterator[Record]:
        if type_ == "OpportunityLineItem":
            won = {one.ref.id for one in self.deals if one.fields["IsWon"] and not one.deleted}
            yield from (one for one in self.lines if one.fields["OpportunityId"] in won)
            return
        rows = [one for one in self.deals if include_deleted or not one.deleted]
        rows = [one for one in rows if all(self._holds(one, condition) for condition in where)]
        short, self.short = (self.short, 0) if where[0].field == "IsWon" else (0, self.short)
        yield from rows[short:]

    @staticmethod
    def _holds(one: Record, condition: Condition) -> bool:
        assert condition.op in ("=", "!=")
        return (one.fields[condition.field] == condition.value) == (condition.op == "=")

    def totals(self, type_: str, amount: str, where: Sequence[Condition] = ()) -> list[ControlTotal]:
        if type_ == "OpportunityLineItem":
            return sum_by_currency(("USD", _number(one.fields[amount])) for one in self.scan(type_, ()))
        live = [one for one in self.deals if not one.deleted and one.fields["IsWon"]]
        return sum_by_currency((str(one.fields["CurrencyIsoCode"]), _number(one.fields[amount])) for one in live)

    def record_url(self, ref: RecordRef) -> str:
        return f"https://crm.example/{ref.type}/{ref.id}"


def _number(value: Value) -> Decimal | None:
    return value if isinstance(value, Decimal) else None


def erp_order(number: int, **changes: object) -> ErpOrder:
    base = ErpOrder(
        id=str(9000 + number), number=f"SO{number}", external_id=f"tieout-so-{deal_id(number)}", customer_id="7",
        currency="USD", date=date(2026, 11, 5), status="B", net=Decimal(100), tax=Decimal(8), total=Decimal(108),
        po_number=None, memo=None, subsidiary="1", modified=WON_AT, created=WON_AT,
    )  # fmt: skip
    return replace(base, **changes)  # type: ignore[arg-type]


@dataclass
class Erp:
    """An ERP held in memory."""

    held: list[ErpOrder]
    connection: str = "netsuite"

    def server_time(self) -> datetime:
        return NOW

    def account(self) -> str:
        return "7654321_SB1"

    def references(self, kind: str, by: str) -> list[ErpReference]:
        raise AssertionError("not needed")

    def customers(self) -> Iterator[ErpCustomer]:
        yield ErpCustomer(
            id="7", entity_id="C-7", name="Customer 1", external_id=None, subsidiary="1", parent_id=None,
            inactive=False, modified=WON_AT,
        )  # fmt: skip

    def orders(self, query: OrderQuery) -> Iterator[ErpOrder]:
        assert query == OrderQuery(with_lines=True)
        yield from self.held

    invoices_: list[Invoice] = field(default_factory=list)
    receipts_: list[Receipt] = field(default_factory=list)

    def invoices(self, query: InvoiceQuery) -> Iterator[Invoice]:
        yield from self.invoices_

    def receipts(self, query: ReceiptQuery) -> Iterator[Receipt]:
        yield from self.receipts_

    def deleted(self, since: datetime) -> list[tuple[str, str]]:
        return []

    def periods(self) -> list[Period]:
        return list(PERIODS)

    def credit_terms(self, customer_ids: Sequence[str]) -> list[CreditTerms]:
        raise AssertionError("not needed")

    def invoice_totals(self) -> list[ControlTotal]:
        return sum_by_currency((one.currency, one.total) for one in self.invoices_ if one.posted)

    def order_totals(self) -> list[ControlTotal]:
        return sum_by_currency((one.currency, one.net) for one in self.held)

    def record_url(self, type_: str, id_: str) -> str:
        return f"https://erp.example/{type_}/{id_}"


@dataclass
class Journal:
    """A journal held in memory."""

    bound: Mapping[str, Sequence[Binding]] = field(default_factory=dict)
    held: Sequence[Hold] = ()

    def bindings(self, kind: str) -> Sequence[Binding]:
        return self.bound.get(kind, ())

    def holds(self) -> Sequence[Hold]:
        return self.held

    def open_intents(self) -> Sequence[OpenIntent]:
        return ()

    def subjects(self, kind: str) -> Sequence[SubjectState]:
        return ()

    found: Sequence[Finding] = ()
    wrote: Mapping[str, Mapping[str, Value]] = field(default_factory=dict)

    def findings(self) -> Sequence[Finding]:
        return self.found

    def written(self, type_: str) -> Mapping[str, Mapping[str, Value]]:
        return self.wrote

    def deal_amounts(self, deal_ids: Sequence[str], at: datetime) -> Mapping[str, tuple[str, Decimal | None]]:
        return {}


CUSTOMER = replace(binding(1), kind="cust", source_id=account_id(1), target_id="7")


def test_a_deals_amount_is_the_sum_of_its_lines_and_the_header_only_without_lines() -> None:
    crm = Crm([opportunity(1, Amount=Decimal(999)), opportunity(2)], [line(1, 1, "60.10"), line(2, 1, "39.90")])
    deals = extract(crm, Erp([]), Journal(), OPTIONS).deals
    assert [(one.amount, one.header_amount, one.n_lines) for one in deals] == [
        (Decimal("100.00"), Decimal(999), 2),
        (Decimal(100), Decimal(100), 0),
    ]


def test_deleted_deals_are_read_and_not_counted_as_rows() -> None:
    crm = Crm([opportunity(1), replace(opportunity(2), deleted=True)])
    snapshot = extract(crm, Erp([]), Journal(), OPTIONS)
    assert ([one.deleted for one in snapshot.deals], snapshot.crm_rows_read) == ([False, True], 1)


def test_a_lost_deal_is_found_by_its_binding_by_an_external_id_and_by_its_order_id() -> None:
    lost = [opportunity(number, IsWon=False, StageName="Closed Lost") for number in (1, 2)]
    copied = opportunity(3, IsWon=False, Tieout_Sales_Order_Id__c="9001")
    crm = Crm([*lost, copied, opportunity(4, IsWon=False)], [line(1, 1, "12.00")])
    snapshot = extract(crm, Erp([erp_order(2)]), Journal({"so": [binding(1)]}), OPTIONS)
    assert [one.id for one in snapshot.deals] == [deal_id(1), deal_id(2), deal_id(3)]
    assert (snapshot.deals[0].amount, snapshot.deals[0].won_on) == (Decimal("12.00"), None)


def test_free_text_in_a_stamp_is_not_asked_for() -> None:
    crm = Crm([opportunity(1)])
    extract(crm, Erp([erp_order(1, external_id=None, deal_id="see e-mail")]), Journal(), OPTIONS)
    assert crm.asked == []


def test_the_scope_condition_sees_the_fields_it_asks_for() -> None:
    options = replace(
        OPTIONS, in_scope=lambda fields: fields["Type"] == "New", scope_fields=("Type",), scope_text="Type == 'New'"
    )
    crm = Crm([opportunity(1, Type="New"), opportunity(2, Type="Partner")])
    deals = extract(crm, Erp([]), Journal(), options).deals
    assert [(one.in_scope, one.scope_reason) for one in deals] == [(True, ""), (False, "not in scope: Type == 'New'")]


def test_a_scan_that_lost_a_row_is_read_again() -> None:
    crm = Crm([opportunity(1), opportunity(2)], short=1)
    snapshot = extract(crm, Erp([]), Journal(), OPTIONS)
    assert (len(snapshot.deals), snapshot.crm_rows_read) == (2, 2)


def test_a_value_of_the_wrong_type_is_refused() -> None:
    crm = Crm([opportunity(1, LastStageChangeDate="yesterday")])
    with pytest.raises(ProtocolError, match="LastStageChangeDate"):
        extract(crm, Erp([]), Journal(), OPTIONS)


def test_two_systems_that_agree_give_a_signable_report_with_links() -> None:
    crm, erp = Crm([opportunity(1)], [line(1, 1, "100.00")]), Erp([erp_order(1)])
    report = reconcile(crm, erp, Journal({"so": [binding(1)], "cust": [CUSTOMER]}), OPTIONS)
    assert (report.exceptions, report.verdict) == ([], "SIGNABLE")
    match = report.sample[0]
    assert match.crm_url == f"https://crm.example/Opportunity/{deal_id(1)}"
    assert match.erp_url == "https://erp.example/salesOrder/9001"


def test_an_order_of_another_customer_is_shown_by_name() -> None:
    other = replace(CUSTOMER, target_id="8")
    crm, erp = Crm([opportunity(1)], [line(1, 1, "100.00")]), Erp([erp_order(1)])
    report = reconcile(crm, erp, Journal({"so": [binding(1)], "cust": [other]}), OPTIONS)
    assert [(one.code, one.erp_value, one.crm_value) for one in report.exceptions] == [
        ("CUSTOMER", "C-7 Customer 1 (id 7)", "(id 8)")
    ]


def test_a_hold_on_a_customer_links_to_the_account() -> None:
    report = reconcile(Crm([]), Erp([]), Journal(held=[hold(1, "TOO_LONG", "cust"), hold(2)]), OPTIONS)
    assert {held.url for held in report.holds} == {
        f"https://crm.example/Account/{account_id(1)}",
        f"https://crm.example/Opportunity/{deal_id(2)}",
    }
