"""The chain from orders to cash, computed once more from NetSuite's own dump, in plain Python.

Shares nothing with reconcile. Every end of the report's chain must equal the sum found here, and so must what
was credited, written off and is still open; the report's own lines must lead from each end to the next.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from decimal import Decimal

from tests.acceptance.independent_bridge import OURS, Dumps, _deal_of, _ours
from tests.acceptance.independent_circle import ZERO, Books, money, net_of, number

OPEN = ("open, not due", "open, overdue")


@dataclass
class Compared:
    """What differs, how many invoices were compared, and those whose loss would not be noticed."""

    wrong: list = field(default_factory=list)
    invoices: int = 0
    losses_unnoticed: list = field(default_factory=list)


def compare(stage, report, go_live="2026-11-01"):
    """Compare the report's chain with the dumps."""
    books, dumps = Books(stage), Dumps.of(stage)
    orders = _ours(dumps)
    scope = {deal["Id"] for deal in dumps.deals if not (deal["IsWon"] and deal["CloseDate"] < go_live)}
    invoices = own_invoices(books, orders, scope)
    expected = figures(books, orders, invoices)
    told = ends(report)
    found = Compared(wrong=[*differences(expected, told), *unfooted(report)], invoices=len(invoices))
    for gone in invoices:
        rest = figures(books, orders, [one for one in invoices if one is not gone])
        if not differences(rest, told):
            found.losses_unnoticed.append(gone["tranId"])
    return found


def own_invoices(books, orders, scope):
    """Return the posted invoices made from an order of ours, or naming a deal in scope in finance's own field."""
    ids = {order["id"] for order in orders}
    gone = {
        order["id"]
        for order in orders
        if OURS.fullmatch(order.get("externalId") or "") and _deal_of(order) not in scope
    }
    short = {deal[:15]: deal for deal in scope}
    return [
        row
        for row in books.posted()
        if (row.get("createdFrom") in ids and row["createdFrom"] not in gone)
        or (not row.get("createdFrom") and (row.get("custbody_crm_opportunity") or "")[:15] in short)
    ]


def figures(books, orders, invoices):
    """Return every end and part of the chain by (name, currency)."""
    sums = defaultdict(Decimal)
    for order in orders:
        sums["ordered", books.symbols[order["currency"]]] += sum((number(x["amount"]) for x in order["lines"]), ZERO)
    for row in invoices:
        currency = books.symbols[row["currency"]]
        sums["invoiced", currency] += net_of(row)
        sums["gross", currency] += number(row["total"])
        for kind, amount, _day in books.settled[row["id"]]:
            sums[{"cash": "collected", "credit": "credited", "other": "written off"}[kind], currency] += amount
        sums["open", currency] += books.open_amount(row)
    return {key: money(value) for key, value in sums.items() if value}


def ends(report):
    """Return the same figures as the report tells them."""
    sums = defaultdict(Decimal)
    for link in report["chain"]:
        currency = link["currency"]
        sums[link["stage"], currency] += number(link["closing"]["amount"])
        if link["stage"] == "invoiced":
            sums["ordered", currency] += number(link["opening"]["amount"])
        for line in link["lines"]:
            if line["cause"] in ("credited", "written off"):
                sums[line["cause"], currency] -= number(line["amount"])
            if line["cause"] in OPEN:
                sums["open", currency] -= number(line["amount"])
    return {key: money(value) for key, value in sums.items() if value}


def differences(expected, told):
    return [
        {"figure": " ".join(key), "report": told.get(key), "dump": expected.get(key)}
        for key in sorted(expected.keys() | told.keys())
        if expected.get(key) != told.get(key)
    ]


def unfooted(report):
    """Return the stages whose lines do not lead from one end to the other, or that do not join their neighbour."""
    wrong = []
    closing = {}
    for link in report["chain"]:
        total = number(link["opening"]["amount"]) + sum((number(line["amount"]) for line in link["lines"]), ZERO)
        if total != number(link["closing"]["amount"]):
            wrong.append({"figure": f"{link['stage']} {link['currency']} does not foot"})
        before = closing.get(link["currency"])
        if before is not None and before != number(link["opening"]["amount"]):
            wrong.append({"figure": f"{link['stage']} {link['currency']} does not begin where the last stage ended"})
        closing[link["currency"]] = number(link["closing"]["amount"])
    return wrong
