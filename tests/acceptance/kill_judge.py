"""What must be true after the kills, from the servers' own stores and logs alone; nothing of Tieout's is asked.

Each won deal has exactly one order with its amounts, or stands on the book's list of held ones; no order or customer
is there twice or without a reason; approved and delivered orders are billed once and in full; deals show their order.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from decimal import Decimal

from sandbox.dump import dump
from tests.acceptance import prove_circle

OURS = re.compile(r"tieout-so-([0-9A-Za-z]{18})(?:-\d+)?", re.IGNORECASE)
CUSTOMER = re.compile(r"tieout-cust-([0-9A-Za-z]{18})", re.IGNORECASE)
CANCELLED = "C"
TYPES = {
    "deals": ("salesforce", "Opportunity"),
    "lines": ("salesforce", "OpportunityLineItem"),
    "orders": ("netsuite", "salesOrder"),
    "customers": ("netsuite", "customer"),
    "invoices": ("netsuite", "invoice"),
    "currencies": ("netsuite", "currency"),
    "requests": ("netsuite", "requests"),
}
ZERO = Decimal(0)


@dataclass(frozen=True)
class Found:
    """What the servers hold after the work, and what people did on the way."""

    deals: list
    lines: list
    orders: list
    customers: list
    invoices: list
    currencies: list
    requests: list
    go_live: str
    held: frozenset
    billed: frozenset
    """Deals whose order finance approved and delivered whole."""

    @classmethod
    def of(cls, stage, billed):
        held = frozenset(record for record, _code in stage.held() if record.startswith("006"))
        rows = {name: _rows(stage, *where) for name, where in TYPES.items()}
        return cls(**rows, go_live=stage.go_live, held=held, billed=frozenset(billed))

    def due(self):
        """Return the deals that must have an order, by id."""
        return {deal["Id"]: deal for deal in self.won() if deal["Id"] not in self.held}

    def won(self):
        return [
            deal for deal in self.deals if deal["IsWon"] and not deal["IsDeleted"] and deal["CloseDate"] >= self.go_live
        ]

    def ours(self):
        """Return the live orders that carry a deal of ours, by the deal's id."""
        # External ids are compared without regard to case.
        ids = {deal["Id"].lower(): deal["Id"] for deal in self.deals}
        found = defaultdict(list)
        for order in self.orders:
            named = OURS.fullmatch(order.get("externalId") or "")
            deal = named[1] if named else order.get("custbody_tieout_deal_id")
            if deal and order["orderStatus"] != CANCELLED:
                found[ids.get(deal.lower(), deal)].append(order)
        return found


def _rows(stage, system, type_):
    return [json.loads(line, parse_float=Decimal) for line in dump(stage.sandbox, system, type_)]


def wrong(found):
    """Return everything that is not as it must be, by kind."""
    ours, due = found.ours(), found.due()
    return {
        "duplicates": [*_twice(ours), *_customers_twice(found), *_invoices_twice(found), *sent_again(found)],
        "lost": [id_ for id_ in due if not ours.get(id_)],
        "wrong": [
            *(f"an order without a deal: {id_}" for id_ in ours if id_ not in due),
            *_contents(found, ours, due),
            *_bills(found, ours),
            *_shown(found, ours),
        ],
    }


def _twice(ours):
    return [f"{len(orders)} orders of deal {id_}" for id_, orders in ours.items() if len(orders) > 1]


def _customers_twice(found):
    names = Counter()
    for customer in found.customers:
        named = CUSTOMER.fullmatch(customer.get("externalId") or "")
        account = named[1] if named else customer.get("custentity_tieout_account_id")
        names[(account or "").lower()] += bool(account)
    return [f"{count} customers of account {name}" for name, count in names.items() if count > 1]


def _invoices_twice(found):
    names = Counter((one.get("externalId") or "").lower() for one in found.invoices)
    per_order = Counter(one.get("createdFrom") for one in found.invoices)
    twice = [f"{count} invoices {name}" for name, count in names.items() if name and count > 1]
    return twice + [f"{count} invoices of order {id_}" for id_, count in per_order.items() if id_ and count > 1]


def sent_again(found):
    """Return the creates that came when the record was already there: only NetSuite's own check stopped them."""
    there, again = set(), []
    for entry in found.requests:
        if not entry["operation"].startswith("add "):
            continue
        keys = {f"{entry['operation']} {key}".lower() for key in entry["keys"] if str(key).startswith("tieout-")}
        again += [f"{key} was sent again" for key in keys & there] if not entry["effect"] else []
        there |= keys if entry["effect"] else set()
    return again


def _contents(found, ours, due):
    symbols = {one["id"]: one["symbol"] for one in found.currencies}
    lines = defaultdict(list)
    for line in found.lines:
        if not line["IsDeleted"]:
            lines[line["OpportunityId"]].append(line)
    owners = defaultdict(set)
    for id_, deal in due.items():
        for order in ours.get(id_, ()):
            owners[order["entity"]].add(deal["AccountId"])
            yield from _content(deal, lines[id_], order, symbols[order["currency"]])
    by_account = defaultdict(set)
    for entity, accounts in owners.items():
        for account in accounts:
            by_account[account].add(entity)
    yield from (f"account {one} has orders of customers {sorted(by)}" for one, by in by_account.items() if len(by) > 1)
    yield from (f"customer {one} has orders of accounts {sorted(by)}" for one, by in owners.items() if len(by) > 1)


def _content(deal, lines, order, symbol):
    place = f"order {order['tranId']} of deal {deal['Id']}"
    net, amount = sum((money(one["amount"]) for one in order["lines"]), ZERO), total(lines)
    if net != amount:
        yield f"{place}: net {net}, the deal says {amount}"
    if symbol != deal["CurrencyIsoCode"]:
        yield f"{place}: {symbol}, the deal says {deal['CurrencyIsoCode']}"
    if (order.get("otherRefNum") or None) != (deal["PO_Number__c"] or None):
        yield f"{place}: PO {order.get('otherRefNum')}, the deal says {deal['PO_Number__c']}"
    if sorted(one.get("custcol_tieout_line_id") or "" for one in order["lines"]) != sorted(one["Id"] for one in lines):
        yield f"{place}: its lines are not the deal's"


def _bills(found, ours):
    nets = defaultdict(Decimal)
    for invoice in found.invoices:
        nets[invoice.get("createdFrom")] += sum((money(one["amount"]) for one in invoice["lines"]), ZERO)
    for id_, orders in ours.items():
        for order in orders:
            net = sum((money(one["amount"]) for one in order["lines"]), ZERO)
            billed = nets.get(order["id"], ZERO)
            if billed != (net if id_ in found.billed else ZERO):
                yield f"order {order['tranId']} of deal {id_}: {billed} of {net} is billed"


def _shown(found, ours):
    for deal in found.won():
        orders = ours.get(deal["Id"], ())
        wanted = ("Held", None, None) if deal["Id"] in found.held else None
        if len(orders) == 1:
            wanted = ("Synced", orders[0]["id"], orders[0]["tranId"])
        names = ("Tieout_Sync_State__c", "Tieout_Sales_Order_Id__c", "Tieout_Sales_Order__c")
        shown = tuple(deal.get(name) or None for name in names)
        if wanted is not None and shown != wanted:
            yield f"deal {deal['Id']} shows {shown}, not {wanted}"


def money(value):
    return Decimal(str(value or 0))


def total(lines):
    return sum((money(line["TotalPrice"]) for line in lines), ZERO)


def figures_wrong(stage):
    """Return what deals and accounts show of bills and payments although NetSuite's own books say otherwise."""
    return [json.dumps(one, default=str) for one in prove_circle.compare(stage)[3]]


def blind_spots(found):
    """Return the planted faults that this judge does not see; there must be none."""
    first = next(orders[0] for orders in found.ours().values())
    bill = next((one for one in found.invoices if one.get("createdFrom")), None)
    ours = next(one for one in found.customers if one.get("externalId"))
    deal = next(one for one in found.won() if one.get("Tieout_Sales_Order_Id__c"))
    line, *rest = first["lines"]
    raised = {**first, "lines": [{**line, "amount": money(line["amount"]) + Decimal("0.01")}, *rest]}
    other = next(one["id"] for one in found.currencies if one["id"] != first["currency"])
    without = [one for one in found.orders if one is not first]
    made = next(one for one in found.requests if one["operation"] == "add salesOrder" and one["effect"])
    planted = {
        "a lost order": replace(found, orders=without),
        "an order twice": replace(found, orders=[*found.orders, {**first, "id": "0", "externalId": None}]),
        "an order of another amount": replace(found, orders=[*without, raised]),
        "an order of another currency": replace(found, orders=[*without, {**first, "currency": other}]),
        "an order of no deal": replace(found, deals=[one for one in found.deals if one is not deal]),
        "a customer twice": replace(found, customers=[*found.customers, {**ours, "id": "0"}]),
        "a deal that shows nothing": replace(
            found, deals=[{**one, "Tieout_Sync_State__c": None} if one is deal else one for one in found.deals]
        ),
        "a create sent again": replace(found, requests=[*found.requests, {**made, "effect": []}]),
    }
    if bill is not None:
        planted["a lost invoice"] = replace(found, invoices=[one for one in found.invoices if one is not bill])
        planted["an invoice twice"] = replace(found, invoices=[*found.invoices, {**bill, "id": "0"}])
    return [name for name, faulty in planted.items() if not any(wrong(faulty).values())]
