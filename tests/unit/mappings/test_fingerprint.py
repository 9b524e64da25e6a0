from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest

from connectors.records import Payload, PayloadLine, Reference
from mappings.fingerprint import fingerprint

PAYLOAD = Payload(
    type="salesOrder",
    values={"memo": "Blue", "tranDate": date(2026, 11, 3), "entity": Reference(type="customer", id="10", name="A")},
    lines=(
        PayloadLine(key="a", values={"amount": Decimal("10.00"), "quantity": Decimal(1)}),
        PayloadLine(key="b", values={"amount": Decimal("5.50"), "quantity": Decimal(2)}),
    ),
    addresses=({"city": "Boston"},),
)


@pytest.mark.parametrize(
    "same",
    [
        replace(PAYLOAD, values=dict(reversed(PAYLOAD.values.items()))),
        replace(PAYLOAD, lines=tuple(reversed(PAYLOAD.lines))),
        replace(PAYLOAD, values={**PAYLOAD.values, "entity": Reference(type="customer", id="10", name="B")}),
        replace(PAYLOAD, clear=("terms",)),
        replace(PAYLOAD, lines=(replace(PAYLOAD.lines[0], line=7), PAYLOAD.lines[1])),
        replace(
            PAYLOAD,
            lines=(
                PayloadLine(key="a", values={"quantity": Decimal("1.0"), "amount": Decimal(10)}),
                PAYLOAD.lines[1],
            ),
        ),
    ],
)
def test_what_means_the_same_has_one_fingerprint(same: Payload) -> None:
    assert fingerprint(same) == fingerprint(PAYLOAD)


@pytest.mark.parametrize(
    "other",
    [
        replace(PAYLOAD, type="customer"),
        replace(PAYLOAD, values={**PAYLOAD.values, "memo": "blue"}),
        replace(PAYLOAD, values={**PAYLOAD.values, "tranDate": "2026-11-03"}),
        replace(PAYLOAD, values={**PAYLOAD.values, "entity": Reference(type="customer", id="11")}),
        replace(PAYLOAD, values={**PAYLOAD.values, "entity": Reference(type="customer", external_id="10")}),
        replace(PAYLOAD, lines=PAYLOAD.lines[:1]),
        replace(PAYLOAD, lines=(replace(PAYLOAD.lines[0], key="c"), PAYLOAD.lines[1])),
        replace(PAYLOAD, addresses=({"city": "Salem"},)),
    ],
)
def test_what_differs_has_another_fingerprint(other: Payload) -> None:
    assert fingerprint(other) != fingerprint(PAYLOAD)


def test_create_only_fields_and_addresses_can_be_left_out() -> None:
    other = replace(PAYLOAD, values={**PAYLOAD.values, "tranDate": date(2026, 12, 1)}, addresses=())
    exclude = frozenset({"tranDate", "addresses"})
    assert fingerprint(other, exclude) == fingerprint(PAYLOAD, exclude)
    assert fingerprint(other) != fingerprint(PAYLOAD)


def test_the_fingerprint_is_stable_between_releases() -> None:
    simple = Payload(type="salesOrder", values={"memo": "Blue", "rate": Decimal("1.50"), "flag": True})
    canonical = (
        '{"addresses":[],"lines":[],"type":"salesOrder","values":{"flag":true,"memo":"Blue","rate":{"number":"1.5"}}}'
    )
    assert fingerprint(simple) == hashlib.sha256(canonical.encode()).hexdigest()
