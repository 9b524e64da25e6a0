"""What Salesforce must show, computed from NetSuite's own store alone: no code of Tieout's, no SuiteQL.

Deals find their order by its external id, or for orders that were matched by the id that the deal shows.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

ZERO = Decimal(0)
PREFIX = "tieout-so-"
TYPES = (
    "salesOrder", "invoice", "customerPayment", "creditMemo", "customerDeposit", "depositApplication",
    "customerRefund", "currency", "customer",
)  # fmt: skip
MINOR = {"JPY": 0}


def number(value):
    return Decimal(str(value)) if value not in (None, "") else ZERO


def money(value):
    """Write an amount so that equal amounts are equal texts."""
    return f"{number(value).normalize():f}"


class Books:
    """NetSuite's records by type and id, as its own dump has them."""

    def __init__(self, stage):
        self.types = {type_: {row["id"]: row for row in stage.dump("netsuite", type_)} for type_ in TYPES}
        self.symbols = {id_: row["symbol"] for id_, row in self.types["currency"].items()}
        self.settled = defaultdict(list)
        self._payments()
        self._applied("creditMemo", "credit")
        self._applied("depositApplication", "cash")

    def _payments(self):
        for row in self.types["customerPayment"].values():
            if row.get("voided") or row.get("status") == "A":
                continue
            for part in row.get("apply") or ():
                self.settled[part["doc"]].append(("cash", number(part["amount"]), row["tranDate"]))
                if number(part.get("disc")):
                    self.settled[part["doc"]].append(("other", number(part["disc"]), row["tranDate"]))

    def _applied(self, type_, kind):
        for row in self.types[type_].values():
            if row.get("voided") or row.get("status") == "V":
                continue
            for part in row.get("apply") or ():
                self.settled[part["doc"]].append((kind, number(part["amount"]), row["tranDate"]))

    def posted(self):
        return [row for row in self.types["invoice"].values() if row["status"] in ("A", "B")]

    def open_amount(self, invoice):
        return number(invoice["total"]) - sum((amount for _kind, amount, _day in self.settled[invoice["id"]]), ZERO)


def net_of(document):
    return number(document.get("subTotal")) + number(document.get("discountTotal"))


def deals(books, opportunities):
    """Return what every deal must show, by its id."""
    by_external = {
        str(order.get("externalId") or "").lower().removeprefix(PREFIX): order
        for order in books.types["salesOrder"].values()
        if str(order.get("externalId") or "").lower().startswith(PREFIX)
    }
    found = {}
    for deal in opportunities:
        shown = deal.get("Tieout_Sales_Order_Id__c")
        order = by_external.get(deal["Id"].lower()) or books.types["salesOrder"].get(shown)
        found[deal["Id"]] = figures(books, deal, order)
    return found


def belongs(invoice, deal, order):
    named = invoice.get("custbody_crm_opportunity")
    if invoice.get("createdFrom"):
        return order is not None and invoice["createdFrom"] == order["id"]
    return bool(named) and named[:15] == deal["Id"][:15]


def figures(books, deal, order):
    """Return a deal's receivables fields as texts; None where they must be empty."""
    own = [row for row in books.posted() if belongs(row, deal, order)]
    if order is None and not own:
        return dict.fromkeys(FIELDS)
    if any(books.symbols[row["currency"]] != deal["CurrencyIsoCode"] for row in own):
        return {**dict.fromkeys(FIELDS), "Tieout_Invoice_Status__c": "Other Currency"}
    sums = defaultdict(Decimal)
    paid_on = []
    for row in own:
        for kind, amount, day in books.settled[row["id"]]:
            sums[kind] += amount
            if kind == "cash":
                paid_on.append(day)
    balance = sum((books.open_amount(row) for row in own), ZERO)
    net = sum((net_of(row) for row in own), ZERO)
    due = [row["dueDate"] for row in own if books.open_amount(row) > 0 and row.get("dueDate")]
    return {
        "Tieout_Invoiced__c": money(sum((number(row["total"]) for row in own), ZERO)),
        "Tieout_Invoiced_Net__c": money(net),
        "Tieout_Paid__c": money(sums["cash"]),
        "Tieout_Credited__c": money(sums["credit"] + sums["other"]),
        "Tieout_Balance__c": money(balance),
        "Tieout_Invoice_Status__c": invoice_status(own, order, net),
        "Tieout_Payment_Status__c": payment_status(own, balance, sums),
        "Tieout_Due_Date__c": min(due, default=None),
        "Tieout_Last_Payment_Date__c": max(paid_on, default=None),
    }


FIELDS = (
    "Tieout_Invoiced__c", "Tieout_Invoiced_Net__c", "Tieout_Paid__c", "Tieout_Credited__c", "Tieout_Balance__c",
    "Tieout_Invoice_Status__c", "Tieout_Payment_Status__c", "Tieout_Due_Date__c", "Tieout_Last_Payment_Date__c",
)  # fmt: skip


def invoice_status(own, order, net):
    if not own:
        return "Not Invoiced"
    if order is None or order["orderStatus"] == "G" or net >= net_of(order):
        return "Invoiced"
    return "Partially Invoiced"


def payment_status(own, balance, sums):
    if not own:
        return "Not Invoiced"
    if balance > 0:
        return "Partially Paid" if sum(sums.values()) else "Unpaid"
    if sums["cash"] > 0:
        return "Paid"
    return "Written Off" if sums["other"] > 0 else "Credited"


def shown_on(deal):
    """Return what a deal of Salesforce's dump shows, in the same form."""
    texts = {}
    for name in FIELDS:
        value = deal.get(name)
        is_amount = not name.endswith(("Status__c", "Date__c"))
        texts[name] = money(value) if is_amount and value is not None else value or None
    return texts


def balances(books, now, customers, zone="America/New_York"):
    """Return (balance, overdue, unapplied) by customer and currency, for these customers."""
    today = datetime.fromisoformat(now.replace("Z", "+00:00")).astimezone(ZoneInfo(zone)).date().isoformat()
    sums = defaultdict(lambda: [ZERO, ZERO, ZERO])
    for row in books.posted():
        if row["entity"] in customers:
            entry = sums[row["entity"], books.symbols[row["currency"]]]
            entry[0] += books.open_amount(row)
            entry[1] += books.open_amount(row) if (row.get("dueDate") or today) < today else ZERO
    for type_ in ("customerPayment", "creditMemo", "customerDeposit"):
        for row in books.types[type_].values():
            customer = row.get("customer") or row.get("entity")
            dead = (
                row.get("voided") or row.get("status") == "V" or (type_, row.get("status")) == ("customerPayment", "A")
            )
            if customer in customers and not dead:
                sums[customer, books.symbols[row["currency"]]][2] += number(row.get("unapplied"))
    return {key: tuple(map(money, values)) for key, values in sums.items()}


def shown_balances(rows):
    """Return what the rows of Salesforce's dump show, by customer and currency."""
    names = ("Tieout_Balance__c", "Tieout_Overdue__c", "Tieout_Unapplied__c")
    found = {}
    for row in rows:
        _bal, customer, currency = row["Tieout_Key__c"].split("-")
        found[customer, currency] = tuple(money(row.get(name)) for name in names)
    return found


def documents(books, customers):
    """Return the amount that each financial row must show, by its key."""
    rows = {}
    posted = {row["id"] for row in books.posted()}
    for row in books.types["invoice"].values():
        if row["entity"] in customers:
            rows[f"inv-{row['id']}"] = money(row["total"]) if row["id"] in posted else "0"
    return rows
