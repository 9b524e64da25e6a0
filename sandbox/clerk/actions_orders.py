"""What the clerk does with orders, fulfilments and periods."""

from __future__ import annotations

from sandbox.clerk.desk import Desk, nothing
from sandbox.clerk.plan import Action
from sandbox.clerk.records import SALES, Ref, drop_fields, number_of, record, set_field
from sandbox.clerk.shares import units_of


def approve(desk: Desk, action: Action) -> None:
    """Set the order to Pending Fulfillment."""
    order = desk.order(action)
    values = {"orderStatus": "_pendingFulfillment"}
    desk.update("salesOrder", record("SalesOrder", values, internal_id=order.id))


def schedule(desk: Desk, action: Action) -> None:
    """Give the order a billing schedule and the day of its next bill."""
    order = desk.order(action)
    schedule_id = desk.documents.schedule(action.values["schedule"])
    values = {"nextBill": action.values["next"], "billingSchedule": Ref(schedule_id)}
    desk.update("salesOrder", record("SalesOrder", values, internal_id=order.id))


def fulfil(desk: Desk, action: Action) -> None:
    """Fulfil every open quantity that can be shipped, or the share of it in whole units."""
    order = desk.order(action)
    shipment = desk.netsuite.initialize("itemFulfillment", "salesOrder", order.id)
    lines = shipment.findall(f"{{{SALES}}}itemList/{{{SALES}}}item")
    for line in lines:
        open_quantity = number_of(line, SALES, "quantityRemaining") or number_of(line, SALES, "quantity")
        if open_quantity is None:
            continue
        set_field(line, SALES, "itemReceive", True, after=("jobName",))
        quantity = units_of(open_quantity, action.values.get("share"))
        set_field(line, SALES, "quantity", quantity, after=("itemReceive", "itemName", "description", "location"))
    if not lines:
        raise nothing("line that can be fulfilled", order)
    drop_fields(shipment, SALES, "postingPeriod")
    set_field(shipment, SALES, "tranDate", desk.day(action), after=("entity", "createdFrom", "shipStatus"))
    desk.add("itemFulfillment", shipment)


def close_period(desk: Desk, action: Action) -> None:
    """Close the accounting period."""
    period = desk.documents.period(action.values["name"])
    desk.update("accountingPeriod", record("AccountingPeriod", {"closed": True}, internal_id=period))
