"""Calculated fields, worked out at the moment of reading: what the org shows of a record on a given day.

Source: Salesforce help, "Formula Field Limits and Restrictions": formula fields are read-only, not stored, and
move no stamp when their value changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from sandbox.salesforce.schema import ObjectType
from sandbox.salesforce.values import number
from sandbox.store import Body


def days_overdue(body: Body, today: date) -> Decimal:
    """Return the days since the due date while a balance is open; 0 otherwise."""
    balance, due = body["Tieout_Balance__c"], body["Tieout_Due_Date__c"]
    late = balance is not None and balance > 0 and due is not None and due < today.isoformat()
    return number(Decimal((today - date.fromisoformat(due)).days if late else 0), 0)


def overdue(body: Body, today: date) -> bool:
    """Return whether a balance is open after its due date."""
    return days_overdue(body, today) > 0


RESULTS: Mapping[str, Callable[[Body, date], Any]] = {
    "Tieout_Days_Overdue__c": days_overdue,
    "Tieout_Overdue__c": overdue,
}
"""What a calculated field yields, by its name."""


def calculated(kind: ObjectType, body: Body, today: date) -> Body:
    """Return the body with the object's calculated fields as of that day; the given one stays as it is."""
    names = [name for name, field in kind.fields.items() if field.formula]
    return {**body, **{name: RESULTS[name](body, today) for name in names}} if names else body


def mentioned(kind: ObjectType, query: str) -> bool:
    """Return whether a query's text may read a calculated field of the object."""
    names = [field.name.lower() for field in kind.fields.values() if field.formula]
    text = query.lower()
    return bool(names) and ("fields(" in text.replace(" ", "") or any(name in text for name in names))
