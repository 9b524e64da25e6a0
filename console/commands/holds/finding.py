"""Which holds a person means: by id, by key, by the record's id or address, or by an order's number."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from config.settings import Settings
from connectors.records import salesforce_id
from console.alerts.addresses import link
from journal import bindings, dismissals, holds
from journal.database import Tx
from journal.errors import JournalError
from journal.in_hand import POISON
from journal.nouns import (
    KIND_ACCOUNT_STATUS,
    KIND_CUSTOMER,
    KIND_INVOICE,
    KIND_ORDER,
    KIND_STATUS,
    Hold,
)
from sync.attempts import used_up

NOUNS = {
    KIND_CUSTOMER: "customer of account",
    KIND_INVOICE: "invoice of deal",
    KIND_STATUS: "status of deal",
    KIND_ACCOUNT_STATUS: "account rows of customer",
}
RECORD_ID = re.compile(r"(?<![A-Za-z0-9])(00[16][A-Za-z0-9]{15}|00[16][A-Za-z0-9]{12})(?![A-Za-z0-9])")
OWN_ID = re.compile(r"[0-9a-f]{10}([0-9a-f]{2})?\Z")


class UnknownHold(JournalError):
    """A text names no hold, or several; the message says how to name one."""


def named(tx: Tx, text: str) -> list[Hold]:
    """Return the open holds that a text means, the dismissed ones where there is no open one.

    Raises:
        UnknownHold: it means none.
    """
    found = _among(tx, text.strip(), holds.open_holds(tx)) or _among(tx, text.strip(), dismissals.all_of(tx))
    if found:
        return found
    past = _past(tx, text.strip())
    if past is not None:
        when, how, who = past
        raise UnknownHold(f"hold {text} is over since {when:.16} UTC: {how} ({who or 'tieout'}).")
    raise UnknownHold(
        f"{text!r} names no open hold. Write the id or key that `tieout holds list` prints, a record's id or address in"
        " Salesforce, or an order's number. Where a record stands that is not held, says `tieout trace`."
    )


def one(tx: Tx, text: str) -> Hold:
    """Return the one hold that a text means.

    Raises:
        UnknownHold: it means none, or several: a deal's order, invoice and status may each be held.
    """
    found = named(tx, text)
    if len(found) > 1:
        listed = ", ".join(f"{hold.id} ({noun(hold)}: {hold.code})" for hold in found)
        raise UnknownHold(f"{text!r} names {len(found)} holds: {listed}. Write the id of one.")
    return found[0]


def _among(tx: Tx, text: str, known: Sequence[Hold]) -> list[Hold]:
    if OWN_ID.match(text):
        return [hold for hold in known if text in (hold.id, hold.key)]
    record = RECORD_ID.search(text)
    ids = {salesforce_id(record.group(1))} if record else _by_number(tx, text)
    return [hold for hold in known if hold.source_id in ids]


def _by_number(tx: Tx, text: str) -> set[str]:
    every = [bound for kind in (KIND_ORDER, KIND_INVOICE, KIND_CUSTOMER) for bound in bindings.all_of(tx, kind)]
    return {bound.source_id for bound in every if text.casefold() in (str(bound.number).casefold(), bound.target_id)}


def _past(tx: Tx, text: str) -> tuple[str, str, str | None] | None:
    if not OWN_ID.match(text):
        return None
    return holds.ending(tx, text)


def noun(hold: Hold) -> str:
    """Return what of a record is held, such as ``order of deal``."""
    return NOUNS.get(hold.kind, "order of deal")


def content(settings: Settings, hold: Hold) -> dict[str, Any]:
    """Return a hold for JSON: with its address, what a person saw of it, and whether it is sent again by itself."""
    return {
        **asdict(hold),
        "owner_name": settings.owners.get(hold.owner, hold.owner),
        "url": link(settings, hold.kind, hold.source_id),
        "seen": dismissals.seen(hold),
        "used_up": used_up(hold, settings.holds),
    }


def next_try(settings: Settings, hold: Hold) -> str:
    """Return in words when a hold's record is sent again."""
    if hold.code == POISON:
        return "not by itself: worked on again once it or the mapping changes, or when you retry it"
    if not hold.content:
        return "not yet: every run looks at it anew, and sends it once its cause is gone"
    times = "once" if hold.tries == 1 else f"{hold.tries} times"
    return f"refused {times} as it is; next: {_next(settings, hold)}"


def _next(settings: Settings, hold: Hold) -> str:
    if used_up(hold, settings.holds):
        return "not by itself: change the record or the mapping, or retry it"
    if hold.retry_at is None:
        return "in the next run"
    return f"in the first run after {hold.retry_at:%Y-%m-%d %H:%M} UTC, at once if its content changes"
