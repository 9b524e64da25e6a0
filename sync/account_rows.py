"""The rows that Salesforce shows under an account: a balance for each currency, and every document. Pure.

One row for an invoice, one for each amount applied to it (a receipt may pay five deals), one for what is left of
a receipt, and one for a refund. A row whose reason is gone stays and says so, with an amount of zero.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from connectors.receivables import Application, Invoice, Receipt
from connectors.records import RecordUpsert, Value
from sync.rollup import NOTHING, AccountBalance
from sync.world import ACCOUNT_BALANCE, FINANCIAL, KEY

Row = Mapping[str, Value]
Link = Callable[[str, str], str | None]
"""Record type and NetSuite id to the address of the record's page, where there is one."""

KINDS = {
    "payment": "Payment",
    "deposit": "Deposit",
    "credit": "Credit Memo",
    "journal": "Journal",
    "write_off": "Write-off",
}
LEFT_OVER = {"CustPymt": "Unapplied Payment", "CustDep": "Unapplied Deposit", "CustCred": "Unapplied Credit"}
PAGES = {
    "CustPymt": "customerPayment",
    "CustDep": "customerDeposit",
    "CustCred": "creditMemo",
    "CustRfnd": "customerRefund",
    "DepAppl": "depositApplication",
    "Journal": "journalEntry",
}
GONE = "No longer applied"
WRITTEN: Mapping[str, Sequence[str]] = {
    ACCOUNT_BALANCE: (
        "Tieout_Account__c", "Tieout_Customer__c", "Tieout_Balance__c", "Tieout_Overdue__c", "Tieout_Unapplied__c",
        "Tieout_Credit_Limit__c", "Tieout_Credit_Hold__c",
    ),
    FINANCIAL: (
        "Tieout_Account__c", "Tieout_Opportunity__c", "Tieout_Type__c", "Tieout_Number__c", "Tieout_NetSuite_Id__c",
        "Tieout_Date__c", "Tieout_Due_Date__c", "Tieout_Status__c", "Tieout_Amount__c", "Tieout_Net__c",
        "Tieout_Balance__c", "Tieout_Invoice_Number__c", "Tieout_Link__c",
    ),
}  # fmt: skip
"""The fields that rows of each object fill, beside their key and, where the org has several, the currency."""

AMOUNTS = ("Tieout_Amount__c", "Tieout_Net__c", "Tieout_Balance__c", "Tieout_Overdue__c", "Tieout_Unapplied__c")


def balance_row(balance: AccountBalance, account_id: str, customer: str) -> RecordUpsert:
    """Return the row of one customer's balance in one currency."""
    key = f"bal-{balance.customer_id}-{balance.currency}"
    return RecordUpsert(
        type=ACCOUNT_BALANCE,
        key_field=KEY,
        key=key,
        values={
            "Tieout_Account__c": account_id,
            "CurrencyIsoCode": balance.currency,
            "Tieout_Customer__c": customer[:80],
            "Tieout_Balance__c": balance.balance,
            "Tieout_Overdue__c": balance.overdue,
            "Tieout_Unapplied__c": balance.unapplied,
            "Tieout_Credit_Limit__c": balance.credit_limit,
            "Tieout_Credit_Hold__c": balance.credit_hold,
        },
    )


def financial_rows(
    account_id: str,
    invoices: Sequence[Invoice],
    receipts: Iterable[Receipt],
    deal_of: Callable[[Invoice], str | None],
    link: Link,
) -> list[RecordUpsert]:
    """Return the rows of all documents of one account's customer."""
    rows = []
    for invoice in invoices:
        deal = deal_of(invoice)
        rows.append(_invoice(account_id, deal, invoice, link))
        rows += _applications(account_id, deal, invoice, link)
    for receipt in receipts:
        rows.append(_receipt(account_id, receipt, link))
    return rows


def says_nothing(row: RecordUpsert) -> bool:
    """Say whether a row only tells that nothing is left of a receipt: no news where nobody was told of a rest."""
    return row.values.get("Tieout_Type__c") in LEFT_OVER.values() and not row.values.get("Tieout_Amount__c")


def retired(row: Row) -> dict[str, Value]:
    """Return what a row says once its document or application is gone."""
    nothing: dict[str, Value] = {name: NOTHING for name in AMOUNTS if row.get(name) is not None}
    told: dict[str, Value] = {"Tieout_Status__c": GONE} if "Tieout_Status__c" in row else {}
    return {**row, **nothing, **told}


def _row(key: str, account_id: str, deal: str | None, values: dict[str, Value]) -> RecordUpsert:
    shared: dict[str, Value] = {
        "Tieout_Account__c": account_id,
        "Tieout_Opportunity__c": deal,
        "Tieout_Due_Date__c": None,
        "Tieout_Net__c": None,
        "Tieout_Balance__c": None,
        "Tieout_Invoice_Number__c": None,
    }
    return RecordUpsert(type=FINANCIAL, key_field=KEY, key=key, values=shared | values)


def _invoice(account_id: str, deal: str | None, invoice: Invoice, link: Link) -> RecordUpsert:
    counts = invoice.posted
    return _row(
        f"inv-{invoice.id}",
        account_id,
        deal,
        {
            "CurrencyIsoCode": invoice.currency,
            "Tieout_Type__c": "Invoice",
            "Tieout_Number__c": invoice.number[:80],
            "Tieout_NetSuite_Id__c": invoice.id,
            "Tieout_Date__c": invoice.date,
            "Tieout_Due_Date__c": invoice.due_date,
            "Tieout_Status__c": invoice.status_name,
            "Tieout_Amount__c": invoice.total if counts else NOTHING,
            "Tieout_Net__c": invoice.net if counts else NOTHING,
            "Tieout_Balance__c": invoice.unpaid if counts else NOTHING,
            "Tieout_Invoice_Number__c": invoice.number[:80],
            "Tieout_Link__c": link("invoice", invoice.id),
        },
    )


def _applications(account_id: str, deal: str | None, invoice: Invoice, link: Link) -> list[RecordUpsert]:
    """One row for each transaction and kind: a payment may settle an invoice by money and by discount."""
    grouped: dict[tuple[str, str], list[Application]] = {}
    for one in invoice.applications:
        grouped.setdefault((one.source_id, one.kind), []).append(one)
    return [
        _row(
            f"app-{invoice.id}-{source_id}-{kind}",
            account_id,
            deal,
            {
                "CurrencyIsoCode": invoice.currency,
                "Tieout_Type__c": KINDS[kind],
                "Tieout_Number__c": parts[0].source_number[:80],
                "Tieout_NetSuite_Id__c": source_id,
                "Tieout_Date__c": parts[0].date,
                "Tieout_Status__c": "Applied",
                "Tieout_Amount__c": sum((part.amount for part in parts), NOTHING),
                "Tieout_Invoice_Number__c": invoice.number[:80],
                "Tieout_Link__c": link(PAGES.get(parts[0].source_type, ""), source_id),
            },
        )
        for (source_id, kind), parts in grouped.items()
    ]


def _receipt(account_id: str, receipt: Receipt, link: Link) -> RecordUpsert:
    refund = receipt.type == "CustRfnd"
    amount = receipt.total if refund else receipt.unapplied
    status = "Voided" if receipt.voided else "On account" if receipt.counts else "Not approved"
    if refund and receipt.counts:
        status = "Refunded"
    elif receipt.counts and not receipt.unapplied:
        status = "Fully applied"
    return _row(
        f"{'ref' if refund else 'rem'}-{receipt.id}",
        account_id,
        None,
        {
            "CurrencyIsoCode": receipt.currency,
            "Tieout_Type__c": "Refund" if refund else LEFT_OVER[receipt.type],
            "Tieout_Number__c": receipt.number[:80],
            "Tieout_NetSuite_Id__c": receipt.id,
            "Tieout_Date__c": receipt.date,
            "Tieout_Status__c": status,
            "Tieout_Amount__c": amount if receipt.counts else NOTHING,
            "Tieout_Link__c": link(PAGES[receipt.type], receipt.id),
        },
    )
