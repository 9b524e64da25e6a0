"""Sales reps, most of whom NetSuite knows as employees, and the small lists of NetSuite."""

from __future__ import annotations

from sandbox.book.book import Book
from sandbox.book.dice import Random
from sandbox.book.nouns import CURRENCIES, ListEntry, Rep
from sandbox.book.words import FIRST_NAMES, LAST_NAMES, PLACES

UNKNOWN_REPS = 2
"""Reps without an employee record: their orders carry no sales rep, which is a warning and no hold."""

_TAX = {"US": ("us_sales_tax", ""), "DE": ("vat", "19"), "GB": ("vat", "20"), "JP": ("vat", "10")}
_CURRENCY_NAMES = {"USD": "US Dollar", "EUR": "Euro", "GBP": "British Pound", "JPY": "Japanese Yen"}
_PLAIN_LISTS = {
    "term": ("Net 30", "Net 60", "Due on receipt"),
    "department": ("Sales", "Services"),
    "classification": ("Hardware", "Software", "Services"),
    "location": ("Austin", "Berlin", "Leeds", "Osaka"),
}


def add_people(book: Book, dice: Random) -> None:
    """Put the sales reps on the shelf."""
    firsts = dice.sample(FIRST_NAMES, min(book.shape.reps, len(FIRST_NAMES)))
    for index in range(book.shape.reps):
        first = firsts[index % len(firsts)]
        last = dice.choice(LAST_NAMES)
        known = index < book.shape.reps - UNKNOWN_REPS
        book.reps.put(
            Rep(
                id=book.ids.salesforce("User"),
                first=first,
                last=last,
                email=f"{first}.{_plain(last)}.{index + 1}@acme.example".lower(),
                employee_id=book.ids.netsuite("employee") if known else None,
            )
        )


def add_lists(book: Book) -> None:
    """Put NetSuite's lists on the shelf: subsidiaries with their tax regimes, currencies, terms and the like."""
    for number, place in enumerate(PLACES, 1):
        regime, rate = _TAX[place.code]
        _add(
            book,
            "subsidiary",
            number,
            name=place.subsidiary,
            currency=place.currency,
            country=place.code,
            taxRegime=regime,
            taxRate=rate,
        )
    for number, symbol in enumerate(CURRENCIES, 1):
        _add(book, "currency", number, symbol=symbol, name=_CURRENCY_NAMES[symbol])
    for type_, names in _PLAIN_LISTS.items():
        for number, name in enumerate(names, 1):
            _add(book, type_, number, name=name)


def _add(book: Book, type_: str, number: int, **columns: str) -> None:
    book.lists.put(ListEntry(type=type_, id=f"{type_}/{number}", columns=(("id", str(number)), *columns.items())))


def _plain(last: str) -> str:
    return last.replace("'", "").replace("ä", "ae")
