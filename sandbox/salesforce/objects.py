"""The objects of the sandbox org: standard fields, plus the custom ones of its admin and of the integration."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from sandbox.ids import PREFIXES
from sandbox.salesforce.field_kinds import address, area, currency_code, flag, kept, look, pick, text
from sandbox.salesforce.objects_tieout import ACCOUNT_BALANCE, DEAL_FIELDS, FINANCIAL
from sandbox.salesforce.schema import Field, ObjectType, object_type

MINOR_DIGITS = {"JPY": 0}
"""Decimal places of a currency where they are not two (ISO 4217)."""
DEFAULT_CURRENCY = "USD"
CONVERSION_RATES: Mapping[str, Decimal] = {
    "USD": Decimal(1),
    "EUR": Decimal("0.92"),
    "GBP": Decimal("0.79"),
    "JPY": Decimal(150),
    "CHF": Decimal("0.88"),
    "CAD": Decimal("1.36"),
    "AUD": Decimal("1.52"),
}
"""Units of a currency for one unit of the org's default currency (the org's CurrencyType rates)."""
STANDARD_PRICEBOOK = "Standard Price Book"
STAGES: Mapping[str, tuple[int, bool, bool, str]] = {
    "Prospecting": (10, False, False, "Pipeline"),
    "Qualification": (25, False, False, "Pipeline"),
    "Proposal/Quote": (60, False, False, "BestCase"),
    "Negotiation/Review": (80, False, False, "BestCase"),
    "Closed Won": (100, True, True, "Closed"),
    "Closed Lost": (0, True, False, "Omitted"),
}
"""Stage name to (probability in percent, closed, won, forecast category)."""


USER = object_type(
    "User",
    PREFIXES["User"],
    (
        text("Username", 80, required=True),
        kept("Name", "string", 121),
        text("FirstName", 40),
        text("LastName", 80, required=True),
        Field(name="Email", type="email", length=128),
        flag("IsActive", default=True),
    ),
    keys=("Username", "Email", "Name"),
)
ACCOUNT = object_type(
    "Account",
    PREFIXES["Account"],
    (
        look("MasterRecordId", "Account", "MasterRecord"),
        text("Name", 255, required=True),
        pick("Type", "Prospect", "Customer - Direct", "Customer - Channel", "Partner", "Other"),
        look("ParentId", "Account", "Parent", children="ChildAccounts"),
        *address("Billing"),
        *address("Shipping"),
        Field(name="Phone", type="phone", length=40),
        Field(name="Fax", type="phone", length=40),
        text("AccountNumber", 40),
        Field(name="Website", type="url", length=255),
        pick("Industry", "Manufacturing", "Technology", "Retail", "Energy", "Other"),
        area("Description", 32000),
        currency_code(),
        look("OwnerId", "User", "Owner"),
        text("netsuite_conn__NetSuite_Id__c", 18),
        Field(name="Tieout_Billing_Email__c", type="email", length=80),
    ),
    keys=("Name", "AccountNumber"),
)
CONTACT = object_type(
    "Contact",
    PREFIXES["Contact"],
    (
        look("AccountId", "Account", "Account", children="Contacts"),
        text("LastName", 80, required=True),
        text("FirstName", 40),
        kept("Name", "string", 121),
        Field(name="Email", type="email", length=80),
        Field(name="Phone", type="phone", length=40),
        text("Title", 128),
        look("OwnerId", "User", "Owner"),
    ),
    keys=("Email", "Name"),
)
PRODUCT = object_type(
    "Product2",
    PREFIXES["Product2"],
    (
        text("Name", 255, required=True),
        text("ProductCode", 255),
        area("Description", 4000),
        flag("IsActive"),
        pick("Family", "None", "Hardware", "Software", "Services"),
        currency_code(),
    ),
    plural="Products",
    keys=("ProductCode", "Name"),
)
PRICEBOOK = object_type(
    "Pricebook2",
    PREFIXES["Pricebook2"],
    (text("Name", 255, required=True), flag("IsActive"), kept("IsStandard", "boolean", default=False)),
    plural="Price Books",
    keys=("Name",),
)
PRICEBOOK_ENTRY = object_type(
    "PricebookEntry",
    PREFIXES["PricebookEntry"],
    (
        look("Pricebook2Id", "Pricebook2", "Pricebook2", children="PricebookEntries", required=True),
        look("Product2Id", "Product2", "Product2", children="PricebookEntries", required=True),
        Field(name="UnitPrice", type="currency", scale=6, required=True),
        flag("IsActive"),
        currency_code(),
        kept("ProductCode", "string", 255),
    ),
    plural="Price Book Entries",
)
RECORD_TYPE = object_type(
    "RecordType",
    PREFIXES["RecordType"],
    (
        text("Name", 80, required=True),
        text("DeveloperName", 80, required=True),
        text("SobjectType", 40),
        flag("IsActive", default=True),
    ),
    keys=("DeveloperName", "Name"),
)
OPPORTUNITY = object_type(
    "Opportunity",
    PREFIXES["Opportunity"],
    (
        look("AccountId", "Account", "Account", children="Opportunities"),
        look("RecordTypeId", "RecordType", "RecordType"),
        text("Name", 120, required=True),
        area("Description", 32000),
        pick("StageName", *STAGES, restricted=True, required=True),
        Field(name="Amount", type="currency"),
        Field(name="Probability", type="percent", digits=3, scale=0),
        Field(name="CloseDate", type="date", required=True),
        pick("Type", "New Customer", "Existing Customer - Upgrade", "Existing Customer - Renewal"),
        text("NextStep", 255),
        pick("LeadSource", "Web", "Phone Inquiry", "Partner Referral", "Other"),
        kept("IsClosed", "boolean", default=False),
        kept("IsWon", "boolean", default=False),
        kept("ForecastCategory", "picklist", 40),
        currency_code(),
        look("Pricebook2Id", "Pricebook2", "Pricebook2"),
        kept("HasOpportunityLineItem", "boolean", default=False),
        look("OwnerId", "User", "Owner"),
        kept("LastStageChangeDate", "datetime"),
        text("PO_Number__c", 45),
        flag("PO_Required__c"),
        pick("Payment_Terms__c", "30 days", "60 days", "Due on receipt", restricted=True),
        text("netsuite_conn__NetSuite_Id__c", 18),
        text("Tieout_Sales_Order__c", 45),
        text("Tieout_Sales_Order_Id__c", 45),
        text("Tieout_Order_Status__c", 80),
        text("Tieout_Sync_State__c", 40),
        area("Tieout_Sync_Error__c", 1000),
        *DEAL_FIELDS,
    ),
    plural="Opportunities",
    keys=("Name",),
)
LINE_ITEM = object_type(
    "OpportunityLineItem",
    PREFIXES["OpportunityLineItem"],
    (
        Field(
            name="OpportunityId", type="reference", length=18, reference_to="Opportunity", relationship="Opportunity",
            children="OpportunityLineItems", required=True, updateable=False,
        ),
        Field(name="SortOrder", type="int", digits=9, scale=0),
        Field(
            name="PricebookEntryId", type="reference", length=18, reference_to="PricebookEntry",
            relationship="PricebookEntry", updateable=False,
        ),
        Field(name="Product2Id", type="reference", length=18, reference_to="Product2", relationship="Product2",
              updateable=False),
        kept("ProductCode", "string", 255),
        kept("Name", "string", 376),
        currency_code(),
        Field(name="Quantity", type="double", required=True),
        Field(name="Discount", type="percent", digits=5),
        Field(name="TotalPrice", type="currency"),
        Field(name="UnitPrice", type="currency", scale=6),
        kept("ListPrice", "currency"),
        Field(name="ServiceDate", type="date"),
        text("Description", 255),
    ),
    plural="Opportunity Products",
)  # fmt: skip
ORGANIZATION = object_type(
    "Organization",
    PREFIXES["Organization"],
    (text("Name", 80, required=True), flag("IsSandbox", default=True)),
    keys=("Name",),
)

OBJECTS: Mapping[str, ObjectType] = {
    item.name: item
    for item in (
        ORGANIZATION, USER, RECORD_TYPE, ACCOUNT, CONTACT, PRODUCT, PRICEBOOK, PRICEBOOK_ENTRY, OPPORTUNITY, LINE_ITEM,
        ACCOUNT_BALANCE, FINANCIAL,
    )
}  # fmt: skip
"""Every object by name, parents before children."""

_BY_LOWER = {name.lower(): item for name, item in OBJECTS.items()}


def find_object(name: str) -> ObjectType | None:
    """Return the object of that name, ignoring case, or None."""
    return _BY_LOWER.get(name.lower())
