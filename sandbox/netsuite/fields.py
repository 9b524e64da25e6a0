"""What a record's fields are: their names in schema order, kinds, limits and what they refer to.

One field is written ``name>stored:kind[target]<=limit!`` where ``!`` marks a field that only NetSuite sets and
``>stored`` names the key under which it is kept, when that is another.

=========  ====================================================  ==========================
kind       on the wire                                           kept as
=========  ====================================================  ==========================
text       xsd:string                                            text
code       an enumeration value such as ``_germany``             text
flag       xsd:boolean                                           true or false
number     xsd:double                                            number
rate       xsd:string holding a number                           number
whole      xsd:long                                              number
day        xsd:dateTime, the Pacific day counts                  ``2026-11-20``
moment     xsd:dateTime                                          ``2026-11-20T10:00:00Z``
ref        RecordRef to a record of the target type              its internal id
status     SalesOrderOrderStatus                                 its letter
address    Address                                               an object of its fields
items      the list of item lines of the target's XSD type       ``lines``
list       another list whose members have the target's type     by the record type's rules
book       CustomerAddressbookList                               ``addresses``
custom     CustomFieldList                                       one key per script id
absent     anything; the sandbox's account lacks the feature     not kept
=========  ====================================================  ==========================
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

SPEC = re.compile(
    r"(?P<name>\w+)(>(?P<stored>\w+))?:(?P<kind>\w+)(\[(?P<target>\w+)\])?(<=(?P<limit>\d+))?(?P<read_only>!)?"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of a record or of a sublist's line."""

    name: str
    kind: str
    target: str = ""
    limit: int | None = None
    read_only: bool = False
    stored: str = ""
    """The key under which the value is kept."""


def fields(text: str) -> Mapping[str, Field]:
    """Return the fields described by the blank-separated specifications, by name, in order.

    Raises:
        ValueError: a specification is malformed.
    """
    return {field.name: field for field in map(_field, text.split())}


def _field(spec: str) -> Field:
    match = SPEC.fullmatch(spec)
    if match is None:
        raise ValueError(f"bad field specification {spec!r}")
    limit = match["limit"]
    return Field(
        name=match["name"],
        kind=match["kind"],
        target=match["target"] or "",
        limit=int(limit) if limit else None,
        read_only=bool(match["read_only"]),
        stored=match["stored"] or match["name"],
    )


ADDRESS = fields("""
    internalId:text! country:code attention:text<=150 addressee:text<=150 addrPhone:text<=32 addr1:text<=150
    addr2:text<=150 addr3:text<=150 city:text<=50 state:text<=30 zip:text<=36 addrText:text! override:flag
    customFieldList:absent
""")
"""platformCommon:Address (2025.2)."""

ADDRESSBOOK = fields("""
    defaultShipping:flag defaultBilling:flag isResidential:flag label:text<=150 addressbookAddress:address
    internalId:text
""")
"""listRel:CustomerAddressbook (2025.2)."""

CUSTOMER = fields("""
    customForm:ref[customForm] entityId:text<=83 altName:text! isPerson:flag phoneticName:text<=99 salutation:text<=30
    firstName:text<=32 middleName:text<=32 lastName:text<=32 companyName:text<=83 entityStatus:ref[customerStatus]
    parent:ref[customer] phone:text<=32 fax:text<=32 email:text<=254 url:text<=999 defaultAddress:text! isInactive:flag
    category:ref[customerCategory] title:text<=99 printOnCheckAs:text<=83 altPhone:text<=32 homePhone:text<=32
    mobilePhone:text<=32 altEmail:text<=254 language:code comments:text<=4000 numberFormat:code
    negativeNumberFormat:code dateCreated:moment! image:ref[file] emailPreference:code subsidiary:ref[subsidiary]
    representingSubsidiary:ref[subsidiary] salesRep:ref[employee] territory:ref[territory] contribPct:text
    partner:ref[partner] salesGroup:ref[salesGroup] vatRegNumber:text<=20 accountNumber:text<=99 taxExempt:flag
    terms:ref[term] creditLimit:number creditHoldOverride:code monthlyClosing:code overrideCurrencyFormat:flag
    displaySymbol:text symbolPlacement:code balance:number! overdueBalance:number! daysOverdue:whole!
    unbilledOrders:number! consolUnbilledOrders:number! consolOverdueBalance:number! consolDepositBalance:number!
    consolBalance:number! consolAging:number! consolAging1:number! consolAging2:number! consolAging3:number!
    consolAging4:number! consolDaysOverdue:whole! priceLevel:ref[priceLevel] currency:ref[currency]
    prefCCProcessor:ref[paymentMethod] depositBalance:number! shipComplete:flag taxable:flag taxItem:ref[taxItem]
    resaleNumber:text<=20 aging:number! aging1:number! aging2:number! aging3:number! aging4:number! startDate:day
    alcoholRecipientType:code endDate:day reminderDays:whole shippingItem:ref[shipMethod] thirdPartyAcct:text
    thirdPartyZipcode:text thirdPartyCountry:code thirdPartyCarrier:code giveAccess:flag estimatedBudget:number
    accessRole:ref[role] sendEmail:flag assignedWebSite:ref[site] password:text password2:text requirePwdChange:flag
    campaignCategory:ref[campaignCategory] sourceWebSite:ref[site] leadSource:ref[leadSource]
    receivablesAccount:ref[account] drAccount:ref[account] fxAccount:ref[account] defaultOrderPriority:number
    webLead:text referrer:text keywords:text clickStream:text lastPageVisited:text visits:whole! firstVisit:moment!
    lastVisit:moment! billPay:flag openingBalance:number lastModifiedDate:moment! openingBalanceDate:day
    openingBalanceAccount:ref[account] stage:code emailTransactions:flag printTransactions:flag faxTransactions:flag
    defaultTaxReg:ref[taxRegistration] syncPartnerTeams:flag isBudgetApproved:flag globalSubscriptionStatus:code
    salesReadiness:ref[salesReadiness] salesTeamList:absent buyingReason:ref[buyingReason] downloadList:absent
    buyingTimeFrame:ref[buyingTimeFrame] addressbookList:book[CustomerAddressbook] subscriptionsList:absent
    contactRolesList:absent
    currencyList:absent creditCardsList:absent partnersList:absent groupPricingList:absent itemPricingList:absent
    taxRegistrationList:absent defaultAllocationStrategy:ref[allocationStrategy] customFieldList:custom
""")
"""listRel:Customer (2025.2)."""

SALES_ORDER = fields("""
    createdDate:moment! customForm:ref[customForm] entity:ref[customer] job:ref[job] currency:ref[currency]
    drAccount:ref[account] fxAccount:ref[account] tranDate:day tranId:text<=45 entityTaxRegNum:ref[taxRegistration]
    source:text! createdFrom:ref[transaction]! orderStatus:status nextBill>nextBillDate:day
    opportunity:ref[opportunity]
    salesRep:ref[employee] contribPct:text partner:ref[partner] salesGroup:ref[salesGroup] syncSalesTeams:flag
    leadSource:ref[leadSource] startDate:day endDate:day otherRefNum:text<=45 memo:text<=999 salesEffectiveDate:day
    excludeCommission:flag totalCostEstimate:number estGrossProfit:number! estGrossProfitPercent:number!
    exchangeRate:number promoCode:ref[promoCode] currencyName:text! discountItem:ref[item] discountRate:text<=30
    isTaxable:flag taxItem:ref[taxItem] taxRate:number toBePrinted:flag toBeEmailed:flag email:text<=254 toBeFaxed:flag
    fax:text<=32 messageSel:ref[message] message:text<=4000 paymentOption:ref[paymentOption] inputAuthCode:text
    inputReferenceCode:text checkNumber:text paymentCardCsc:text
    paymentProcessingProfile:ref[paymentProcessingProfile] handlingMode:code outputAuthCode:text
    outputReferenceCode:text paymentOperation:code dynamicDescriptor:text billingAddress:address
    billAddressList:ref[address] shippingAddress:address shipIsResidential:flag shipAddressList:ref[address]
    fob:text<=15 shipDate:day actualShipDate:day shipMethod:ref[shipMethod] shippingCost:number shippingTax1Rate:number
    isMultiShipTo:flag shippingTax2Rate:text shippingTaxCode:ref[taxItem] handlingTaxCode:ref[taxItem]
    handlingTax1Rate:number handlingTax2Rate:text handlingCost:number trackingNumbers:text linkedTrackingNumbers:text!
    shipComplete:flag paymentMethod:ref[paymentMethod] shopperIpAddress:text saveOnAuthDecline:flag
    canHaveStackable:flag creditCard:ref[creditCard] revenueStatus:code! recognizedRevenue:number!
    deferredRevenue:number! revRecOnRevCommitment:flag revCommitStatus:code! ccNumber:text ccExpireDate:day ccName:text
    ccStreet:text ccZipCode:text payPalStatus:text! creditCardProcessor:ref[paymentMethod] payPalTranId:text
    ccApproved:flag getAuth:flag authCode:text ccAvsStreetMatch:code ccAvsZipMatch:code isRecurringPayment:flag
    ccSecurityCodeMatch:code altSalesTotal:number ignoreAvs:flag paymentEventResult:code! paymentEventHoldReason:code!
    paymentEventType:code! paymentEventDate:moment! paymentEventUpdatedBy:text! subTotal:number! discountTotal:number!
    taxTotal:number! altShippingCost:number! altHandlingCost:number! total:number! revRecSchedule:ref[revRecSchedule]
    revRecStartDate:day revRecEndDate:day paypalAuthId:text balance:number! paypalProcess:flag
    billingSchedule:ref[billingSchedule] ccSecurityCode:text threeDStatusCode:text class:ref[classification]
    department:ref[department] subsidiary:ref[subsidiary] intercoTransaction:ref[transaction] intercoStatus:code
    debitCardIssueNo:text lastModifiedDate:moment! nexus:ref[nexus] subsidiaryTaxRegNum:ref[taxRegistration]
    taxRegOverride:flag taxPointDate:day taxDetailsOverride:flag location:ref[location] pnRefNum:text status:text!
    tax2Total:number! terms:ref[term] validFrom:day vatRegNum:text giftCertApplied:number! oneTime:number!
    recurWeekly:number! recurMonthly:number! recurQuarterly:number! recurAnnually:number! tranIsVsoeBundle:flag
    vsoeAutoCalc:flag syncPartnerTeams:flag salesTeamList:absent partnersList:absent giftCertRedemptionList:absent
    promotionsList:absent itemList:items[SalesOrderItem] shipGroupList:absent accountingBookDetailList:absent
    taxDetailsList:absent
    customFieldList:custom
""")
"""tranSales:SalesOrder (2025.2)."""

SALES_ORDER_ITEM = fields("""
    job:ref[job] subscription:ref[subscription] item:ref[item] quantityAvailable:number! expandItemGroup:flag
    lineUniqueKey:whole! quantityOnHand:number! quantity:number units:ref[units] inventoryDetail:absent
    description:text<=4000 price:ref[priceLevel] rate:rate serialNumbers:text amount:number isTaxable:flag
    commitInventory:code orderPriority:number licenseCode:text options:absent department:ref[department]
    class:ref[classification] location:ref[location] createPo:code createdPo:ref[transaction]! altSalesAmt:number
    createWo:flag poVendor:ref[vendor] poCurrency:text poRate:number revRecSchedule:ref[revRecSchedule]
    revRecStartDate:day revRecTermInMonths:whole revRecEndDate:day deferRevRec:flag isClosed:flag
    itemFulfillmentChoice:code catchUpPeriod:ref[accountingPeriod] billingSchedule:ref[billingSchedule] fromJob:flag
    grossAmt:number! taxAmount:number! excludeFromRateRequest:flag isEstimate:flag inventoryLocation:ref[location]
    inventorySubsidiary:ref[subsidiary] line:whole percentComplete:number! costEstimateType:code costEstimate:number
    quantityBackOrdered:number! quantityBilled:number! quantityCommitted:number! quantityFulfilled:number!
    quantityPacked:number! quantityPicked:number! tax1Amt:number! taxCode:ref[taxItem] taxRate1:number taxRate2:number
    giftCertFrom:text giftCertRecipientName:text giftCertRecipientEmail:text giftCertMessage:text giftCertNumber:text
    shipGroup:whole itemIsFulfilled:flag! shipAddress:ref[address] shipMethod:ref[shipMethod] vsoeSopGroup:code
    vsoeIsEstimate:flag vsoePrice:number vsoeAmount:number vsoeAllocation:number vsoeDeferral:code
    vsoePermitDiscount:code vsoeDelivered:flag expectedShipDate:day noAutoAssignLocation:flag
    locationAutoAssigned:flag! taxDetailsReference:text chargeType:ref[chargeType]
    orderAllocationStrategy:ref[allocationStrategy] requestedDate:day customFieldList:custom
""")
"""tranSales:SalesOrderItem (2025.2)."""

CURRENCY = fields("name:text symbol:text isBaseCurrency:flag isInactive:flag displaySymbol:text exchangeRate:number")
SUBSIDIARY = fields("name:text parent:ref[subsidiary] isInactive:flag state:text country:code currency:ref[currency]")
TERM = fields("name:text daysUntilNetDue:whole isInactive:flag")
SEGMENT = fields("name:text parent:ref[segment] isInactive:flag")
EMPLOYEE = fields("""
    entityId:text firstName:text lastName:text phone:text email:text isInactive:flag lastModifiedDate:moment!
    dateCreated:moment! department:ref[department] subsidiary:ref[subsidiary] isSalesRep:flag title:text
""")
ITEM = fields("""
    createdDate:moment! lastModifiedDate:moment! itemId:text displayName:text isInactive:flag
""")
"""The fields that the three kinds of sale items share, in an order that holds in each of them."""
