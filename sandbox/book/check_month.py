"""An independent look at finance's month: every action can be done when its turn comes, and none spoils a deal."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from sandbox.book.book import Book
from sandbox.book.clerk import ORDER_PREFIX
from sandbox.book.nouns import Order
from sandbox.book.standing import REPLAYS, Standing

UNAPPLIED_AFTER = timedelta(days=7)
"""Money on account is an exception from this age on."""
_PHASES = ("approve", "collect", "late")


def month(book: Book) -> Iterator[str]:
    """Yield the actions that cannot be done or that show something which the truth does not name."""
    if book.actions:
        for look in _LOOKS:
            yield from look(book)


def orders_exist(book: Book) -> Iterator[str]:
    """Yield actions on orders that nobody makes."""
    known = _standing(book)
    for step in book.actions:
        yield from (f"{step.op} of {order}: no such order" for order in step.orders if order not in known)


def every_order_is_approved(book: Book) -> Iterator[str]:
    """Yield orders of Tieout that are not approved exactly once, unless that is their case."""
    counts = Counter(step.text("order") for step in book.actions if step.op == "approve")
    unapproved = _expected(book, "ORDER_UNAPPROVED")
    for deal in book.ordered_deals():
        if counts[ORDER_PREFIX + deal.id] != (deal.id not in unapproved):
            yield f"order of deal {deal.id} is approved {counts[ORDER_PREFIX + deal.id]} times"


def steps_follow(book: Book) -> Iterator[str]:
    """Yield actions that come too early, take more than is open, or are forbidden by the order's case."""
    standing = _standing(book)
    phase = "approve"
    for step in book.actions:
        if _PHASES.index(step.phase) < _PHASES.index(phase):
            yield f"{step.op} of phase {step.phase} comes after phase {phase}"
        if step.phase != phase:
            phase = step.phase
            for order in standing.values():
                order.bill_the_rest()
        for name in step.orders:
            if name in standing and (problem := REPLAYS[step.op](standing[name], step)):
                yield f"{step.phase}: {step.op} of {name}: {problem}"


def one_payer(book: Book) -> Iterator[str]:
    """Yield payments over orders of several customers or currencies."""
    payers = {ORDER_PREFIX + deal.id: (deal.account_id, deal.currency) for deal in book.deals}
    for step in book.actions:
        if step.op == "pay" and len({payers.get(order, order) for order in step.orders}) != 1:
            yield f"one payment for {', '.join(step.orders)}"


def money_on_account(book: Book) -> Iterator[str]:
    """Yield payments that look entered twice, or lie on account for long, without that being their case."""
    accounts = {ORDER_PREFIX + deal.id: deal.account_id for deal in book.deals}
    references = Counter(step.text("reference") for step in book.actions if step.text("reference"))
    twice, aimless = _expected(book, "DUP_PAYMENT"), _expected(book, "UNAPPLIED_CASH")
    last = book.month.collect_day
    for step in book.actions:
        account = accounts.get(step.orders[0]) if step.orders else None
        if references[step.text("reference")] > 1 and account not in twice:
            yield f"reference {step.text('reference')} is on {references[step.text('reference')]} payments"
        if step.op in ("pay", "pay_on_account") and not step.text("reference"):
            yield f"{step.op} of {', '.join(step.orders)} has no reference"
        if step.op == "pay_on_account" or step.text("over"):
            day = date.fromisoformat(step.text("date") or last.isoformat())
            if last - day >= UNAPPLIED_AFTER and account not in aimless:
                yield f"{step.op} of {', '.join(step.orders)}: money of {day} on account"


def days(book: Book) -> Iterator[str]:
    """Yield documents dated in the future, or in a month that is closed when they are entered."""
    days = book.month
    for step in book.actions:
        if not step.text("date"):
            continue
        day = date.fromisoformat(step.text("date"))
        entered = days.approve_day if step.phase == "approve" else days.collect_day
        earliest = days.open_from if step.phase == "late" else days.approve_day
        if not earliest <= day <= entered:
            yield f"{step.phase}: {step.op} of {', '.join(step.orders)} is dated {day}"


def months_are_closed(book: Book) -> Iterator[str]:
    """Yield closings that are missing or are not the last thing of the phase, and deals won in a closed month."""
    for phase, name in (("approve", book.month.first_closed), ("collect", book.month.last_closed)):
        steps = [step for step in book.actions if step.phase == phase]
        closed = [step for step in steps if step.op == "close_period"]
        if [step.text("name") for step in closed] != [name] or steps[-1] is not closed[0]:
            yield f"phase {phase} does not end with closing {name}"
    if book.month.first_closed == book.month.last_closed:
        yield f"{book.month.first_closed} is closed twice"


def edited_orders_are_unbilled(book: Book) -> Iterator[str]:
    """Yield orders that somebody edits at the end although they are billed."""
    scheduled = {step.text("order") for step in book.actions if step.op == "schedule"}
    for edit in book.edits:
        order = (edit.match or {}).get("externalId")
        if edit.phase == "after" and edit.system == "netsuite" and order not in scheduled | {None}:
            yield f"{edit.label}: order {order} is billed before"


def account_cases(book: Book) -> Iterator[str]:
    """Yield accounts with several cases of their own, or without an order that makes them a customer."""
    labels: defaultdict[str, set[str]] = defaultdict(set)
    for code in book.expected:
        if code.where == "exception" and code.record in book.accounts:
            labels[code.record].add(code.label)
    buying = {deal.account_id for deal in book.ordered_deals()}
    for account, kinds in labels.items():
        if len(kinds) > 1:
            yield f"account {account} has the cases {', '.join(sorted(kinds))}"
        if account not in buying:
            yield f"account {account} has a case and no order"


_LOOKS: tuple[Callable[[Book], Iterable[str]], ...] = (
    orders_exist, every_order_is_approved, steps_follow, one_payer, money_on_account, days, months_are_closed,
    edited_orders_are_unbilled, account_cases,
)  # fmt: skip


def _standing(book: Book) -> dict[str, Standing]:
    """Return each order that exists after the first sync as it stands then."""
    late = _expected(book, "FULFILLED_NOT_BILLED")
    ours = {
        ORDER_PREFIX + deal.id: Standing(
            goods=bool(book.goods(deal)),
            services=len(book.goods(deal)) < len(deal.lines),
            may_be_late=deal.id in late,
        )
        for deal in book.ordered_deals()
    }
    asked_for = {order_id for deal_id, order_id in book.pairs if book.in_scope(book.deals[deal_id])}
    return ours | {order.number: _of_finance(book, order) for order in book.orders if order.id not in asked_for}


def _of_finance(book: Book, order: Order) -> Standing:
    goods = {item.code for item in book.items if item.goods}
    delivered = [line for line in order.lines if line.item in goods]
    services = len(delivered) < len(order.lines)
    return Standing(
        goods=bool(delivered),
        services=services,
        approved=True,
        billable=Decimal(services),
        billed_by_tieout=False,
    )


def _expected(book: Book, code: str) -> set[str]:
    return {one.record for one in book.expected if one.where == "exception" and one.code == code}
