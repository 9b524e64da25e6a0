"""Makes a book from its seed: the clean one first, then, if asked for, what spoils it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from sandbox.book.accounts import add_accounts
from sandbox.book.book import Book
from sandbox.book.catalogue import make_items, make_products
from sandbox.book.check import check
from sandbox.book.clerk import followed, plan_month
from sandbox.book.course import WHOLE, Course
from sandbox.book.deals import add_deals
from sandbox.book.defects.catalogue import plant_all
from sandbox.book.dice import Dice
from sandbox.book.erp import add_customers, add_orders
from sandbox.book.labelled import add_labelled
from sandbox.book.nouns import Deal
from sandbox.book.people import add_lists, add_people
from sandbox.book.shape import DEMO, Shape
from sandbox.book.truth import Circle, Planted, Truth
from sandbox.book.write import write_book


def generate(folder: Path, *, seed: int, now: datetime, defects: bool, shape: Shape = DEMO) -> Truth:
    """Write a book into the folder and return what must show; the same arguments give the same bytes.

    Args:
        folder: where ``salesforce/*.csv``, ``netsuite/*.csv``, ``edits.json`` and ``truth.json`` go.
        seed: everything that is left to chance follows from it.
        now: the moment at which the book is opened, aware; go-live and all stamps lie before it.
        defects: plant the defects, or leave the clean book with its labelled cases.
        shape: how large the book is.

    Raises:
        ValueError: ``now`` has no zone.
        BookContradiction: the book would hold an accident that its truth does not name.
    """
    book = make(seed=seed, now=now, defects=defects, shape=shape)
    truth = truth_of(book, clean=not defects)
    write_book(folder, book, truth)
    return truth


def make(*, seed: int, now: datetime, defects: bool, shape: Shape = DEMO) -> Book:
    """Return the book in memory, checked; see :func:`generate`."""
    if now.tzinfo is None:
        raise ValueError(f"the book's now needs a zone: {now.isoformat()}")
    book = make_clean(shape, seed, now.astimezone(UTC))
    if defects:
        check(book)
        book.planted = plant_all(book, Dice(seed).of("defects"))
    plan_month(book)
    check(book)
    return book


def make_clean(shape: Shape, seed: int, now: datetime) -> Book:
    """Return the clean book: its only cases for a person are the labelled ones."""
    dice = Dice(seed)
    book = Book(shape, seed, now)
    add_lists(book)
    add_people(book, dice.of("people"))
    products = make_products(shape.products, now)
    for product in products:
        book.products.put(product)
    for item in make_items(products, dice.of("items")):
        book.items.put(item)
    add_accounts(book, dice.of("accounts"))
    add_deals(book, dice.of("deals"))
    add_customers(book, dice.of("customers"))
    add_orders(book, dice.of("orders"))
    add_labelled(book, dice.of("labelled"))
    return book


def truth_of(book: Book, *, clean: bool) -> Truth:
    """Return the truth of a finished book."""
    labelled = [code for code in book.expected if code.label not in book.planted and code.where == "hold"]
    by_label = dict.fromkeys(sorted({code.label for code in labelled}), 0)
    for code in labelled:
        by_label[code.label] += code.code != "CUSTOMER_HELD"
    return Truth(
        seed=book.seed,
        clean=clean,
        now=f"{book.now:%Y-%m-%dT%H:%M:%SZ}",
        go_live=book.go_live.isoformat(),
        expected=sorted(set(book.expected)),
        counts=counts(book),
        planted=_planted(book.planted),
        labelled=_planted(by_label),
        circle=circle(book),
    )


def circle(book: Book) -> Circle:
    """Return the deals to follow from won to paid."""
    by_hand = [deal.id for deal in book.ordered_deals() if book.courses[deal.id].by_hand]
    return Circle(followed=followed(book), billed_by_hand=by_hand)


def counts(book: Book) -> dict[str, int]:
    """Return the sizes of the book's populations."""
    scoped = book.scoped_deals()
    before = [deal for deal in book.deals if deal.won and not book.in_scope(deal)]
    held = {record for record in book.held_first() if record in book.deals}
    courses = [(deal, book.courses[deal.id]) for deal in book.ordered_deals()]
    matched = {deal_id for deal_id, _ in book.pairs} & {deal.id for deal in before}
    return {
        "accounts": len(book.accounts),
        "products": len(book.products),
        "items": len(book.items),
        "opportunities": len(book.deals),
        "opportunity_lines": sum(len(deal.lines) for deal in book.deals),
        "won_in_scope": len(scoped),
        "held_deals": len(held),
        "orders_to_create": len(scoped) - len(held),
        "orders_approved": sum(course.approved for _, course in courses),
        "orders_scheduled": sum(course.scheduled for _, course in courses),
        "orders_billed_by_hand": sum(bool(course.by_hand) for _, course in courses),
        "invoices_to_create": sum(leaves_a_bill(book, deal, course) for deal, course in courses),
        "before_go_live": len(before),
        "before_go_live_matched": len(matched),
        "not_won": len(book.deals) - len(scoped) - len(before),
        "customers_in_erp": len(book.customers),
        "accounts_in_erp": len(book.links),
        "orders_in_erp": len(book.orders),
    }


def leaves_a_bill(book: Book, deal: Deal, course: Course) -> bool:
    """Tell whether Tieout finds something to bill on the deal's order after finance's first days."""
    delivered = bool(course.fulfilled) or len(book.goods(deal)) < len(deal.lines)
    return course.billed and delivered and course.by_hand < WHOLE


def _planted(by_kind: dict[str, int]) -> Planted:
    return Planted(kinds=len(by_kind), items=sum(by_kind.values()), by_kind=by_kind)
