"""Proof: after the clerk's month Salesforce shows, to the cent, what NetSuite's own store says; twice is once.

Every deal's figures and every account's balances are computed again from NetSuite's dump by code that shares
nothing with Tieout. A second round of sync writes nothing. Taking any one payment, credit or deposit out of the
computation must be noticed, or the proof could not fail.
"""

from __future__ import annotations

import json
import sys
import tempfile
from datetime import datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from sandbox import control_client  # noqa: E402
from sandbox.book.generate import generate  # noqa: E402
from tests.acceptance import independent_circle as circle  # noqa: E402
from tests.acceptance import month  # noqa: E402
from tests.acceptance.stage import NOW, staged, verdict  # noqa: E402

SUMMED = ("deals", "balances", "rows", "settlements", "wrong_count", "second_round_writes", "sweep_writes")
SEEDS = ((1, False), (1, True), (2, True))


def now_of(stage):
    return control_client.get(stage.sandbox, "clock")["now"]


def compare(stage):
    """Return what differs between both dumps, and what was compared."""
    books = circle.Books(stage)
    opportunities = stage.dump("salesforce", "Opportunity")
    expected = circle.deals(books, opportunities)
    # A reopened deal is shown on as before; a deleted one is not written any more.
    live = [deal for deal in opportunities if not deal.get("IsDeleted")]
    wrong = [
        {"deal": deal["Id"], "field": name, "shows": circle.shown_on(deal)[name], "is": expected[deal["Id"]][name]}
        for deal in live
        for name in circle.FIELDS
        if circle.shown_on(deal)[name] != expected[deal["Id"]][name]
    ]
    rows = stage.dump("salesforce", "Tieout_Account_Balance__c")
    shown = circle.shown_balances(rows)
    ours = {
        order["entity"]
        for order in books.types["salesOrder"].values()
        if str(order.get("externalId") or "").startswith(circle.PREFIX)
    }
    customers = ours | {customer for customer, _currency in shown}
    due = circle.balances(books, now_of(stage), customers)
    wrong += [
        {"account": key, "shows": shown.get(key), "is": due.get(key)}
        for key in sorted(shown.keys() | due.keys())
        if shown.get(key) != due.get(key)
    ]
    documents = circle.documents(books, customers)
    financial = {row["Tieout_Key__c"]: row for row in stage.dump("salesforce", "Tieout_Financial__c")}
    wrong += [
        {"row": key, "shows": str(financial.get(key, {}).get("Tieout_Amount__c")), "is": amount}
        for key, amount in documents.items()
        if key not in financial or circle.money(financial[key]["Tieout_Amount__c"]) != amount
    ]
    return books, live, expected, wrong, len(shown), len(financial)


def unnoticed_losses(books, rows, now):
    """Return the settlements whose absence from the books would not show: the comparison must depend on each."""
    lost = []
    customers = {customer for customer, _currency in rows}
    for invoice, parts in list(books.settled.items()):
        entity = books.types["invoice"][invoice]["entity"]
        for part in list(parts) if entity in customers else ():
            books.settled[invoice].remove(part)
            due = circle.balances(books, now, {entity})
            if all(rows.get(key) == value for key, value in due.items()):
                lost.append((invoice, part[0]))
            books.settled[invoice].append(part)
    return lost


def run_seed(seed, defects):
    with tempfile.TemporaryDirectory() as folder:
        book = Path(folder) / "book"
        generate(book, seed=seed, now=datetime.fromisoformat(NOW), defects=defects)
        with staged(folder, book, seed=seed) as stage:
            month.first_sync(stage)
            month.billed(stage)
            month.collected(stage)
            books, live, expected, wrong, balances, rows = compare(stage)
            before = len(stage.writes())
            stage.step("10m")
            stage.json("sync")
            second = len(stage.writes()) - before
            swept = stage.tieout("run", "--once", "sweep", check=0)
            third = len(stage.writes()) - before - second
            rows_shown = circle.shown_balances(stage.dump("salesforce", "Tieout_Account_Balance__c"))
            lost = unnoticed_losses(books, rows_shown, now_of(stage)) if not defects else []
    statuses = {}
    for figures in expected.values():
        status = figures["Tieout_Payment_Status__c"]
        statuses[str(status)] = statuses.get(str(status), 0) + 1
    found = {
        "seed": seed,
        "clean": not defects,
        "deals": len(live),
        "payment_statuses": statuses,
        "balances": balances,
        "rows": rows,
        "settlements": sum(len(parts) for parts in books.settled.values()),
        "wrong": wrong[:20],
        "wrong_count": len(wrong),
        "second_round_writes": second,
        "sweep_writes": third,
        "losses_unnoticed": lost,
    }
    print(json.dumps(found, default=str))
    return not (wrong or second or third or lost) and swept.returncode == 0, found


def main():
    results = [run_seed(seed, defects) for seed, defects in SEEDS]
    verdict(
        "circle",
        all(good for good, _found in results),
        books=len(results),
        **{name: sum(found[name] for _good, found in results) for name in SUMMED},
        losses_unnoticed=sum(len(found["losses_unnoticed"]) for _good, found in results),
    )


if __name__ == "__main__":
    main()
