"""The lists inside records: how their members are named on the wire, and what fields these have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sandbox.netsuite import fields, fields_money, fields_sales, names
from sandbox.netsuite.fields import Field


@dataclass(frozen=True, slots=True, kw_only=True)
class Sublist:
    """One list of a record.

    Args:
        type: the XSD type of its members; that of the list itself has ``List`` appended.
        member: the element name of a member.
        namespace: the name space of both types.
        fields: a member's fields in schema order.
    """

    type: str
    member: str
    namespace: str
    fields: Mapping[str, Field]


def _sublist(type_: str, member: str, namespace: str, spec: Mapping[str, Field]) -> Sublist:
    return Sublist(type=type_, member=member, namespace=namespace, fields=spec)


SUBLISTS: Mapping[str, Sublist] = {
    sublist.type: sublist
    for sublist in (
        _sublist("CustomerAddressbook", "addressbook", names.RELATIONSHIPS, fields.ADDRESSBOOK),
        _sublist("SalesOrderItem", "item", names.SALES, fields.SALES_ORDER_ITEM),
        _sublist("InvoiceItem", "item", names.SALES, fields_sales.INVOICE_ITEM),
        _sublist("ItemFulfillmentItem", "item", names.SALES, fields_sales.ITEM_FULFILLMENT_ITEM),
        _sublist("CreditMemoItem", "item", names.CUSTOMERS, fields_money.CREDIT_MEMO_ITEM),
        _sublist("CustomerPaymentApply", "apply", names.CUSTOMERS, fields_money.CUSTOMER_PAYMENT_APPLY),
        _sublist("CustomerPaymentCredit", "credit", names.CUSTOMERS, fields_money.CUSTOMER_PAYMENT_CREDIT),
        _sublist("CreditMemoApply", "apply", names.CUSTOMERS, fields_money.CREDIT_MEMO_APPLY),
        _sublist("DepositApplicationApply", "apply", names.CUSTOMERS, fields_money.DEPOSIT_APPLICATION_APPLY),
        _sublist("CustomerRefundApply", "apply", names.CUSTOMERS, fields_money.CUSTOMER_REFUND_APPLY),
        _sublist(
            "CustomerRefundDeposit", "customerRefundDeposit", names.CUSTOMERS, fields_money.CUSTOMER_REFUND_DEPOSIT
        ),
        _sublist("JournalEntryLine", "line", names.GENERAL, fields_sales.JOURNAL_ENTRY_LINE),
    )
}
"""The lists by their members' XSD type, which is a field's target."""


def item_list(spec: Mapping[str, Field]) -> Sublist:
    """Return the list of item lines among a record type's fields.

    Raises:
        LookupError: the type has no item lines.
    """
    for field in spec.values():
        if field.kind == "items":
            return SUBLISTS[field.target]
    raise LookupError("the record type has no item lines")
