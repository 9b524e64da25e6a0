"""The record types that the sandbox's account holds, and how SOAP names them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.netsuite import fields, fields_money, fields_sales, names
from sandbox.netsuite.custom_fields import TRANSACTIONS
from sandbox.netsuite.fields import Field

BUILT_IN: Mapping[str, Mapping[str, str]] = {
    "priceLevel": {"-1": "Custom", "1": "Base Price", "5": "Online Price"},
    "customForm": {"68": "Standard Sales Order", "-2": "Standard Customer Form"},
    "taxItem": {"-7": "-Taxable-", "-8": "-Not Taxable-"},
    "account": {"1": "Checking", "6": "Accounts Receivable", "58": "Bad Debt Expense", "122": "Undeposited Funds"},
    "approvalStatus": {"1": "Pending Approval", "2": "Approved", "3": "Rejected"},
    "paymentMethod": {"1": "Cash", "2": "Check", "7": "ACH"},
    "customerStatus": {"13": "CUSTOMER-Closed Won"},
    "customlist_tieout_channel": {"1": "Direct", "2": "Partner", "3": "Web"},
}
"""Lists that every account has (and one custom list), by internal id; they are no records of the store."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordType:
    """One kind of record.

    Args:
        name: its name as a reference's ``type`` and in the store.
        element: its XSD type.
        namespace: the name space of that type.
        fields: its fields in schema order.
    """

    name: str
    element: str
    namespace: str
    fields: Mapping[str, Field]


def _accounting(name: str, element: str, spec: Mapping[str, Field]) -> RecordType:
    return RecordType(name=name, element=element, namespace=names.ACCOUNTING, fields=spec)


CUSTOMER = RecordType(
    name="customer",
    element="Customer",
    namespace=names.RELATIONSHIPS,
    fields=fields.CUSTOMER,
)
SALES_ORDER = RecordType(
    name="salesOrder",
    element="SalesOrder",
    namespace=names.SALES,
    fields=fields.SALES_ORDER,
)
EMPLOYEE = RecordType(
    name="employee",
    element="Employee",
    namespace=names.EMPLOYEES,
    fields=fields.EMPLOYEE,
)


def _sales(name: str, element: str, spec: Mapping[str, Field]) -> RecordType:
    return RecordType(name=name, element=element, namespace=names.SALES, fields=spec)


def _money(name: str, element: str, spec: Mapping[str, Field]) -> RecordType:
    return RecordType(name=name, element=element, namespace=names.CUSTOMERS, fields=spec)


INVOICE = _sales("invoice", "Invoice", fields_sales.INVOICE)
ITEM_FULFILLMENT = _sales("itemFulfillment", "ItemFulfillment", fields_sales.ITEM_FULFILLMENT)
CUSTOMER_PAYMENT = _money("customerPayment", "CustomerPayment", fields_money.CUSTOMER_PAYMENT)
CREDIT_MEMO = _money("creditMemo", "CreditMemo", fields_money.CREDIT_MEMO)
CUSTOMER_DEPOSIT = _money("customerDeposit", "CustomerDeposit", fields_money.CUSTOMER_DEPOSIT)
DEPOSIT_APPLICATION = _money("depositApplication", "DepositApplication", fields_money.DEPOSIT_APPLICATION)
CUSTOMER_REFUND = _money("customerRefund", "CustomerRefund", fields_money.CUSTOMER_REFUND)
JOURNAL_ENTRY = RecordType(
    name="journalEntry", element="JournalEntry", namespace=names.GENERAL, fields=fields_sales.JOURNAL_ENTRY
)
ACCOUNTING_PERIOD = _accounting("accountingPeriod", "AccountingPeriod", fields_sales.ACCOUNTING_PERIOD)
WRITTEN = (
    CUSTOMER,
    SALES_ORDER,
    INVOICE,
    ITEM_FULFILLMENT,
    CUSTOMER_PAYMENT,
    CREDIT_MEMO,
    CUSTOMER_DEPOSIT,
    DEPOSIT_APPLICATION,
    CUSTOMER_REFUND,
    JOURNAL_ENTRY,
    ACCOUNTING_PERIOD,
)
"""The types that add, update and upsert accept."""

RECORD_TYPES: Mapping[str, RecordType] = {
    kind.name: kind
    for kind in (
        *WRITTEN,
        EMPLOYEE,
        _accounting("billingSchedule", "BillingSchedule", fields_sales.BILLING_SCHEDULE),
        _accounting("currency", "Currency", fields.CURRENCY),
        _accounting("subsidiary", "Subsidiary", fields.SUBSIDIARY),
        _accounting("term", "Term", fields.TERM),
        _accounting("department", "Department", fields.SEGMENT),
        _accounting("classification", "Classification", fields.SEGMENT),
        _accounting("location", "Location", fields.SEGMENT),
        _accounting("serviceSaleItem", "ServiceSaleItem", fields.ITEM),
        _accounting("nonInventorySaleItem", "NonInventorySaleItem", fields.ITEM),
        _accounting("inventoryItem", "InventoryItem", fields.ITEM),
    )
}
"""Record types by the name that references use; the three kinds of items are kept as ``item``."""

ITEM_KINDS: Mapping[str, str] = {
    "serviceSaleItem": "Service",
    "nonInventorySaleItem": "NonInvtPart",
    "inventoryItem": "InvtPart",
}
"""SuiteQL's ``itemtype`` by SOAP's record type."""

ITEM_TYPES = tuple(ITEM_KINDS.values())
"""The values of ``itemtype``."""

WRITABLE: Mapping[tuple[str, str], RecordType] = {(kind.namespace, kind.element): kind for kind in WRITTEN}
"""The types that add, update and upsert accept, by qualified XSD name."""

GROUPS: Mapping[str, tuple[str, ...]] = {"transaction": TRANSACTIONS, "entity": ("customer", "employee")}
"""Stored types that share one name space of external ids and one sequence of internal ids."""


def stored_type(name: str) -> str:
    """Return the store's type for a reference's type: all kinds of items are kept as ``item``."""
    return "item" if name in ITEM_KINDS else name


def group_of(stored: str) -> tuple[str, ...]:
    """Return the stored types among which this one's external ids and internal ids are unique."""
    for members in GROUPS.values():
        if stored in members:
            return members
    return (stored,)
