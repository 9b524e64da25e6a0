"""What ``initialize`` offers to bill: the unsaved invoice that NetSuite would make of a sales order now."""

from __future__ import annotations

from datetime import tzinfo
from decimal import Decimal

from lxml import etree

from connectors.netsuite import codes
from connectors.netsuite.answers import XSI_TYPE, Detail
from connectors.netsuite.readback import LINE_KEY, custom_values, number, rate
from connectors.netsuite.safe_xml import XmlError, child, children, text_of
from connectors.receivables import Billable, BillableLine

NOTHING_TO_BILL = "NOTHING_TO_BILL"
UNKNOWN_LINE = "LINE_WITHOUT_ORDER_LINE"


def billable(order_id: str, record: etree._Element, zone: tzinfo) -> Billable:
    """Return the lines of a prefilled invoice.

    Lines of quantity and amount zero are left out: NetSuite prefills them for goods that are not shipped. An
    invoice with a line that comes from no line of the order is not offered at all: it could not be checked.

    Raises:
        XmlError: it is no invoice, or carries values that cannot be read.
    """
    if (record.get(XSI_TYPE) or "").rpartition(":")[2] != "Invoice":
        raise XmlError("the answer is not an invoice")
    items = [item for item in children(child(record, "itemList"), "item") if not _is_empty(item)]
    if not items:
        return Billable(order_id=order_id, code=NOTHING_TO_BILL, reason="NetSuite offers no line to bill.")
    if not all(_comes_from_order(item) for item in items):
        reason = "NetSuite offers an invoice line that belongs to no line of the order: bill it in NetSuite."
        return Billable(order_id=order_id, code=UNKNOWN_LINE, reason=reason)
    return Billable(
        order_id=order_id,
        lines=tuple(_line(item, zone) for item in items),
        discount=number(text_of(record, "discountTotal")) or Decimal(0),
    )


def refused(order_id: str, detail: Detail) -> Billable | None:
    """Return NetSuite's refusal to bill an order, or None where the answer says nothing about the order.

    Codes are free text (scripts throw their own), so all count as a refusal but those that are known to speak of
    the request: too many of them, a refused login, a missing permission, a failure of the server.
    """
    about_request = codes.THROTTLED_REST | codes.LOGIN_REFUSED | codes.PERMISSION | codes.PASSING
    if detail.code in about_request:
        return None
    code = detail.code or "NO_CODE"
    return Billable(order_id=order_id, code=code, reason=detail.message or f"NetSuite answered {code}.")


def _line(item: etree._Element, zone: tzinfo) -> BillableLine:
    key = custom_values(item, zone).get(LINE_KEY)
    return BillableLine(
        order_line=int(text_of(item, "orderLine") or ""),
        item_id=_item_id(item) or "",
        quantity=number(text_of(item, "quantity")),
        rate=rate(text_of(item, "rate")),
        amount=_amount(item),
        key=key if isinstance(key, str) else None,
        description=text_of(item, "description"),
    )


def _comes_from_order(item: etree._Element) -> bool:
    order_line = text_of(item, "orderLine") or ""
    return order_line.isdecimal() and order_line.isascii() and int(order_line) > 0 and bool(_item_id(item))


def _item_id(item: etree._Element) -> str | None:
    reference = child(item, "item")
    return reference.get("internalId") if reference is not None else None


def _amount(item: etree._Element) -> Decimal:
    return number(text_of(item, "amount")) or Decimal(0)


def _is_empty(item: etree._Element) -> bool:
    return _amount(item) == 0 and number(text_of(item, "quantity")) in (None, 0)
