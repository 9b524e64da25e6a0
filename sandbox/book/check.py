"""An independent look at a finished book: nothing in it may look like a defect by accident."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import pairwise

from sandbox.book.book import Book
from sandbox.book.check_month import month
from sandbox.book.ledger import GAP, LEAST_GAP
from sandbox.book.likeness import normalised, too_alike
from sandbox.book.row import Row
from sandbox.book.write import all_rows
from sandbox.errors import SandboxError
from sandbox.ids import canonical


class BookContradiction(SandboxError):
    """The generated book says something that its truth does not; a defect of the generator itself."""


def check(book: Book) -> None:
    """Look for every accident that the generator must have avoided.

    Raises:
        BookContradiction: at least one was found; the message names all of them.
    """
    found = [problem for look in _LOOKS for problem in look(book)]
    if found:
        listed = "\n  ".join(found)
        raise BookContradiction(f"book of seed {book.seed}: {len(found)} contradictions:\n  {listed}")


def ids(book: Book) -> Iterator[str]:
    """Yield ids that come twice or are no Salesforce ids."""
    rows = list(all_rows(book))
    for (type_, key), count in Counter((row.type, row.key) for row in rows).items():
        if count > 1:
            yield f"{type_} {key} comes {count} times"
    for row in rows:
        if row.system == "salesforce" and canonical(row.key) != row.key:
            yield f"{row.type} {row.key} is no 18-character Salesforce id"


def references(book: Book) -> Iterator[str]:
    """Yield references to records that the book does not hold."""
    rows = list(all_rows(book))
    known = {(row.type, row.key) for row in rows} | {
        ("item", row.columns["itemid"]) for row in rows if row.type == "item"
    }
    known |= {("salesOrder", row.columns["tranId"]) for row in rows if row.type == "salesOrder"}
    for row in rows:
        yield from _dangling(row, known)


def prices(book: Book) -> Iterator[str]:
    """Yield lines whose price book entry belongs to another product or currency than the line's."""
    entries = {
        entry: (product.id, currency) for product in book.products for currency, entry in product.entries.items()
    }
    for deal in book.deals:
        for line in deal.lines:
            if entries[line.entry_id] != (line.product_id, deal.currency):
                yield f"deal {deal.id}: line {line.id} has a price of another product or currency"


def names(book: Book) -> Iterator[str]:
    """Yield companies that are alike without being meant to be."""
    accounts = Counter(normalised(account.name) for account in book.accounts)
    customers = Counter(normalised(customer.name) for customer in book.customers)
    ambiguous = {normalised(book.accounts[id_].name) for id_ in _ambiguous(book)}
    yield from (f"{count} accounts are called {name!r}" for name, count in accounts.items() if count > 1)
    for name, count in customers.items():
        if count > 1 and name not in ambiguous:
            yield f"{count} customers are called {name!r}"
    for left, right, score in too_alike([*accounts, *customers]):
        if frozenset((left, right)) not in book.twins:
            yield f"{left!r} and {right!r} are {score} percent alike"


def links(book: Book) -> Iterator[str]:
    """Yield accounts that a name would match with another customer than the generator thinks, or none."""
    by_name = {normalised(customer.name): customer for customer in book.customers}
    ambiguous = _ambiguous(book)
    for account in book.accounts:
        if account.id in ambiguous:
            continue
        found = by_name.get(normalised(account.name))
        if (found.id if found else None) != book.links.get(account.id):
            yield f"account {account.id} is linked to {book.links.get(account.id)}, by name to {found}"
        elif found and account.country_code in _SERVED and found.subsidiary != book.subsidiary(account.country_code):
            yield f"account {account.id} buys from another subsidiary than its customer {found.entity_id}"


def amounts(book: Book) -> Iterator[str]:
    """Yield documents of one family and currency whose amounts are too close to each other."""
    documents: defaultdict[tuple[str, str], list[tuple[Decimal, str]]] = defaultdict(list)
    for deal in book.deals:
        if deal.account_id and deal.lines:
            documents[book.family(deal.account_id), deal.currency].append((deal.net, deal.id))
    for order in book.orders:
        documents[book.customer_family(order.customer_id), order.currency].append((order.net, order.id))
    for (family, currency), rows in documents.items():
        for (low, left), (high, right) in pairwise(sorted(rows)):
            paired = (left, right) in book.pairs or (right, left) in book.pairs
            if high - low < GAP.get(currency, LEAST_GAP) and not paired:
                yield f"{left} over {low} and {right} over {high} {currency} of {family} are too close"


def purchase_orders(book: Book) -> Iterator[str]:
    """Yield PO numbers that come twice without being meant to."""
    deals, orders = defaultdict(list), defaultdict(list)
    for deal in book.deals:
        deals[deal.po_number].append(deal.id)
    for order in book.orders:
        orders[order.po_number].append(order.id)
    for number in (deals.keys() | orders.keys()) - {""}:
        both = [(deal, order) for deal in deals[number] for order in orders[number]]
        if len(deals[number]) > 1 or len(orders[number]) > 1 or any(pair not in book.pairs for pair in both):
            yield f"PO {number} is on deals {deals[number]} and orders {orders[number]}"


def times(book: Book) -> Iterator[str]:
    """Yield deals whose days and stamps do not fit each other or come too late."""
    for deal in book.deals:
        if not deal.created < deal.stage_changed <= deal.modified <= book.latest:
            yield f"deal {deal.id}: created {deal.created}, staged {deal.stage_changed}, modified {deal.modified}"
        if deal.won and (deal.stage_changed.date() != deal.close_date or deal.close_date == book.go_live):
            yield f"deal {deal.id}: closed {deal.close_date}, won {deal.stage_changed}"
    for account in book.accounts:
        if not account.created < account.modified <= book.latest:
            yield f"account {account.id}: created {account.created}, modified {account.modified}"


def truth(book: Book) -> Iterator[str]:
    """Yield records that are held for two causes, and expectations about deals that are not in scope."""
    held = Counter(code.record for code in book.expected if code.where == "hold")
    yield from (f"{record} has {count} holds" for record, count in held.items() if count > 1)
    for code in book.expected:
        if code.where == "in_flight":
            continue  # won only after the first sync
        if code.record in book.deals and not book.in_scope(book.deals[code.record]):
            yield f"{code.code} is expected for {code.record}, which is not in scope"


_LOOKS: tuple[Callable[[Book], Iterable[str]], ...] = (
    ids, references, prices, names, links, amounts, purchase_orders, times, truth, month,
)  # fmt: skip
_SERVED = ("US", "DE", "GB", "JP")
_REFERENCES = {
    "AccountId": "Account",
    "ParentId": "Account",
    "OwnerId": "User",
    "RecordTypeId": "RecordType",
    "OpportunityId": "Opportunity",
    "PricebookEntryId": "PricebookEntry",
    "Product2Id": "Product2",
    "Pricebook2Id": "Pricebook2",
    "entity": "customer",
    "parent": "customer",
    "item": "item",
    "salesOrder": "salesOrder",
}


def _dangling(row: Row, known: set[tuple[str, str]]) -> Iterator[str]:
    for column, value in row.columns.items():
        if value and column in _REFERENCES and (_REFERENCES[column], value) not in known:
            yield f"{row.type} {row.key}: {column} {value} does not exist"


def _ambiguous(book: Book) -> set[str]:
    """Return the accounts that are meant to have two customers."""
    return {code.record for code in book.expected if code.code == "CUSTOMER_AMBIGUOUS"}
