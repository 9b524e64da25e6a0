"""Defects of customers that are there before the first sync, each on an account with a single deal."""

from __future__ import annotations

from dataclasses import replace

from sandbox.book.defects.deals_before import NOBODYS_ID
from sandbox.book.defects.kind import Scene
from sandbox.book.erp import add_customer, address_of
from sandbox.book.labelled import add_near_name
from sandbox.book.likeness import normalised
from sandbox.book.names import without_legal_form
from sandbox.book.nouns import Account
from sandbox.book.words import REGIONS

LONGEST_NAME = 83
"""Characters that NetSuite keeps of a company's name."""
_UNSERVED = (("FR", "France"), ("IT", "Italy"), ("ES", "Spain"))


def unserved_country(scene: Scene, label: str) -> bool:
    """A customer moved to a country in which no subsidiary sells; NetSuite knows it, so only its deal is held."""
    deal = scene.solo_deal(linked=True)
    if deal is None:
        return False
    code, name = scene.dice.choice(_UNSERVED)
    scene.book.accounts.put(replace(scene.account(deal), country_code=code, country=name))
    scene.book.expect_hold(deal, "VALUE_NOT_IN_TABLE", label)
    return True


def long_name(scene: Scene, label: str) -> bool:
    """A new customer's name is longer than NetSuite's field."""
    deal = scene.solo_deal(linked=False)
    if deal is None:
        return False
    account = replace(scene.account(deal), name=_lengthened(scene, scene.account(deal).name))
    scene.book.accounts.put(account)
    scene.book.expect_customer_hold(account, "TOO_LONG", label)
    return True


def near_name(scene: Scene, label: str) -> bool:
    """NetSuite has a customer whose name is one letter away."""
    deal = scene.solo_deal(linked=False, fits=_in_proper_words)
    if deal is None:
        return False
    add_near_name(scene.book, scene.account(deal), scene.dice, label=label)
    return True


def ambiguous_name(scene: Scene, label: str) -> bool:
    """NetSuite has the customer twice, under two spellings of one name."""
    deal = scene.solo_deal(linked=False)
    if deal is None:
        return False
    account = scene.account(deal)
    bare = without_legal_form(account.name)
    for spelling in (bare.upper(), f"{bare}, {account.name.split()[-1]}."):
        add_customer(scene.book, spelling, address_of(account), account.currency)
    scene.book.expect_customer_hold(account, "CUSTOMER_AMBIGUOUS", label)
    return True


def stored_customer_of_nobody(scene: Scene, label: str) -> bool:
    """The account names a NetSuite customer that does not exist."""
    deal = scene.solo_deal(linked=False)
    if deal is None:
        return False
    account = replace(scene.account(deal), stored_id=NOBODYS_ID)
    scene.book.accounts.put(account)
    scene.book.expect_customer_hold(account, "STORED_ID_CONFLICT", label)
    return True


def _lengthened(scene: Scene, name: str) -> str:
    """Return a name that is too long and, for all its length, unlike every other."""
    bare, form = without_legal_form(name), name.split()[-1]
    while True:
        regions = scene.dice.sample(REGIONS, 7)
        longer = f"{bare} {' '.join(regions[:-1])} and {regions[-1]} Purchasing Association {form}"
        if not any(True for _ in scene.book.names.neighbours(normalised(longer))):
            scene.book.names.add(normalised(longer))
            return longer


def _in_proper_words(account: Account) -> bool:
    return len(without_legal_form(account.name)) <= LONGEST_NAME // 2
