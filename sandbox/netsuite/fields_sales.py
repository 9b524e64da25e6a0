"""The fields of invoices, fulfilments, journals, periods and billing schedules, in schema order."""

from __future__ import annotations

from sandbox.netsuite.fields import fields

INVOICE = fields("""
    createdDate:moment! lastModifiedDate:moment! nexus:ref[nexus] subsidiaryTaxRegNum:ref[subsidiaryTaxRegNum]
    taxRegOverride:flag taxDetailsOverride:flag customForm:ref[customForm] nextApprover:ref[nextApprover]
    entity:ref[customer] billingAccount:ref[billingAccount] recurringBill:flag tranDate:day tranId:text<=45
    entityTaxRegNum:ref[entityTaxRegNum] taxPointDate:day source:text! createdFrom:ref[salesOrder]
    postingPeriod:ref[accountingPeriod] opportunity:ref[opportunity] department:ref[department]
    class:ref[classification] terms:ref[term] location:ref[location] subsidiary:ref[subsidiary]
    currency:ref[currency] dueDate:day discountDate:day discountAmount:number salesRep:ref[employee] contribPct:text
    partner:ref[partner] leadSource:ref[leadSource] startDate:day endDate:day otherRefNum:text<=45 memo:text<=999
    salesEffectiveDate:day excludeCommission:flag totalCostEstimate:number estGrossProfit:number!
    estGrossProfitPercent:number! revRecSchedule:ref[revRecSchedule] revRecStartDate:day revRecEndDate:day
    amountPaid:number! amountRemaining:number! balance:number! account:ref[account] onCreditHold:text!
    exchangeRate:number currencyName:text! promoCode:ref[promoCode] discountItem:ref[item] discountRate:text<=30
    isTaxable:flag taxItem:ref[taxItem] taxRate:number toBePrinted:flag toBeEmailed:flag toBeFaxed:flag fax:text
    messageSel:ref[messageSel] message:text billingAddress:address billAddressList:ref[billAddressList]
    shippingAddress:address shipIsResidential:flag shipAddressList:ref[shipAddressList] fob:text shipDate:day
    shipMethod:ref[shipMethod] shippingCost:number shippingTax1Rate:number shippingTax2Rate:text
    shippingTaxCode:ref[shippingTaxCode] handlingTaxCode:ref[handlingTaxCode] handlingTax1Rate:number
    handlingCost:number handlingTax2Rate:text trackingNumbers:text linkedTrackingNumbers:text!
    salesGroup:ref[salesGroup] subTotal:number! canHaveStackable:flag revenueStatus:code! recognizedRevenue:number!
    deferredRevenue:number! revRecOnRevCommitment:flag syncSalesTeams:flag discountTotal:number! taxTotal:number!
    altShippingCost:number! altHandlingCost:number! total:number! status:text! job:ref[job]
    billingSchedule:ref[billingSchedule] email:text<=254 tax2Total:number! vatRegNum:text
    expCostDiscount:ref[expCostDiscount] itemCostDiscount:ref[itemCostDiscount] timeDiscount:ref[timeDiscount]
    expCostDiscRate:text itemCostDiscRate:text timeDiscRate:text expCostDiscAmount:number expCostTaxRate1:number
    expCostTaxRate2:number itemCostDiscAmount:number expCostTaxCode:ref[expCostTaxCode] expCostDiscTax1Amt:number
    itemCostTaxRate1:number timeDiscAmount:number itemCostTaxCode:ref[itemCostTaxCode] expCostDiscTaxable:flag
    itemCostDiscTaxable:flag itemCostTaxRate2:number itemCostDiscTax1Amt:number itemCostDiscPrint:flag
    timeDiscTaxable:flag timeTaxRate1:number expCostDiscPrint:flag timeTaxCode:ref[timeTaxCode] timeDiscPrint:flag
    giftCertApplied:number! timeDiscTax1Amt:number tranIsVsoeBundle:flag timeTaxRate2:number vsoeAutoCalc:flag
    syncPartnerTeams:flag salesTeamList:absent partnersList:absent itemList:items[InvoiceItem] itemCostList:absent
    giftCertRedemptionList:absent promotionsList:absent expCostList:absent timeList:absent shipGroupList:absent
    approvalStatus:ref[approvalStatus] accountingBookDetailList:absent taxDetailsList:absent installmentList:absent
    overrideInstallments:flag customFieldList:custom
""")
"""tranSales:Invoice (2025.2)."""

INVOICE_ITEM = fields("""
    job:ref[job] item:ref[item] line:whole description:text<=4000 amount:number isTaxable:flag options:absent
    subscriptionLine:ref[subscriptionLine] deferRevRec:flag quantity:number currentPercent:number units:ref[units]
    inventoryDetail:absent serialNumbers:text binNumbers:text price:ref[priceLevel] rate:rate percentComplete:number
    quantityOnHand:number! quantityAvailable:number! quantityOrdered:number! quantityRemaining:number!
    quantityFulfilled:number! amountOrdered:number! department:ref[department] orderLine:whole licenseCode:text
    class:ref[classification] location:ref[location] revRecSchedule:ref[revRecSchedule] revRecStartDate:day
    revRecEndDate:day grossAmt:number! costEstimateType:code costEstimate:number taxDetailsReference:text
    excludeFromRateRequest:flag catchUpPeriod:ref[catchUpPeriod] tax1Amt:number! taxCode:ref[taxItem]
    taxRate1:number taxRate2:number giftCertFrom:text giftCertRecipientName:text giftCertRecipientEmail:text
    giftCertMessage:text taxAmount:number giftCertNumber:text shipGroup:whole itemIsFulfilled:flag
    shipAddress:ref[shipAddress] shipMethod:ref[shipMethod] vsoeSopGroup:code vsoeIsEstimate:flag vsoePrice:number
    vsoeAmount:number vsoeAllocation:number vsoeDeferral:code vsoePermitDiscount:code vsoeDelivered:flag
    chargeType:ref[chargeType] chargesList:absent customFieldList:custom
""")
"""tranSales:InvoiceItem (2025.2)."""

ITEM_FULFILLMENT = fields("""
    createdDate:moment! lastModifiedDate:moment! customForm:ref[customForm] postingPeriod:ref[accountingPeriod]
    entity:ref[customer] createdFrom:ref[salesOrder] requestedBy:ref[requestedBy] createdFromShipGroup:whole
    partner:ref[partner] shippingAddress:absent pickedDate:day packedDate:day shippedDate:day shipIsResidential:flag
    shipAddressList:ref[shipAddressList] shipStatus:code saturdayDeliveryUps:flag sendShipNotifyEmailUps:flag
    sendBackupEmailUps:flag shipNotifyEmailAddressUps:text shipNotifyEmailAddress2Ups:text
    backupEmailAddressUps:text shipNotifyEmailMessageUps:text thirdPartyAcctUps:text thirdPartyZipcodeUps:text
    thirdPartyCountryUps:code thirdPartyTypeUps:code partiesToTransactionUps:flag exportTypeUps:code
    methodOfTransportUps:code carrierIdUps:text entryNumberUps:text inbondCodeUps:text
    isRoutedExportTransactionUps:flag licenseNumberUps:text licenseDateUps:day licenseExceptionUps:code
    eccNumberUps:text recipientTaxIdUps:text blanketStartDateUps:day blanketEndDateUps:day shipmentWeightUps:number
    saturdayDeliveryFedEx:flag saturdayPickupFedex:flag sendShipNotifyEmailFedEx:flag sendBackupEmailFedEx:flag
    signatureHomeDeliveryFedEx:flag shipNotifyEmailAddressFedEx:text backupEmailAddressFedEx:text shipDateFedEx:day
    homeDeliveryTypeFedEx:code homeDeliveryDateFedEx:day bookingConfirmationNumFedEx:text intlExemptionNumFedEx:text
    b13aFilingOptionFedEx:code b13aStatementDataFedEx:text thirdPartyAcctFedEx:text thirdPartyCountryFedEx:code
    thirdPartyTypeFedEx:code shipmentWeightFedEx:number termsOfSaleFedEx:code termsFreightChargeFedEx:number
    termsInsuranceChargeFedEx:number insideDeliveryFedEx:flag insidePickupFedEx:flag ancillaryEndorsementFedEx:code
    holdAtLocationFedEx:flag halPhoneFedEx:text halAddr1FedEx:text halAddr2FedEx:text halAddr3FedEx:text
    halCityFedEx:text halZipFedEx:text halStateFedEx:text halCountryFedEx:text hazmatTypeFedEx:code
    accessibilityTypeFedEx:code isCargoAircraftOnlyFedEx:flag tranDate:day tranId:text<=45
    shipMethod:ref[shipMethod] inventoryLocation:ref[inventoryLocation] generateIntegratedShipperLabel:flag
    shippingCost:number handlingCost:number memo:text<=999 transferLocation:ref[transferLocation] packageList:absent
    packageUpsList:absent packageUspsList:absent packageFedExList:absent itemList:items[ItemFulfillmentItem]
    accountingBookDetailList:absent customFieldList:custom
""")
"""tranSales:ItemFulfillment (2025.2)."""

ITEM_FULFILLMENT_ITEM = fields("""
    jobName:text itemReceive:flag itemName:text! description:text<=4000 department:ref[department]
    class:ref[classification] location:ref[location] onHand:number! quantity:number unitsDisplay:text createPo:text
    inventoryDetail:absent binNumbers:text serialNumbers:text poNum:text item:ref[item] orderLine:whole
    quantityRemaining:number! options:absent shipGroup:whole itemIsFulfilled:flag shipAddress:ref[shipAddress]
    shipMethod:ref[shipMethod] customFieldList:custom
""")
"""tranSales:ItemFulfillmentItem (2025.2)."""

ACCOUNTING_PERIOD = fields("""
    periodName:text<=100 parent:ref[accountingPeriod] startDate:day endDate:day fiscalCalendar:ref[fiscalCalendar]
    closedOnDate:moment! isAdjust:flag fiscalCalendarsList:absent isQuarter:flag isYear:flag closed:flag
    apLocked:flag arLocked:flag payrollLocked:flag allLocked:flag allowNonGLChanges:flag
""")
"""listAcct:AccountingPeriod (2025.2)."""

BILLING_SCHEDULE = fields("""
    scheduleType:code name:text<=60 recurrencePattern:code project:ref[project] initialAmount:text
    initialTerms:ref[initialTerms] frequency:code recurrenceDowMaskList:absent yearMode:code yearDowim:code
    yearDow:code yearDowimMonth:code yearMonth:code yearDom:whole monthMode:code monthDowim:code monthDow:code
    monthDom:whole dayPeriod:whole repeatEvery:code billForActuals:flag numberRemaining:whole inArrears:flag
    recurrenceTerms:ref[recurrenceTerms] isPublic:flag applyToSubtotal:flag transaction:ref[transaction]
    isInactive:flag seriesStartDate:day recurrenceList:absent milestoneList:absent
""")
"""listAcct:BillingSchedule (2025.2)."""

JOURNAL_ENTRY = fields("""
    postingPeriod:ref[accountingPeriod] tranDate:day currency:ref[currency] exchangeRate:number tranId:text<=45
    reversalDate:day reversalDefer:flag parentExpenseAlloc:ref[parentExpenseAlloc] isBookSpecific:flag
    accountingBook:ref[accountingBook] reversalEntry:text! createdFrom:ref[transaction]! department:ref[department]
    class:ref[classification] location:ref[location] subsidiary:ref[subsidiary] nexus:ref[nexus]
    subsidiaryTaxRegNum:ref[subsidiaryTaxRegNum] taxPointDate:day memo:text<=999 toSubsidiary:ref[toSubsidiary]
    approved:flag createdDate:moment! lastModifiedDate:moment! customForm:ref[customForm]
    lineList:list[JournalEntryLine] accountingBookDetailList:absent customFieldList:custom
""")
"""tranGeneral:JournalEntry (2025.2)."""

JOURNAL_ENTRY_LINE = fields("""
    account:ref[account] line:whole debit:number credit:number taxAccount:ref[taxAccount]
    lineTaxCode:ref[lineTaxCode] lineTaxRate:number debitTax:number creditTax:number taxBasis:number
    totalAmount:number taxCode:ref[taxItem] memo:text<=999 taxRate1:number entity:ref[customer] grossAmt:number
    department:ref[department] class:ref[classification] location:ref[location]
    revenueRecognitionRule:ref[revenueRecognitionRule] eliminate:flag schedule:ref[schedule] startDate:day
    endDate:day residual:text scheduleNum:ref[scheduleNum] tax1Amt:number tax1Acct:ref[tax1Acct]
    customFieldList:absent
""")
"""tranGeneral:JournalEntryLine (2025.2)."""
