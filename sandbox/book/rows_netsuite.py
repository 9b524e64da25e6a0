"""How nouns become rows of NetSuite, in its own field names."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.book.nouns import Customer, Item, ListEntry, Order, Rep
from sandbox.book.row import Row, netsuite_row, number


def employee(rep: Rep) -> Iterator[Row]:
    """Yield the rep as an employee, if NetSuite knows this person."""
    if rep.employee_id is not None:
        yield netsuite_row(
            "employee",
            id=rep.employee_id,
            entityid=rep.name,
            firstname=rep.first,
            lastname=rep.last,
            email=rep.email,
            isinactive="F",
        )


def item(item: Item) -> Iterator[Row]:
    """Yield the item."""
    yield netsuite_row(
        "item",
        id=item.id,
        itemid=item.code,
        displayname=item.name,
        externalid=item.external_id,
        isinactive="T" if item.inactive else "F",
        itemtype="InvtPart" if item.goods else "Service",
    )


def customer(customer: Customer) -> Iterator[Row]:
    """Yield the customer."""
    yield netsuite_row(
        "customer",
        id=customer.id,
        entityid=customer.entity_id,
        companyname=customer.name,
        externalid=customer.external_id,
        email=customer.email,
        phone=customer.phone,
        parent=customer.parent_id or "",
        subsidiary=customer.subsidiary,
        isinactive="F",
        currency=customer.currency,
        addr1=customer.address.street.replace("\n", ", "),
        city=customer.address.city,
        state=customer.address.state,
        zip=customer.address.postal_code,
        country=customer.address.country_code,
        dateCreated=customer.created.isoformat(),
        lastModifiedDate=customer.created.isoformat(),
    )


def order(order: Order) -> Iterator[Row]:
    """Yield the order and its lines."""
    entered = order.entered.isoformat()
    yield netsuite_row("salesOrder", **order_columns(order), createdDate=entered, lastModifiedDate=entered)
    for place, line in enumerate(order.lines, 1):
        yield Row(
            system="netsuite",
            type="salesOrder.lines",
            key=f"{order.id}/{place}",
            columns={
                "salesOrder": order.number,
                "item": line.item,
                "quantity": number(line.quantity),
                "rate": number(line.rate),
                "amount": number(line.amount),
                "description": line.description,
            },
        )


def order_columns(order: Order) -> dict[str, str]:
    """Return the body of an order, under its CSV column names."""
    return {
        "id": order.id,
        "tranId": order.number,
        "entity": order.customer_id,
        "currency": order.currency,
        "subsidiary": order.subsidiary,
        "tranDate": order.date.isoformat(),
        "otherRefNum": order.po_number,
        "memo": order.memo,
        "orderStatus": order.status,
        "externalId": "",
    }


def entry(entry: ListEntry) -> Iterator[Row]:
    """Yield the list entry with its own columns."""
    yield netsuite_row(entry.type, **dict(entry.columns))
