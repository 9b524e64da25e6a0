"""Finance's month: every order approved, delivered, billed by hand or by Tieout, paid or not, and the books closed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from sandbox.book.action import Action, action
from sandbox.book.book import Book
from sandbox.book.course import PAID, Course, draw_course
from sandbox.book.dice import Dice, Random
from sandbox.book.nouns import Deal, Line, Order, money

ORDER_PREFIX = "tieout-so-"
"""External id of an order that Tieout creates, before the 18-character id of its deal."""
SCHEDULE = "Annual in arrears"
YOUNG = timedelta(days=4)
"""Money without an invoice is at most this old at the end of the month."""
SHARED_PAYMENT = 0.3
OWN_TRAFFIC_SHARE = 0.12
_DISCOUNT = "0.02"


def order_of(deal: Deal) -> str:
    """Return the external id of the order that Tieout makes for the deal."""
    return ORDER_PREFIX + deal.id


def plan_month(book: Book) -> None:
    """Decide what finance does, and put it on the book.

    Deals with a case take the course that the case asks for; every other deal's course hangs on nothing but the
    seed and the deal, so that the clean book and the defective one differ only where a case is.
    """
    deals = book.ordered_deals()
    book.courses = _courses(book, deals)
    month = book.month
    traffic = list(_own_traffic(book))
    book.actions = [
        *(step for deal in deals for step in _approval(book, deal, book.courses[deal.id])),
        *(step for step in traffic if step.phase == "approve"),
        *(step for step in book.errands if step.phase == "approve"),
        action("approve", "close_period", "month closed", name=month.first_closed),
        *(step for deal in deals for step in _collection(book, deal, book.courses[deal.id])),
        *_shared_payments(book, deals),
        *(step for step in traffic if step.phase == "collect"),
        *(step for step in book.errands if step.phase == "collect"),
        action("collect", "close_period", "month closed", name=month.last_closed),
        *(step for step in book.errands if step.phase == "late"),
    ]


def followed(book: Book) -> str | None:
    """Return the deal to follow from won to paid: of goods and services if there is one, billed whole, paid alone."""
    sound = [deal for deal in book.ordered_deals() if deal.id not in book.spoken_for]
    mixed = [deal for deal in sound if 0 < len(book.goods(deal)) < len(deal.lines) and deal.po_number]
    return next((deal.id for deal in (*mixed, *sound)), None)


def _courses(book: Book, deals: list[Deal]) -> dict[str, Course]:
    courses = {deal.id: book.courses.get(deal.id) or _drawn(book, deal) for deal in deals}
    first = followed(book)
    if first is not None:
        courses[first] = PAID
    for group in _groups(book, deals, courses):
        courses |= {deal.id: replace(courses[deal.id], settled="paid with others") for deal in group}
    return courses


def _drawn(book: Book, deal: Deal) -> Course:
    in_two = all(_in_two(line, deal.currency) for line in deal.lines)
    return draw_course(_dice(book, deal.id), in_two=in_two)


def _in_two(line: Line, currency: str) -> bool:
    """Tell whether the line can be billed in two parts of whole units that sum up to the cent."""
    unit = line.total / line.quantity
    return line.quantity >= 2 and line.quantity == int(line.quantity) and money(unit, currency) == unit


def _dice(book: Book, part: str) -> Random:
    return Dice(book.seed).of(f"month/{part}")


def _groups(book: Book, deals: list[Deal], courses: dict[str, Course]) -> Iterator[list[Deal]]:
    """Yield deals of one customer and currency that some customers pay together."""
    payers: defaultdict[tuple[str, str], list[Deal]] = defaultdict(list)
    for deal in deals:
        course = courses[deal.id]
        if course.billed and course.settled == "paid" and not course.punctual:
            payers[deal.account_id, deal.currency].append(deal)
    for (account_id, currency), group in payers.items():
        if len(group) > 1 and _dice(book, f"{account_id}/{currency}").random() < SHARED_PAYMENT:
            yield group[:3]


def _approval(book: Book, deal: Deal, course: Course) -> Iterator[Action]:
    order = order_of(deal)
    if not course.approved:
        return
    if course.scheduled:
        far = book.month.far_day.isoformat()
        yield action("approve", "schedule", "billed in a year", order=order, schedule=SCHEDULE, next=far)
    yield action("approve", "approve", "approved", order=order)
    if course.fulfilled and book.goods(deal):
        label = "delivered" if course.fulfilled == 1 else "delivered in part"
        yield action("approve", "fulfil", label, order=order, share=_share(course.fulfilled))
    if course.by_hand:
        yield action("approve", "bill", "billed by hand", order=order, share=_share(course.by_hand))
    if course.settled == "paid from a deposit" and course.billed:
        amount = money(deal.net * _dice(book, f"deposit/{deal.id}").randint(20, 50) / 100, deal.currency)
        yield action("approve", "deposit", "deposit taken", order=order, amount=f"{amount:f}")


def _collection(book: Book, deal: Deal, course: Course) -> Iterator[Action]:
    if not course.billed or course.settled in ("unpaid", "paid with others"):
        return
    order, dice = order_of(deal), _dice(book, f"payment/{deal.id}")
    if course.settled == "paid from a deposit":
        yield action("collect", "apply_deposit", "deposit used", order=order)
    if course.settled in ("credited", "credited in part"):
        share = "1" if course.settled == "credited" else dice.choice(("0.1", "0.25"))
        yield action("collect", "credit", course.settled, order=order, share=share, apply=True)
        if course.settled == "credited" or dice.random() < 0.3:
            return
    yield _payment(book, deal, course, dice)
    if course.settled == "over-paid and refunded":
        yield action("collect", "refund", "over-payment refunded", order=order)


def _payment(book: Book, deal: Deal, course: Course, dice: Random) -> Action:
    over = course.settled in ("over-paid", "over-paid and refunded")
    young = over or course.settled == "paid in part"
    return action(
        "collect",
        "pay",
        course.settled,
        orders=[order_of(deal)],
        share=dice.choice(("0.3", "0.5", "0.75")) if course.settled == "paid in part" else None,
        over=_surplus(deal.currency, dice) if over else None,
        disc_share=_DISCOUNT if course.settled == "paid with discount" else None,
        date=None if course.punctual else _day(book, dice, young=young),
        reference=book.ids.payment_reference(),
    )


def _shared_payments(book: Book, deals: list[Deal]) -> Iterator[Action]:
    groups: defaultdict[tuple[str, str], list[Deal]] = defaultdict(list)
    for deal in deals:
        if book.courses[deal.id].settled == "paid with others":
            groups[deal.account_id, deal.currency].append(deal)
    for group in groups.values():
        yield action(
            "collect",
            "pay",
            "several deals paid at once",
            orders=[order_of(deal) for deal in group],
            date=_day(book, _dice(book, f"payment/{group[0].id}"), young=False),
            reference=book.ids.payment_reference(),
        )


def _own_traffic(book: Book) -> Iterator[Action]:
    """Yield what finance bills and collects of orders that Tieout did not make."""
    asked_for = {order_id for deal_id, order_id in book.pairs if book.in_scope(book.deals[deal_id])}
    own = [order for order in book.orders if order.id not in asked_for]
    for place, order in enumerate(own):
        dice = _dice(book, f"own/{order.id}")
        if dice.random() < OWN_TRAFFIC_SHARE or place == 0:
            yield from _own_business(book, order, dice)


def _own_business(book: Book, order: Order, dice: Random) -> Iterator[Action]:
    if order.status == "B":
        yield action("approve", "fulfil", "NetSuite's own: delivered", order=order.number)
    yield action("approve", "bill", "NetSuite's own: billed", order=order.number)
    if dice.random() < 0.8:
        yield action(
            "collect",
            "pay",
            "NetSuite's own: paid",
            orders=[order.number],
            share="0.5" if dice.random() < 0.2 else None,
            date=_day(book, dice, young=False),
            reference=book.ids.payment_reference(),
        )


def _day(book: Book, dice: Random, *, young: bool) -> str:
    """Return the day on which a payment came in: after the bills, and never later than its entry."""
    last = book.month.collect_day
    first = last - YOUNG if young else book.month.approve_day + timedelta(days=1)
    day: date = first + timedelta(days=dice.randint(0, (last - first).days))
    return day.isoformat()


def _surplus(currency: str, dice: Random) -> str:
    amount = Decimal(dice.randint(2_000, 25_000)) / 100
    return f"{money(amount * (150 if currency == 'JPY' else 1), currency):f}"


def _share(share: Decimal) -> str | None:
    """Return a share as the plan writes it; the whole needs no word."""
    return None if share == 1 else f"{share:f}"
