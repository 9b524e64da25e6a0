"""Salesforce accounts, some of them in groups of up to three levels, with their contacts."""

from __future__ import annotations

from datetime import datetime, timedelta

from sandbox.book.book import Book
from sandbox.book.dice import Random, portions
from sandbox.book.names import company_name, offshoot_name, without_legal_form
from sandbox.book.nouns import Account, Address, Contact, Place
from sandbox.book.words import (
    CITIES,
    DOMAINS,
    FIRST_NAMES,
    INDUSTRIES,
    LAST_NAMES,
    PHONES,
    PLACE_WEIGHTS,
    PLACES,
    STREETS,
    TITLES,
)
from sandbox.ids import number_of

GROUPS_SHARE = 1 / 15


def add_accounts(book: Book, dice: Random) -> None:
    """Put groups of companies on the shelf first, then accounts that stand alone."""
    for _ in range(portions(book.shape.accounts, GROUPS_SHARE, least=1)):
        _add_group(book, dice)
    while len(book.accounts) < book.shape.accounts:
        place = dice.choices(PLACES, PLACE_WEIGHTS)[0]
        _add(book, dice, place, company_name(place.code, book.names, dice), parent=None)
    for account in book.accounts:
        for _ in range(dice.randint(1, 2)):
            _add_contact(book, dice, account)


def relatives(book: Book) -> set[str]:
    """Return the ids of accounts that have a parent or a child."""
    children = [account for account in book.accounts if account.parent_id is not None]
    return {account.id for account in children} | {account.parent_id for account in children if account.parent_id}


def _add_group(book: Book, dice: Random) -> None:
    place = dice.choices(PLACES, PLACE_WEIGHTS)[0]
    root = _add(book, dice, place, company_name(place.code, book.names, dice), parent=None)
    children = [_add_offshoot(book, dice, place, root, under=root) for _ in range(dice.randint(1, 2))]
    if dice.random() < 0.5:
        _add_offshoot(book, dice, place, root, under=children[0])


def _add_offshoot(book: Book, dice: Random, place: Place, root: Account, under: Account) -> Account:
    return _add(book, dice, place, offshoot_name(root.name, place.code, book.names, dice), parent=under)


def _add(book: Book, dice: Random, place: Place, name: str, *, parent: Account | None) -> Account:
    id_ = book.ids.salesforce("Account")
    domain = f"{_slug(name)}.{DOMAINS[place.code]}"
    created = past(book.latest, dice, 500, 120)
    address = make_address(place.code, dice)
    return book.accounts.put(
        Account(
            id=id_,
            name=name,
            parent_id=None if parent is None else parent.id,
            type="Customer",
            number=f"A{number_of(id_):05d}",
            industry=dice.choice(INDUSTRIES),
            phone=PHONES[place.code].format(dice.randint(0, 99), dice.randint(0, 999)),
            website=dice.choice((f"www.{domain}", f"https://{domain}", "")),
            owner_id=dice.choice(list(book.reps)).id,
            currency=place.currency,
            street=address.street,
            city=address.city,
            state=address.state,
            postal_code=address.postal_code,
            country=place.name,
            country_code=place.code,
            billing_email=f"ap@{domain}" if dice.random() < 0.85 else "",
            created=created,
            modified=past(book.latest, dice, 100, 1),
        )
    )


def _add_contact(book: Book, dice: Random, account: Account) -> None:
    first, last = dice.choice(FIRST_NAMES), dice.choice(LAST_NAMES)
    book.contacts.put(
        Contact(
            id=book.ids.salesforce("Contact"),
            account_id=account.id,
            first=first,
            last=last,
            email=f"{first}@{_slug(account.name)}.{DOMAINS[account.country_code]}".lower(),
            phone=account.phone,
            title=dice.choice(TITLES),
            owner_id=account.owner_id,
            created=account.created,
        )
    )


def make_address(country: str, dice: Random) -> Address:
    """Invent an address in the country."""
    city, state, postal_code = dice.choice(CITIES[country])
    street = _street(country, dice)
    return Address(street=street, city=city, state=state, postal_code=postal_code, country_code=country)


def past(latest: datetime, dice: Random, most_days: int, least_days: int) -> datetime:
    """Return a moment between so many days ago, in whole seconds."""
    seconds = dice.randint(least_days * 86400, most_days * 86400)
    return latest - timedelta(seconds=seconds)


def _street(country: str, dice: Random) -> str:
    street, number = dice.choice(STREETS[country]), dice.randint(1, 240)
    match country:
        case "DE":
            return f"{street} {number}"
        case "JP":
            return f"{number % 5 + 1}-{number % 20 + 1}-{number % 9 + 1} {street}"
        case "US" if number % 7 == 0:
            return f"{number} {street}\nSuite {number * 3}"
    return f"{number} {street}"


def _slug(name: str) -> str:
    table = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", " ": "-"})
    return without_legal_form(name).lower().translate(table)
