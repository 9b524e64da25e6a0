"""Puts field paths and NetSuite lists into words that a person in finance or sales uses."""

from __future__ import annotations

import re
from collections.abc import Mapping

KIND_NOUNS: Mapping[str, str] = {
    "item": "an item",
    "customer": "a customer",
    "subsidiary": "a subsidiary",
    "currency": "a currency",
    "employee": "an employee",
    "term": "a payment term",
    "department": "a department",
    "classification": "a class",
    "location": "a location",
}
PREFIXES = ("Product2.", "PricebookEntry.", "Opportunity.")
SPECIAL: Mapping[str, str] = {
    "CurrencyIsoCode": "Currency",
    "TotalPrice": "Total price",
    "AccountId": "Account",
    "ParentId": "Parent account",
    "Name": "Name",
}
WORD_EDGE = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def label(path: str) -> str:
    """Return a field path in words: ``Payment_Terms__c`` is ``Payment terms``, ``Owner.Email`` is ``Owner email``."""
    for prefix in PREFIXES:
        path = path.removeprefix(prefix)
    if path in SPECIAL:
        return SPECIAL[path]
    words = " ".join(_words(part) for part in path.split("."))
    return words[:1].upper() + words[1:]


def _words(part: str) -> str:
    bare = re.sub(r"__(c|r)\Z", "", part)
    words = [word for piece in bare.split("_") for word in WORD_EDGE.split(piece) if word]
    return " ".join(word if word.isupper() and len(word) > 1 else word.lower() for word in words)


def noun(kind: str) -> str:
    """Return what an entry of a NetSuite list is called, with its article: ``a payment term``."""
    return KIND_NOUNS.get(kind, f"a {kind}")
