"""Accounting periods: which one a day belongs to, closing them, and the refusal to post into a closed one."""

from __future__ import annotations

from calendar import month_abbr, monthrange
from datetime import date

from sandbox.netsuite.draft import Draft
from sandbox.netsuite.failure import RecordError, bad_reference, missing_value
from sandbox.netsuite.ledger import Ledger
from sandbox.store import Body

TYPE = "accountingPeriod"
CLOSED = (
    "The transaction date you specified is not within the date range of your accounting period, or the period is "
    "closed: {period}."
)
YEARS = range(2025, 2028)
"""The years whose months an account has as periods unless its book brings its own."""

SCHEDULES = ("Monthly", "Quarterly", "Annual in arrears")
"""The billing schedules that an account has unless its book brings its own."""

POSTING = ("tranDate", "postingPeriod", "total", "lines", "apply", "credits", "payment", "voided", "approvalStatus")
"""What of a posting document may not change while its period is closed."""


def ensure_lists(ledger: Ledger) -> None:
    """Give the account its standard periods and billing schedules where it has none."""
    store = ledger.store
    with store.transaction():
        if not store.ids(TYPE):
            for year in YEARS:
                for month in range(1, 13):
                    ledger.put(TYPE, standard_period(ledger, year, month))
        if not store.ids("billingSchedule"):
            for name in SCHEDULES:
                body = {"id": ledger.next_id("billingSchedule"), "externalId": None, "name": name, "isInactive": False}
                ledger.put("billingSchedule", body)


def standard_period(ledger: Ledger, year: int, month: int) -> Body:
    """Return a calendar month as an open period, with a fresh id."""
    last = monthrange(year, month)[1]
    return {
        "id": ledger.next_id(TYPE),
        "externalId": None,
        "periodName": f"{month_abbr[month]} {year}",
        "startDate": date(year, month, 1).isoformat(),
        "endDate": date(year, month, last).isoformat(),
        "isQuarter": False,
        "isYear": False,
        "closed": False,
        "arLocked": False,
        "closedOnDate": None,
    }


def period_of(ledger: Ledger, day: str) -> Body | None:
    """Return the period (no quarter, no year) that an ISO day lies in, or None."""
    for period in ledger.store.all(TYPE):
        if not period.get("isQuarter") and not period.get("isYear") and period["startDate"] <= day <= period["endDate"]:
            return period
    return None


def place(ledger: Ledger, base: Body | None, body: Body, draft: Draft, *, strict: bool) -> None:
    """Set a posting document's period by its date, unless one is given.

    Args:
        ledger: the account.
        base: the document as it is, or None for a new one.
        body: the document as it shall be; changed in place.
        draft: what the change says.
        strict: whether a closed period refuses; the user interface's user may override it.

    Raises:
        RecordError: the period, old or new, is closed or locked for receivables, or there is none.
    """
    moved = base is None or base.get("tranDate") != body.get("tranDate")
    if moved and not draft.values.get("postingPeriod"):
        found = period_of(ledger, body["tranDate"])
        body["postingPeriod"] = None if found is None else found["id"]
    if not strict or (base is not None and all(base.get(name) == body.get(name) for name in POSTING)):
        return
    for document in (base, body):
        if document is not None:
            _check_open(ledger, document)


def _check_open(ledger: Ledger, document: Body) -> None:
    period = ledger.peek(TYPE, str(document.get("postingPeriod")))
    if period is None or period.get("closed") or period.get("arLocked"):
        name = document["tranDate"] if period is None else period["periodName"]
        raise RecordError("CLOSED_TRAN_PRD", CLOSED.format(period=name))


def built(ledger: Ledger, base: Body | None, draft: Draft, *, strict: bool = True) -> Body:
    """Return the period that results from a settled draft; one that is closed is locked for receivables too.

    Raises:
        RecordError: name or dates are missing, or they are the wrong way round.
    """
    body: Body = {"isQuarter": False, "isYear": False, "closed": False, "arLocked": False, "closedOnDate": None}
    body |= {**(base or {}), **draft.values}
    for name in ("periodName", "startDate", "endDate"):
        if not body.get(name):
            raise missing_value(name)
    if body["endDate"] < body["startDate"]:
        raise bad_reference("endDate", str(body["endDate"]), "The period ends before it begins.")
    if body["closed"] and not (base or {}).get("closed"):
        body["arLocked"] = True
        body["closedOnDate"] = body.get("closedOnDate") or ledger.now()
    elif not body["closed"] and (base or {}).get("closed"):
        body["closedOnDate"] = None
        body["arLocked"] = bool(draft.values.get("arLocked"))
    return body


def added(ledger: Ledger, body: Body) -> Body:
    """Return a new period with its internal id, unless it has one."""
    return {"id": ledger.next_id(TYPE), "externalId": None, **body}
