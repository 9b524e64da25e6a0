"""What the integration's own package adds to the org: fields of a deal, balances of an account, financial documents."""

from __future__ import annotations

from sandbox.salesforce.field_kinds import currency_code, day, formula, key, look, money, numbered, text
from sandbox.salesforce.schema import Field, object_type

LATE = "Tieout_Balance__c > 0, NOT(ISBLANK(Tieout_Due_Date__c)), Tieout_Due_Date__c < TODAY()"
OVERDUE: tuple[Field, ...] = (
    formula("Tieout_Days_Overdue__c", "double", f"IF(AND({LATE}), TODAY() - Tieout_Due_Date__c, 0)", scale=0),
    formula("Tieout_Overdue__c", "boolean", f"AND({LATE})", default=False),
)
"""How long the balance has been overdue; both change overnight without a change of the record."""

DEAL_FIELDS: tuple[Field, ...] = (
    money("Tieout_Invoiced__c"),
    money("Tieout_Invoiced_Net__c"),
    money("Tieout_Paid__c"),
    money("Tieout_Credited__c"),
    money("Tieout_Balance__c"),
    text("Tieout_Invoice_Status__c", 40),
    text("Tieout_Payment_Status__c", 40),
    day("Tieout_Due_Date__c"),
    day("Tieout_Last_Payment_Date__c"),
    Field(name="Tieout_Status_Version__c", type="double", scale=0),
    *OVERDUE,
)
"""Fields of Opportunity that tell how far a deal is invoiced and paid, and which writing of them this is."""

ACCOUNT_BALANCE = object_type(
    "Tieout_Account_Balance__c",
    "a01",
    (
        numbered("AB-{000000}"),
        key("Tieout_Key__c", 80),
        look("Tieout_Account__c", "Account", "Tieout_Account__r", children="Tieout_Account_Balances__r"),
        text("Tieout_Customer__c", 80),
        money("Tieout_Balance__c"),
        money("Tieout_Overdue__c"),
        money("Tieout_Unapplied__c"),
        money("Tieout_Credit_Limit__c"),
        text("Tieout_Credit_Hold__c", 10),
        currency_code(),
        look("OwnerId", "User", "Owner"),
    ),
    label="Tieout Account Balance",
    plural="Tieout Account Balances",
    keys=("Tieout_Key__c", "Name"),
)
FINANCIAL = object_type(
    "Tieout_Financial__c",
    "a02",
    (
        numbered("FIN-{000000}"),
        key("Tieout_Key__c", 80),
        look("Tieout_Account__c", "Account", "Tieout_Account__r", children="Tieout_Financials__r"),
        look("Tieout_Opportunity__c", "Opportunity", "Tieout_Opportunity__r", children="Tieout_Financials__r"),
        text("Tieout_Type__c", 40),
        text("Tieout_Number__c", 80),
        text("Tieout_NetSuite_Id__c", 40),
        day("Tieout_Date__c"),
        day("Tieout_Due_Date__c"),
        text("Tieout_Status__c", 60),
        money("Tieout_Amount__c"),
        money("Tieout_Net__c"),
        money("Tieout_Balance__c"),
        text("Tieout_Invoice_Number__c", 80),
        Field(name="Tieout_Link__c", type="url", length=255),
        *OVERDUE,
        currency_code(),
        look("OwnerId", "User", "Owner"),
    ),
    label="Tieout Financial",
    plural="Tieout Financials",
    keys=("Tieout_Key__c", "Name"),
)
