"""How nouns become rows of Salesforce, in API field names. What the org computes from others is mostly left out."""

from __future__ import annotations

from collections.abc import Iterator

from sandbox.book.catalogue import STANDARD_BOOK
from sandbox.book.nouns import Account, Contact, Deal, Product, Rep
from sandbox.book.row import Row, number, salesforce_row, stamp


def user(rep: Rep) -> Iterator[Row]:
    """Yield the rep as a user."""
    yield salesforce_row(
        "User", Id=rep.id, Username=rep.email, FirstName=rep.first, LastName=rep.last, Email=rep.email, IsActive="true"
    )


def product(product: Product) -> Iterator[Row]:
    """Yield the product and its price book entries."""
    created = stamp(product.created)
    yield salesforce_row(
        "Product2",
        Id=product.id,
        Name=product.name,
        ProductCode=product.code,
        IsActive="true",
        Family=product.family,
        CreatedDate=created,
        SystemModstamp=created,
    )
    for currency, price in product.prices.items():
        yield salesforce_row(
            "PricebookEntry",
            Id=product.entries[currency],
            Pricebook2Id=STANDARD_BOOK,
            Product2Id=product.id,
            UnitPrice=number(price),
            IsActive="true",
            CurrencyIsoCode=currency,
            CreatedDate=created,
            SystemModstamp=created,
        )


def account(account: Account) -> Iterator[Row]:
    """Yield the account."""
    yield salesforce_row(
        "Account",
        Id=account.id,
        Name=account.name,
        ParentId=account.parent_id or "",
        Type=account.type,
        AccountNumber=account.number,
        Industry=account.industry,
        Phone=account.phone,
        Website=account.website,
        OwnerId=account.owner_id,
        CurrencyIsoCode=account.currency,
        BillingStreet=account.street,
        BillingCity=account.city,
        BillingState=account.state,
        BillingPostalCode=account.postal_code,
        BillingCountry=account.country,
        BillingCountryCode=account.country_code,
        netsuite_conn__NetSuite_Id__c=account.stored_id,
        Tieout_Billing_Email__c=account.billing_email,
        CreatedDate=stamp(account.created),
        SystemModstamp=stamp(account.modified),
    )


def contact(contact: Contact) -> Iterator[Row]:
    """Yield the contact."""
    yield salesforce_row(
        "Contact",
        Id=contact.id,
        AccountId=contact.account_id,
        FirstName=contact.first,
        LastName=contact.last,
        Email=contact.email,
        Phone=contact.phone,
        Title=contact.title,
        OwnerId=contact.owner_id,
        CreatedDate=stamp(contact.created),
        SystemModstamp=stamp(contact.created),
    )


def deal(deal: Deal) -> Iterator[Row]:
    """Yield the opportunity and its line items."""
    stamps = deal.stamps
    yield salesforce_row(
        "Opportunity",
        Id=deal.id,
        Name=deal.name,
        AccountId=deal.account_id,
        StageName=deal.stage,
        Amount=number(deal.net),
        CloseDate=deal.close_date.isoformat(),
        Type=deal.type,
        LeadSource=deal.lead_source,
        OwnerId=deal.owner_id,
        RecordTypeId=deal.record_type_id,
        Pricebook2Id=STANDARD_BOOK,
        CurrencyIsoCode=deal.currency,
        PO_Number__c=deal.po_number,
        PO_Required__c=_flag(deal.po_required),
        Payment_Terms__c=deal.terms,
        netsuite_conn__NetSuite_Id__c=deal.stored_id,
        Tieout_Sales_Order__c=stamps.order_number if stamps else "",
        Tieout_Sales_Order_Id__c=stamps.order_id if stamps else "",
        Tieout_Order_Status__c=stamps.order_status if stamps else "",
        Tieout_Sync_State__c=stamps.sync_state if stamps else "",
        CreatedDate=stamp(deal.created),
        LastStageChangeDate=stamp(deal.stage_changed),
        SystemModstamp=stamp(deal.modified),
    )
    yield from _line_items(deal)


def _line_items(deal: Deal) -> Iterator[Row]:
    for place, line in enumerate(deal.lines, 1):
        yield salesforce_row(
            "OpportunityLineItem",
            Id=line.id,
            OpportunityId=deal.id,
            PricebookEntryId=line.entry_id,
            Product2Id=line.product_id,
            Quantity=number(line.quantity),
            UnitPrice=number(line.price),
            Discount="" if line.discount is None else number(line.discount),
            TotalPrice=number(line.total),
            Description=line.description,
            SortOrder=str(place),
            CurrencyIsoCode=deal.currency,
            CreatedDate=stamp(deal.created),
            SystemModstamp=stamp(deal.stage_changed),
        )


def _flag(value: bool) -> str:
    return "true" if value else "false"
