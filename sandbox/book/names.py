"""Invented company names, all of them clearly different, and the ways in which other people write them."""

from __future__ import annotations

from sandbox.book.dice import Random
from sandbox.book.likeness import LEGAL_FORMS, NEAR_FROM, NameIndex, likeness, normalised
from sandbox.book.words import HEADS, OFFSHOOTS, REGIONS, TAILS, TRADES
from sandbox.book.words import LEGAL_FORMS as LEGAL_FORMS_BY_COUNTRY

_TRIES = 60


def company_name(country: str, taken: NameIndex, dice: Random) -> str:
    """Invent a company of the country whose name resembles none of the taken ones, and take it."""
    tongue = country if country in HEADS else "EN"
    for attempt in range(10 * _TRIES):
        words = [dice.choice(HEADS[tongue]) + dice.choice(TAILS[tongue]), dice.choice(TRADES[tongue])]
        if attempt >= _TRIES:
            words.insert(1, dice.choice(REGIONS))
        name = " ".join([*words, dice.choice(LEGAL_FORMS_BY_COUNTRY[country])])
        if _take(name, taken):
            return name
    raise ValueError(f"no name left for another company in {country}: extend the word lists of sandbox.book.words")


def offshoot_name(parent: str, country: str, taken: NameIndex, dice: Random) -> str:
    """Name a company of the parent's group; a name of its own where every offshoot is taken."""
    for offshoot in dice.sample(OFFSHOOTS, len(OFFSHOOTS)):
        name = f"{without_legal_form(parent)} {offshoot} {dice.choice(LEGAL_FORMS_BY_COUNTRY[country])}"
        if len(name) <= 80 and _take(name, taken):
            return name
    return company_name(country, taken, dice)


def as_finance_writes(name: str, country: str, dice: Random) -> str:
    """Return the same company in another spelling that normalises to the same name."""
    bare = without_legal_form(name)
    form = dice.choice(LEGAL_FORMS_BY_COUNTRY[country])
    spellings = (name.upper(), f"{bare}, {form}.", f"{bare.upper()} {form}", bare, f"{bare}  {form}", name.lower())
    return dice.choice([spelling for spelling in spellings if spelling != name])


def misspelt(name: str, taken: NameIndex, dice: Random) -> str:
    """Return the name with one letter lost or doubled: near enough to ask, too different to match."""
    own = normalised(name)
    for _ in range(_TRIES):
        at = dice.randrange(1, name.index(" ") - 1)
        wrong = name[:at] + dice.choice(("", name[at] * 2)) + name[at + 1 :]
        near = normalised(wrong)
        others = [other for other, _ in taken.neighbours(near) if other != own]
        if near != own and likeness(near, own) >= NEAR_FROM and not others:
            taken.add(near)
            return wrong
    raise ValueError(f"{name!r} has no misspelling that resembles no other company")


def without_legal_form(name: str) -> str:
    """Return the name as written, without its legal form."""
    words = name.split()
    return " ".join(words[:-1]) if words[-1].casefold() in LEGAL_FORMS else name


def _take(name: str, taken: NameIndex) -> bool:
    key = normalised(name)
    if key in taken or any(True for _ in taken.neighbours(key)):
        return False
    taken.add(key)
    return True
