"""The fields of payments, credit memos, deposits, their applications and refunds, in schema order."""

from __future__ import annotations

from sandbox.netsuite.fields import fields

CUSTOMER_PAYMENT = fields("""
    createdDate:moment! lastModifiedDate:moment! customForm:ref[customForm] arAcct:ref[account]
    customer:ref[customer] balance:number! pending:number! currency:ref[currency] payment:number autoApply:flag
    tranDate:day tranId:text<=45 postingPeriod:ref[accountingPeriod] paymentMethod:ref[paymentMethod]
    ccIsPurchaseCardBin:flag memo:text<=999 ccProcessAsPurchaseCard:flag checkNum:text<=45 currencyName:text!
    exchangeRate:number creditCard:ref[creditCard] chargeIt:flag ccNumber:text ccExpireDate:day ccName:text
    ccStreet:text ccZipCode:text ccApproved:flag authCode:text ccAvsStreetMatch:code ccAvsZipMatch:code
    isRecurringPayment:flag ccSecurityCode:text ignoreAvs:flag ccSecurityCodeMatch:code threeDStatusCode:text
    pnRefNum:text creditCardProcessor:ref[creditCardProcessor] debitCardIssueNo:text validFrom:day undepFunds:flag
    account:ref[account] total:number! subsidiary:ref[subsidiary] applied:number! unapplied:number!
    class:ref[classification] department:ref[department] location:ref[location] paymentOption:ref[paymentOption]
    inputAuthCode:text inputReferenceCode:text checkNumber:text paymentCardCsc:text
    paymentProcessingProfile:ref[paymentProcessingProfile] handlingMode:code outputAuthCode:text
    outputReferenceCode:text paymentOperation:code dynamicDescriptor:text status:text!
    applyList:list[CustomerPaymentApply] creditList:list[CustomerPaymentCredit] depositList:absent
    accountingBookDetailList:absent customFieldList:custom
""")
"""tranCust:CustomerPayment (2025.2)."""

CUSTOMER_PAYMENT_APPLY = fields("""
    apply:flag doc:whole line:whole applyDate:day! job:text! type:text! refNum:text! total:number! due:number!
    currency:text! discDate:day! discAmt:number! disc:number amount:number
""")
"""tranCust:CustomerPaymentApply (2025.2)."""

CUSTOMER_PAYMENT_CREDIT = fields("""
    apply:flag doc:whole line:whole creditDate:day! type:text! refNum:text! appliedTo:text! total:number!
    due:number! currency:text! amount:number
""")
"""tranCust:CustomerPaymentCredit (2025.2)."""

CREDIT_MEMO = fields("""
    createdDate:moment! lastModifiedDate:moment! nexus:ref[nexus] subsidiaryTaxRegNum:ref[subsidiaryTaxRegNum]
    taxRegOverride:flag taxDetailsOverride:flag customForm:ref[customForm] currency:ref[currency]
    entity:ref[customer] vatRegNum:text tranDate:day tranId:text<=45 entityTaxRegNum:ref[entityTaxRegNum]
    taxPointDate:day createdFrom:ref[invoice] postingPeriod:ref[accountingPeriod] department:ref[department]
    class:ref[classification] location:ref[location] subsidiary:ref[subsidiary] job:ref[job] salesRep:ref[employee]
    partner:ref[partner] contribPct:text otherRefNum:text<=45 memo:text<=999 excludeCommission:flag
    leadSource:ref[leadSource] balance:number! account:ref[account] exchangeRate:number onCreditHold:text!
    amountPaid:number! salesEffectiveDate:day totalCostEstimate:number estGrossProfit:number!
    estGrossProfitPercent:number! currencyName:text! promoCode:ref[promoCode] amountRemaining:number!
    discountItem:ref[item] source:text! discountRate:text<=30 isTaxable:flag taxItem:ref[taxItem] taxRate:number
    unapplied:number! autoApply:flag applied:number! toBePrinted:flag toBeEmailed:flag email:text<=254
    toBeFaxed:flag fax:text messageSel:ref[messageSel] message:text billingAddress:address
    billAddressList:ref[billAddressList] shipMethod:ref[shipMethod] shippingCost:number shippingTax1Rate:number
    shippingTaxCode:ref[shippingTaxCode] handlingTaxCode:ref[handlingTaxCode] shippingTax2Rate:text
    handlingTax1Rate:number handlingTax2Rate:text handlingCost:number subTotal:number! discountTotal:number!
    revenueStatus:code! recognizedRevenue:number! deferredRevenue:number! revRecOnRevCommitment:flag
    taxTotal:number! tax2Total:number! altShippingCost:number! altHandlingCost:number! isMultiShipTo:flag
    total:number! salesGroup:ref[salesGroup] syncSalesTeams:flag status:text! giftCert:ref[giftCert]
    giftCertTotal:number giftCertApplied:number giftCertAvailable:number tranIsVsoeBundle:flag vsoeAutoCalc:flag
    syncPartnerTeams:flag salesTeamList:absent itemList:items[CreditMemoItem] accountingBookDetailList:absent
    partnersList:absent applyList:list[CreditMemoApply] taxDetailsList:absent customFieldList:custom
""")
"""tranCust:CreditMemo (2025.2)."""

CREDIT_MEMO_ITEM = fields("""
    job:ref[job] item:ref[item] orderLine:whole line:whole quantity:number description:text<=4000 binNumbers:text
    price:ref[priceLevel] rate:rate amount:number isTaxable:flag options:absent shipAddress:ref[shipAddress]
    shipCarrier:code shipMethod:ref[shipMethod] taxCode:ref[taxItem] taxRate1:number taxRate2:number tax1Amt:number!
    grossAmt:number! department:ref[department] class:ref[classification] location:ref[location]
    costEstimateType:code costEstimate:number taxDetailsReference:text revRecSchedule:ref[revRecSchedule]
    revRecStartDate:day revRecTermInMonths:whole revRecEndDate:day units:ref[units] inventoryDetail:absent
    serialNumbers:text deferRevRec:flag giftCertFrom:text giftCertRecipientName:text giftCertRecipientEmail:text
    giftCertMessage:text taxAmount:number giftCertNumber:text vsoeSopGroup:code vsoeIsEstimate:flag vsoePrice:number
    vsoeAmount:number vsoeAllocation:number vsoeDeferral:code vsoePermitDiscount:code vsoeDelivered:flag
    catchUpPeriod:ref[catchUpPeriod] chargeType:ref[chargeType] subscriptionLine:ref[subscriptionLine]
    chargesList:absent customFieldList:custom
""")
"""tranCust:CreditMemoItem (2025.2)."""

CREDIT_MEMO_APPLY = fields("""
    apply:flag doc:whole applyDate:day! job:text! type:text! refNum:text! total:number! due:number! currency:text!
    amount:number line:whole
""")
"""tranCust:CreditMemoApply (2025.2)."""

CUSTOMER_DEPOSIT = fields("""
    createdDate:moment! lastModifiedDate:moment! status:text! customer:ref[customer] salesOrder:ref[salesOrder]
    customForm:ref[customForm] payment:number currency:ref[currency] tranDate:day
    postingPeriod:ref[accountingPeriod] paymentMethod:ref[paymentMethod] ccIsPurchaseCardBin:flag memo:text<=999
    ccProcessAsPurchaseCard:flag currencyName:text! exchangeRate:number checkNum:text<=45
    creditCardProcessor:ref[creditCardProcessor] creditCard:ref[creditCard] ccSecurityCode:text ccNumber:text
    subsidiary:ref[subsidiary] department:ref[department] class:ref[classification] location:ref[location]
    paymentOption:ref[paymentOption] inputAuthCode:text inputReferenceCode:text checkNumber:text paymentCardCsc:text
    paymentProcessingProfile:ref[paymentProcessingProfile] handlingMode:code outputAuthCode:text
    outputReferenceCode:text paymentOperation:code dynamicDescriptor:text ccExpireDate:day debitCardIssueNo:text
    validFrom:day ccName:text ccStreet:text ccZipCode:text chargeIt:flag ccApproved:flag pnRefNum:text authCode:text
    ccAvsStreetMatch:code softDescriptor:text ccAvsZipMatch:code isRecurringPayment:flag ccSecurityCodeMatch:code
    threeDStatusCode:text ignoreAvs:flag account:ref[account] undepFunds:flag tranId:text<=45 applyList:absent
    accountingBookDetailList:absent salesOrderRequiredDepositDue:number! customFieldList:custom
""")
"""tranCust:CustomerDeposit (2025.2)."""

DEPOSIT_APPLICATION = fields("""
    createdDate:moment! lastModifiedDate:moment! arAcct:ref[account] status:text! customer>entity:ref[customer]
    tranDate:day postingPeriod:ref[accountingPeriod] deposit:ref[customerDeposit] depDate:day!
    currency:ref[currency] exchangeRate:number memo:text<=999 subsidiary:ref[subsidiary] total:number!
    department:ref[department] applied:number! class:ref[classification] unapplied:number! location:ref[location]
    tranId:text<=45 applyList:list[DepositApplicationApply] accountingBookDetailList:absent customFieldList:custom
""")
"""tranCust:DepositApplication (2025.2)."""

DEPOSIT_APPLICATION_APPLY = fields("""
    doc:whole line:whole apply:flag applyDate:day! job:text! type:text! refNum:text! total:number! due:number!
    currency:text! amount:number
""")
"""tranCust:DepositApplicationApply (2025.2)."""

CUSTOMER_REFUND = fields("""
    createdDate:moment! lastModifiedDate:moment! status:text! transactionNumber:text! customer:ref[customer]
    customForm:ref[customForm] balance:number! arAcct:ref[account] currencyName:text! exchangeRate:number
    total:number! currency:ref[currency] tranDate:day voidJournal:ref[voidJournal]
    postingPeriod:ref[accountingPeriod] memo:text<=999 paymentMethod:ref[paymentMethod] account:ref[account]
    toBePrinted:flag tranId:text<=45 debitCardIssueNo:text creditCardProcessor:ref[creditCardProcessor]
    chargeIt:flag pnRefNum:text validFrom:day subsidiary:ref[subsidiary] department:ref[department]
    class:ref[classification] location:ref[location] paymentOption:ref[paymentOption] inputAuthCode:text
    inputReferenceCode:text checkNumber:text paymentCardCsc:text
    paymentProcessingProfile:ref[paymentProcessingProfile] handlingMode:code outputAuthCode:text
    outputReferenceCode:text paymentOperation:code dynamicDescriptor:text creditCard:ref[creditCard]
    ccIsPurchaseCardBin:flag ccNumber:text ccProcessAsPurchaseCard:flag ccExpireDate:day ccName:text ccStreet:text
    ccZipCode:text ccApproved:flag applyList:list[CustomerRefundApply] depositList:list[CustomerRefundDeposit]
    accountingBookDetailList:absent payeeAddressList:ref[payeeAddressList] payeeAddress:address
    customFieldList:custom
""")
"""tranCust:CustomerRefund (2025.2)."""

CUSTOMER_REFUND_APPLY = fields("""
    apply:flag doc:whole line:whole applyDate:day! type:text! refNum:text! total:number! due:number! currency:text!
    amount:number
""")
"""tranCust:CustomerRefundApply (2025.2)."""

CUSTOMER_REFUND_DEPOSIT = fields("""
    apply:flag doc:whole line:whole depositDate:day! refNum:text! total:number! remaining:number! currency:text!
    amount:number
""")
"""tranCust:CustomerRefundDeposit (2025.2)."""
