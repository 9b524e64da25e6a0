"""The bridge from won deals to orders, computed once more from the servers' own dumps, in plain Python.

Shares nothing with reconcile: the populations come from the dumps, the request log tells which orders were
made through the API, and only the list of exceptions is taken from the report, to see whether it explains
the difference.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

OURS = re.compile(r"tieout-so-([0-9A-Za-z]{18})(?:-\d+)?", re.IGNORECASE)
MINOR = {"JPY": Decimal(1), "KWD": Decimal("0.001")}
CANCELLED = "C"
LACKING = ("MISSING_IN_ERP", "SYNC_BLOCKED", "CANCEL_ERP_ONLY", "IN_FLIGHT")
ONLY_IN_ERP = ("MISSING_IN_CRM", "DELETED_CRM", "LOST_LIVE_ORDER", "CRM_OPEN_ERP_BILLED", "DUP_ERP")


@dataclass
class Dumps:
    """What both servers hold, by their own stores."""

    deals: list
    lines: list
    orders: list
    requests: list
    currencies: list

    @classmethod
    def of(cls, stage):
        return cls(
            deals=stage.dump("salesforce", "Opportunity"),
            lines=stage.dump("salesforce", "OpportunityLineItem"),
            orders=stage.dump("netsuite", "salesOrder"),
            requests=stage.dump("netsuite", "requests"),
            currencies=stage.dump("netsuite", "currency"),
        )


@dataclass
class Bridge:
    """Items and amounts per currency that nothing explains."""

    items: dict = field(default_factory=lambda: defaultdict(int))
    amounts: dict = field(default_factory=lambda: defaultdict(Decimal))
    won: dict = field(default_factory=lambda: defaultdict(int))

    def add(self, currency, items, amount):
        self.items[currency] += items
        self.amounts[currency] += amount

    @property
    def red(self):
        return any(self.items.values()) or any(self.amounts.values())

    def unexplained(self):
        return {
            currency: [self.items[currency], f"{self.amounts[currency].normalize():f}"]
            for currency in sorted(self.items.keys() | self.amounts.keys())
        }


def money(value):
    return Decimal(str(value or 0))


def compute(dumps, report, go_live="2026-11-01"):
    """Return what is left when the report's exceptions are taken as the explanation of the difference."""
    bridge = Bridge()
    amounts, counts = _deal_amounts(dumps)
    symbols = {currency["id"]: currency["symbol"] for currency in dumps.currencies}
    won = {
        deal["Id"]: deal
        for deal in dumps.deals
        if deal["IsWon"] and not deal["IsDeleted"] and deal["CloseDate"] >= go_live
    }
    ours = _ours(dumps)
    for deal_id, deal in won.items():
        bridge.add(deal["CurrencyIsoCode"], 1, amounts[deal_id])
        bridge.won[deal["CurrencyIsoCode"]] += 1
    for order in ours:
        bridge.add(symbols[order["currency"]], -1, -_net(order))
    orders = {order["id"]: order for order in ours}
    _explain(bridge, report, won, amounts, orders, symbols)
    _tolerate(bridge, report, won, amounts, counts, ours, symbols)
    return bridge


def _deal_amounts(dumps):
    lines = defaultdict(list)
    for line in dumps.lines:
        if not line["IsDeleted"]:
            lines[line["OpportunityId"]].append(money(line["TotalPrice"]))
    amounts = {
        deal["Id"]: sum(lines[deal["Id"]], Decimal(0)) if lines[deal["Id"]] else money(deal["Amount"])
        for deal in dumps.deals
    }
    return amounts, {deal: len(found) for deal, found in lines.items()}


def _ours(dumps):
    """Orders made through the API or carrying our external id, cancelled ones left out."""
    made = {
        str(effect["id"])
        for entry in dumps.requests
        if entry["operation"] == "add salesOrder"
        for effect in entry["effect"]
    }
    return [
        order
        for order in dumps.orders
        if (order["id"] in made or OURS.fullmatch(order.get("externalId") or "")) and order["orderStatus"] != CANCELLED
    ]


def _net(order):
    return sum((money(line["amount"]) for line in order["lines"]), Decimal(0))


def _explain(bridge, report, won, amounts, orders, symbols):
    """Take each listed exception's effect; an order that only the list knows is not there to explain anything."""
    for one in [*report["exceptions"], *report["in_flight"]]:
        deal = won.get(one["crm"]["id"])
        if one["code"] in LACKING and one["difference"] is not None and deal is not None:
            bridge.add(deal["CurrencyIsoCode"], -1, -amounts[deal["Id"]])
        elif one["code"] in ONLY_IN_ERP:
            bridge.add(one["currency"], 1, money(one["difference"]))
        elif one["code"] == "AMOUNT":
            bridge.add(one["currency"], 0, money(one["difference"]))
        elif one["code"] == "CURRENCY" and deal is not None:
            bridge.add(deal["CurrencyIsoCode"], -1, -amounts[deal["Id"]])
            order = orders.get(one["erp"]["id"])
            bridge.add(symbols[order["currency"]] if order else "lost", 1, _net(order) if order else Decimal(0))


def _tolerate(bridge, report, won, amounts, counts, ours, symbols):
    """Rounding within the bound, on pairs that the report does not list, explains itself."""
    listed = {one["crm"]["id"] for one in report["exceptions"] if one["code"] in ("AMOUNT", "CURRENCY", "DUP_ERP")}
    for order in ours:
        deal_id = _deal_of(order)
        if deal_id not in won or deal_id in listed:
            continue
        currency = symbols[order["currency"]]
        difference = _net(order) - amounts[deal_id]
        bound = MINOR.get(currency, Decimal("0.01")) * max(1, (counts.get(deal_id, 0) + 2) // 2)
        if difference and abs(difference) <= bound:
            bridge.add(currency, 0, difference)


def _deal_of(order):
    named = OURS.fullmatch(order.get("externalId") or "")
    return named.group(1) if named else order.get("custbody_tieout_deal_id")
