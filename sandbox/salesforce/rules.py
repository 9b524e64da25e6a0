"""What the org computes by itself: stage, amounts, line prices, names.

Salesforce help: "Opportunity Fields" and "Opportunity Product Fields"; the Amount of an opportunity with
products is the sum of their total prices, and a write to it is ignored.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from sandbox.salesforce.errors import RecordError
from sandbox.salesforce.objects import DEFAULT_CURRENCY, LINE_ITEM, MINOR_DIGITS, OPPORTUNITY, STAGES
from sandbox.salesforce.org import Org
from sandbox.salesforce.values import number
from sandbox.store import Body

HUNDRED = Decimal(100)


def places(currency: str | None) -> int:
    """Return the decimal places of a currency."""
    return MINOR_DIGITS.get(currency or DEFAULT_CURRENCY, 2)


def stage_values(stage: str, *, probability: bool = True) -> dict[str, Any]:
    """Return what follows from a stage; ``probability`` False keeps the one that was given."""
    percent, closed, won, category = STAGES[stage]
    values: dict[str, Any] = {"IsClosed": closed, "IsWon": won, "ForecastCategory": category}
    if probability:
        values["Probability"] = number(Decimal(percent), 0)
    return values


def opportunity_values(body: Body, changed: Mapping[str, Any], now: str) -> dict[str, Any]:
    """Return what the org adds to a change of an opportunity.

    Args:
        body: the opportunity with the change applied.
        changed: the fields that were named, with values that differ from before.
        now: wire form of the moment.
    """
    values: dict[str, Any] = {}
    if "StageName" in changed:
        values = stage_values(body["StageName"], probability="Probability" not in changed)
        values["LastStageChangeDate"] = now
    if body["Amount"] is not None:
        values["Amount"] = number(body["Amount"], places(body["CurrencyIsoCode"]))
    return values


def line_values(body: Body, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prices of a line: TotalPrice = Quantity x UnitPrice x (1 - Discount/100), rounded to the currency.

    Args:
        body: the line with the change applied.
        given: the fields that the write names. With TotalPrice given, UnitPrice follows from it.

    Raises:
        RecordError: both prices were given, neither is there, or the quantity is zero.
    """
    if given.get("TotalPrice") is not None and given.get("UnitPrice") is not None:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION", "field integrity exception: TotalPrice, UnitPrice (only one may be specified)",
            ["TotalPrice", "UnitPrice"],
        )  # fmt: skip
    if body["Quantity"] == 0:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION", "field integrity exception: Quantity must not be zero", ["Quantity"]
        )
    scale = places(body["CurrencyIsoCode"])
    factor = body["Quantity"] * (1 - (body["Discount"] or Decimal(0)) / HUNDRED)
    if given.get("TotalPrice") is not None:
        total = number(body["TotalPrice"], scale)
        return {"TotalPrice": total, "UnitPrice": number(total / factor, 6) if factor else Decimal("0.0")}
    if body["UnitPrice"] is None:
        raise RecordError("REQUIRED_FIELD_MISSING", "Required fields are missing: [UnitPrice]", ["UnitPrice"])
    return {"TotalPrice": number(factor * body["UnitPrice"], scale)}


def line_product(org: Org, body: Body) -> dict[str, Any]:
    """Return what a line takes from its price book entry, product and opportunity."""
    deal = org.get("Opportunity", body["OpportunityId"]) or {}
    entry = org.get("PricebookEntry", body["PricebookEntryId"] or "") or {}
    product_id = entry.get("Product2Id") or body["Product2Id"]
    product = org.get("Product2", product_id or "") or {}
    return {
        "CurrencyIsoCode": deal.get("CurrencyIsoCode") or DEFAULT_CURRENCY,
        "Product2Id": product_id,
        "ProductCode": product.get("ProductCode"),
        "Name": f"{deal.get('Name', '')} {product.get('Name') or ''}".strip()[:376],
        "ListPrice": entry.get("UnitPrice"),
    }


def check_entry(org: Org, body: Body) -> None:
    """Refuse a line whose price book entry is missing, inactive or of another currency than its opportunity."""
    entry = org.get("PricebookEntry", body["PricebookEntryId"] or "")
    if entry is None:
        raise RecordError(
            "REQUIRED_FIELD_MISSING", "Required fields are missing: [PricebookEntryId]", ["PricebookEntryId"]
        )
    deal = org.get("Opportunity", body["OpportunityId"]) or {}
    if entry["CurrencyIsoCode"] != deal.get("CurrencyIsoCode"):
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: PricebookEntryId (pricebook entry currency code does not match opportunity)",
            ["PricebookEntryId"],
        )
    if not entry["IsActive"]:
        raise RecordError(
            "FIELD_INTEGRITY_EXCEPTION",
            "field integrity exception: PricebookEntryId (pricebook entry is inactive)",
            ["PricebookEntryId"],
        )


def line_sum(org: Org, deal: Body) -> Decimal | None:
    """Return the sum of an opportunity's live lines, or None when it has none."""
    lines = org.live_children(LINE_ITEM.name, "OpportunityId", deal["Id"])
    if not lines:
        return None
    total = sum((line["TotalPrice"] for line in lines), Decimal(0))
    return number(total, places(deal["CurrencyIsoCode"]))


def roll_up(org: Org, deal_id: str, by: str) -> None:
    """Bring an opportunity in line with its lines; it is touched only when amount or line flag change.

    An opportunity that lost its last line keeps the amount that it had.
    """
    deal = org.get(OPPORTUNITY.name, deal_id)
    if deal is None or deal["IsDeleted"]:
        return
    total = line_sum(org, deal)
    values: dict[str, Any] = {"HasOpportunityLineItem": total is not None}
    if total is not None:
        values["Amount"] = total
    if any(deal[name] != value for name, value in values.items()):
        org.change(OPPORTUNITY, deal, values, by=by)


def full_name(body: Body) -> str:
    """Return a person's name as the org shows it."""
    return " ".join(part for part in (body["FirstName"], body["LastName"]) if part)
