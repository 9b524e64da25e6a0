"""Salesforce opportunities: won since go-live, won before it, open and lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import cycle, islice

from sandbox.book.accounts import relatives
from sandbox.book.book import Book
from sandbox.book.dice import Random, portions
from sandbox.book.lines import make_lines
from sandbox.book.nouns import CURRENCIES, Account, Deal, Line
from sandbox.book.words import DEAL_TYPES, LEAD_SOURCES, THEMES
from sandbox.ids import salesforce_id

DIRECT = salesforce_id("012", 1)
PARTNER = salesforce_id("012", 2)
"""Record types. Partner deals are never won in the book, so that a scope that excludes them changes nothing."""

OPEN_STAGES = ("Prospecting", "Qualification", "Proposal/Quote", "Negotiation/Review")
TERMS = ("30 days", "60 days", "Due on receipt")

BUYERS_SHARE = 0.58
SOLO_SHARE = 0.45
VETERANS_SHARE = 0.5
FOREIGN_SHARE = 0.05


def add_deals(book: Book, dice: Random) -> None:
    """Choose who buys, and put every deal on the shelf."""
    _choose_buyers(book, dice)
    for account in _early_buyers(book, dice):
        _add_won(book, dice, account, _day(dice, book.go_live - timedelta(days=90), book.go_live - timedelta(days=2)))
    for account in _spread(book, book.shape.won, dice):
        _add_won(book, dice, account, _day(dice, book.go_live + timedelta(days=1), book.now.date() - timedelta(days=1)))
    rest = book.shape.opportunities - book.shape.won - book.shape.won_before
    everyone = list(book.accounts)
    for index in range(rest):
        _add_unwon(book, dice, dice.choice(everyone), lost=index % 5 < 2)


def _choose_buyers(book: Book, dice: Random) -> None:
    everyone = [account.id for account in book.accounts]
    alone = [id_ for id_ in everyone if id_ not in relatives(book)]
    count = min(portions(len(everyone), BUYERS_SHARE, least=4), book.shape.won // 2)
    book.solo = dice.sample(alone, min(len(alone) - 1, portions(count, SOLO_SHARE, least=2)))
    others = [id_ for id_ in everyone if id_ not in set(book.solo)]
    book.buyers = book.solo + dice.sample(others, count - len(book.solo))


def _early_buyers(book: Book, dice: Random) -> Iterator[Account]:
    """Yield who bought before go-live: veterans, and for half of the deals that get no order somebody else."""
    regulars = book.buyers[len(book.solo) :]
    book.veterans = dice.sample(regulars, portions(len(regulars), VETERANS_SHARE, least=1))
    newer = [id_ for id_ in regulars if id_ not in set(book.veterans)] or book.veterans
    for index in range(book.shape.won_before):
        yield book.accounts[dice.choice(newer if index < book.shape.unmatched_before // 2 else book.veterans)]


def _spread(book: Book, count: int, dice: Random) -> Iterator[Account]:
    """Yield each buyer once and then only those that are not solo."""
    regulars = book.buyers[len(book.solo) :]
    dice.shuffle(regulars)
    for id_ in islice([*book.buyers, *islice(cycle(regulars), count)], count):
        yield book.accounts[id_]


def _add_won(book: Book, dice: Random, account: Account, day: date) -> None:
    changed = datetime.combine(day, time(14), UTC) + timedelta(seconds=dice.randint(0, 6 * 3600))
    po_number = book.ids.purchase_order(f"PO{account.number[1:]}") if dice.random() < 0.8 else ""
    _add(
        book,
        dice,
        account,
        stage="Closed Won",
        close_date=day,
        changed=changed,
        po_number=po_number,
        po_required=bool(po_number) and dice.random() < 0.3,
        terms=dice.choice(TERMS) if dice.random() < 0.92 else "",
    )


def _add_unwon(book: Book, dice: Random, account: Account, *, lost: bool) -> None:
    today = book.now.date()
    if lost:
        day = _day(dice, today - timedelta(days=200), today - timedelta(days=3))
        changed = datetime.combine(day, time(15), UTC) + timedelta(seconds=dice.randint(0, 3600))
        _add(book, dice, account, stage="Closed Lost", close_date=day, changed=changed)
    else:
        day = _day(dice, today + timedelta(days=5), today + timedelta(days=120))
        changed = book.latest - timedelta(seconds=dice.randint(86400, 60 * 86400))
        partner = dice.random() < 0.1
        _add(book, dice, account, stage=dice.choice(OPEN_STAGES), close_date=day, changed=changed, partner=partner)


def _add(
    book: Book,
    dice: Random,
    account: Account,
    *,
    stage: str,
    close_date: date,
    changed: datetime,
    po_number: str = "",
    po_required: bool = False,
    terms: str = "",
    partner: bool = False,
) -> None:
    currency = account.currency if dice.random() >= FOREIGN_SHARE else dice.choice(CURRENCIES)
    lines = _lines(book, dice, account, currency, none=stage == "Prospecting" and dice.random() < 0.5)
    modified = min(book.latest, changed + timedelta(seconds=dice.randint(0, 8 * 3600)))
    book.deals.put(
        Deal(
            id=book.ids.salesforce("Opportunity"),
            name=f"{account.name}: {dice.choice(THEMES)}",
            account_id=account.id,
            stage=stage,
            close_date=close_date,
            stage_changed=changed,
            created=changed - timedelta(seconds=dice.randint(10 * 86400, 90 * 86400)),
            modified=modified,
            type=dice.choice(DEAL_TYPES),
            lead_source=dice.choice(LEAD_SOURCES),
            owner_id=dice.choice(list(book.reps)).id,
            record_type_id=PARTNER if partner else DIRECT,
            currency=currency,
            lines=lines,
            amount=Decimal(dice.randint(2, 90) * 1000) if not lines else Decimal(0),
            po_number=po_number,
            po_required=po_required,
            terms=terms,
        )
    )


def _lines(book: Book, dice: Random, account: Account, currency: str, *, none: bool) -> tuple[Line, ...]:
    """Return lines whose sum is like no other of the customer's family."""
    if none:
        return ()
    family = book.family(account.id)
    while True:
        lines = make_lines(list(book.products), currency, book.ids, dice)
        net = sum((line.total for line in lines), Decimal(0))
        if book.ledger.free(family, currency, net):
            book.ledger.take(family, currency, net)
            return lines


def _day(dice: Random, first: date, last: date) -> date:
    return first + timedelta(days=dice.randint(0, (last - first).days))
