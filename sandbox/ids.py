"""Salesforce record ids: key prefix, counter in base 62, check characters.

Fifteen characters identify a record and differ by letter case; three check characters make the id safe
in systems that ignore case. Salesforce documentation: "18-character record IDs".
"""

from __future__ import annotations

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
CHECKS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"
POD = "Tt"
"""Two characters after the prefix, as a real org's instance code; they tell sandbox ids from real ones."""

PREFIXES = {
    "Account": "001",
    "Contact": "003",
    "User": "005",
    "Opportunity": "006",
    "OpportunityLineItem": "00k",
    "Organization": "00D",
    "RecordType": "012",
    "Pricebook2": "01s",
    "Product2": "01t",
    "PricebookEntry": "01u",
}
"""Key prefix by object."""


def salesforce_id(prefix: str, number: int) -> str:
    """Return the 18-character id of the prefix's nth record; ids of one prefix order as their numbers do.

    Raises:
        ValueError: the number has more than ten base-62 digits or is negative.
    """
    digits = []
    rest = number
    while rest > 0:
        rest, digit = divmod(rest, 62)
        digits.append(DIGITS[digit])
    if number < 0 or len(digits) > 10:
        raise ValueError(f"no Salesforce id for number {number}")
    return with_check(prefix + POD + "".join(reversed(digits)).rjust(10, "0"))


def number_of(id_: str) -> int:
    """Return the number that :func:`salesforce_id` made the id from (for a foreign id: its tail as a number)."""
    value = 0
    for char in id_[5:15]:
        value = value * 62 + DIGITS.index(char)
    return value


def with_check(base: str) -> str:
    """Return a 15-character id with its three check characters.

    Of each five characters, bit k of an index into ``A``-``Z``, ``0``-``5`` says whether character k is
    an upper-case letter.
    """
    checks = ""
    for start in (0, 5, 10):
        group = base[start : start + 5]
        checks += CHECKS[sum(1 << bit for bit, char in enumerate(group) if "A" <= char <= "Z")]
    return base + checks


def canonical(text: str) -> str | None:
    """Return the id in its 18-character form, or None when the text is no Salesforce id."""
    if len(text) not in (15, 18) or not text.isascii() or not text.isalnum():
        return None
    full = with_check(text[:15])
    if len(text) == 18 and full[15:] != text[15:]:
        return None
    return full
