"""What must show, where, on which record: the answer book against which a sync and a reconciliation are judged."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

Where = Literal["hold", "exception", "in_flight"]
Phase = Literal["first_sync", "last_sync", "reconcile"]

VERSION = 1
SYNC_BLOCKED = "SYNC_BLOCKED"
IN_FLIGHT = "IN_FLIGHT"
CUSTOMER_HELD = "CUSTOMER_HELD"


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Expected:
    """One thing that must show: a hold, or an exception or a timing difference of the reconciliation.

    Holds of phase ``first_sync`` stand from the first sync to the end, those of phase ``last_sync`` come with the
    sync after what people did in the weeks between.
    ``record`` is the 18-character id of the deal or account; for an order of ours without a deal it is the deal
    id that the order's external id names. ``label`` names the kind of defect, or of the clean book's labelled cases.
    """

    where: Where
    code: str
    record: str
    phase: Phase
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """How many kinds of defect the book holds and how often; ``by_kind`` counts each."""

    kinds: int
    items: int
    by_kind: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circle:
    """Deals to follow from won to paid.

    ``followed`` is the deal whose order Tieout bills whole and whose customer pays it alone and in full; None in a
    book without a sound deal. ``billed_by_hand`` are deals whose orders finance bills, wholly or in part.
    """

    followed: str | None
    billed_by_hand: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """The truth of one book. ``counts`` describe the populations after the edits of phase ``before``."""

    seed: int
    clean: bool
    now: str
    go_live: str
    expected: Sequence[Expected]
    counts: Mapping[str, int]
    planted: Planted
    labelled: Planted
    circle: Circle
    version: int = VERSION

    def to_json(self) -> str:
        """Return the content of ``truth.json``."""
        body: dict[str, Any] = asdict(self)
        head = {key: body.pop(key) for key in ("version", "seed", "clean", "now", "go_live")}
        return json.dumps(head | body, indent=1, ensure_ascii=False) + "\n"
