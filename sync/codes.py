"""Every cause for which a record is held: its class, whose turn it is, and the usual way to mend it.

The reference page ``docs/reference/holds.md`` is checked against this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from journal.holds import HoldCause


@dataclass(frozen=True, slots=True)
class HoldCode:
    """One documented cause. ``class_`` groups causes by what heals them; ``owner`` is a key of ``[owners]``."""

    class_: str
    owner: str
    title: str
    fix: str


DATA = "data"
MAPPING = "mapping"
REFERENCE = "reference missing"
PERMISSION = "permission"
CONFLICT = "conflict"
APPROVAL = "approval"
RATE = "rate"
QUOTA = "quota"
REMOTE = "remote fault"
AMBIGUOUS = "ambiguous"
CLASSES: Mapping[str, str] = {
    DATA: "a record in Salesforce has to be corrected",
    MAPPING: "a mapping file has to be corrected",
    REFERENCE: "another record must exist first",
    PERMISSION: "Tieout's user lacks a right",
    CONFLICT: "a person must decide between two versions",
    APPROVAL: "a person must approve it",
    RATE: "too many requests at a time",
    QUOTA: "a limit of the other system is used up",
    REMOTE: "the other system refused, and its words must be read",
    AMBIGUOUS: "nobody knows yet whether a write happened",
}
"""The classes of holds, by what heals them."""

CODES: Mapping[str, HoldCode] = {
    "NO_ACCOUNT": HoldCode("data", "data", "the deal has no account", "Set the account on the opportunity."),
    "NO_LINES": HoldCode("data", "data", "the deal has no products", "Add the products to the opportunity."),
    "VALUE_MISSING": HoldCode("data", "data", "a needed value is empty", "Fill the field in Salesforce."),
    "VALUE_NOT_IN_TABLE": HoldCode(
        "mapping", "admin", "a value is not listed in the mapping's table", "Add the value to the table."
    ),
    "BAD_VALUE": HoldCode("data", "data", "a value cannot be used", "Correct the field in Salesforce."),
    "TOO_LONG": HoldCode("data", "data", "a text is too long for NetSuite", "Shorten it in Salesforce."),
    "NEGATIVE_LINE": HoldCode("data", "data", "a line is negative", "Enter the discount as the mapping expects."),
    "LINE_CURRENCY": HoldCode(
        "data", "data", "a line has another currency than its deal", "Correct the price book entry."
    ),
    "LINES_DIFFER": HoldCode(
        "data", "data", "the lines do not add up to the deal's amount", "Correct the lines in Salesforce."
    ),
    "ZERO_TOTAL": HoldCode("data", "data", "the order would be over nothing", "Enter the prices in Salesforce."),
    "RULE_HOLD": HoldCode("data", "data", "a rule of the mapping holds the deal", "See the rule's text."),
    "ITEM_NOT_FOUND": HoldCode(
        "reference missing",
        "data",
        "a product is no item in NetSuite",
        "Create the item, or add an alias to the mapping.",
    ),
    "ITEM_INACTIVE": HoldCode(
        "reference missing",
        "data",
        "a product's item is inactive in NetSuite",
        "Reactivate the item, or change the product.",
    ),
    "REFERENCE_NOT_FOUND": HoldCode(
        "reference missing", "admin", "a name is unknown in NetSuite", "Create it in NetSuite or correct the mapping."
    ),
    "CUSTOMER_HELD": HoldCode(
        "reference missing", "data", "the deal's customer is itself held", "Mend the customer's hold; the deal follows."
    ),
    "PARENT_HELD": HoldCode(
        "reference missing",
        "data",
        "the parent account's customer is held",
        "Mend the parent's hold; this one follows.",
    ),
    "PARENT_CYCLE": HoldCode(
        "data", "data", "the parent accounts form a circle or are too deep", "Correct Parent Account in Salesforce."
    ),
    "ACCOUNT_GONE": HoldCode(
        "data", "data", "the account was deleted or merged", "Restore the account, or set another one on the deal."
    ),
    "UNREADABLE_RECORD": HoldCode(
        "data", "admin", "the record holds something that Tieout cannot work with", "Look for an unusual value in it."
    ),
    "POISON_RECORD": HoldCode(
        "data",
        "admin",
        "working on the record ended Tieout's process, three times",
        "Look for something unusual in it, such as a very long text; correct it, or report it as a fault of Tieout.",
    ),
    "CUSTOMER_NEAR_MATCH": HoldCode(
        "conflict", "data", "a NetSuite customer has nearly this name", "Say whether it is the same company."
    ),
    "CUSTOMER_AMBIGUOUS": HoldCode(
        "conflict", "data", "several NetSuite customers have this name", "Say which one it is, or that none is."
    ),
    "STORED_ID_CONFLICT": HoldCode(
        "conflict", "data", "the stored NetSuite id does not fit", "Correct or empty the stored id."
    ),
    "POSSIBLE_DUPLICATE": HoldCode(
        "conflict", "finance", "an order that may be this deal's exists already", "Say whether it is this deal's."
    ),
    "EXTID_FOREIGN": HoldCode(
        "conflict", "admin", "our external id is on a record that Tieout did not write", "Clear it in NetSuite."
    ),
    "EXISTS_UNSEEN": HoldCode(
        "conflict",
        "data",
        "NetSuite says that it exists already, but shows no such record",
        "Look for a NetSuite record of that name; enter its id on the Salesforce record, or rename one of them.",
    ),
    "WRITE_IN_DOUBT": HoldCode(
        "ambiguous",
        "admin",
        "nobody can say whether a write arrived",
        "Nothing is sent again meanwhile. See why NetSuite cannot be read; the hold ends with the first clear answer.",
    ),
    "BINDING_CONFLICT": HoldCode(
        "conflict", "data", "the NetSuite record already belongs to another record", "Decide whose it is."
    ),
    "LOCKED_DOWNSTREAM": HoldCode(
        "conflict", "finance", "the deal changed after its order was approved", "Change the order in NetSuite."
    ),
    "IDENTITY_CHANGED": HoldCode(
        "conflict",
        "finance",
        "the deal went to another customer, currency or subsidiary after its order",
        "Take the change back, or cancel the order and enter the new one.",
    ),
    "ERP_DRIFT": HoldCode(
        "conflict", "finance", "the order was changed in NetSuite and the deal in Salesforce", "Settle on one version."
    ),
    "TARGET_VANISHED": HoldCode(
        "conflict", "finance", "the record that Tieout wrote is gone from NetSuite", "Restore it or cancel the deal."
    ),
    "AMOUNT_MISMATCH": HoldCode(
        "conflict", "finance", "NetSuite saved another amount than was sent", "Compare the lines in NetSuite."
    ),
    "ABOVE_CEILING": HoldCode(
        "approval", "finance", "the order is over more than the ceiling", "Check the amount and approve the plan."
    ),
    "REOPENED_AFTER_PUSH": HoldCode(
        "conflict",
        "finance",
        "the deal is no longer won, but its order lives",
        "Win the deal again, or cancel the order in NetSuite and credit what was billed.",
    ),
    "DELETED_AFTER_PUSH": HoldCode(
        "conflict",
        "finance",
        "the deal was deleted, but its order lives",
        "Restore the deal from the recycle bin, or cancel the order in NetSuite and credit what was billed.",
    ),
    "PERIOD_CLOSED": HoldCode(
        "conflict",
        "finance",
        "the invoice's date lies in a closed period",
        'Open the period, bill the order by hand in NetSuite, or set date = "first_open_period" in [jobs.invoices].',
    ),
    "INVOICE_REVERSED": HoldCode(
        "conflict",
        "finance",
        "an invoice that Tieout made was voided, rejected or deleted",
        "Bill the order by hand in NetSuite, or close the order there. Tieout never bills it a second time.",
    ),
    "BILLING_REFUSED": HoldCode(
        "remote fault",
        "finance",
        "NetSuite does not offer anything to bill",
        "See NetSuite's own words; bill the order by hand, or mend what they name.",
    ),
    "REMOTE_REJECTED": HoldCode("remote fault", "admin", "NetSuite refused the record", "See NetSuite's own words."),
    "WRITEBACK_REJECTED": HoldCode(
        "remote fault", "admin", "Salesforce refused the status", "See Salesforce's own words."
    ),
}


def hold(
    code: str,
    cause: str,
    *,
    fix: str | None = None,
    owner: str | None = None,
    class_: str | None = None,
    about: str = "",
    **detail: str,
) -> HoldCause:
    """Return the cause of a hold, completed from the table of codes.

    ``about`` is what holds with the same remedy share, where the detail does not say it.
    """
    known = CODES[code]
    return HoldCause(
        code=code,
        class_=class_ or known.class_,
        cause=cause,
        owner=owner or known.owner,
        fix=fix or known.fix,
        detail=detail,
        about=about,
    )
