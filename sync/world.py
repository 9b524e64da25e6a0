"""Everything a use case may touch, handed in from the composition root."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.settings import Settings
from connectors.ports import Clock, CrmReader, CrmWriter, ErpReader, ErpWriter, Random
from connectors.records import RecordRef
from journal.database import Journal
from journal.in_hand import InHand, Nothing
from mappings.conditions import Condition
from mappings.model import Mapping

NAMESPACE = "tieout"

ORDER_NUMBER = "Tieout_Sales_Order__c"
ORDER_ID = "Tieout_Sales_Order_Id__c"
ORDER_STATUS = "Tieout_Order_Status__c"
SYNC_STATE = "Tieout_Sync_State__c"
SYNC_ERROR = "Tieout_Sync_Error__c"
STATUS_FIELDS = (ORDER_NUMBER, ORDER_ID, ORDER_STATUS, SYNC_STATE, SYNC_ERROR)
"""The fields that tell of a deal's order and its sync."""

INVOICED = "Tieout_Invoiced__c"
INVOICED_NET = "Tieout_Invoiced_Net__c"
PAID = "Tieout_Paid__c"
CREDITED = "Tieout_Credited__c"
BALANCE = "Tieout_Balance__c"
INVOICE_STATUS = "Tieout_Invoice_Status__c"
PAYMENT_STATUS = "Tieout_Payment_Status__c"
DUE_DATE = "Tieout_Due_Date__c"
LAST_PAYMENT = "Tieout_Last_Payment_Date__c"
RECEIVABLE_FIELDS = (
    INVOICED,
    INVOICED_NET,
    PAID,
    CREDITED,
    BALANCE,
    INVOICE_STATUS,
    PAYMENT_STATUS,
    DUE_DATE,
    LAST_PAYMENT,
)
"""The fields that tell of a deal's invoices and payments, where ``[jobs.status] receivables`` is on."""

STATUS_VERSION = "Tieout_Status_Version__c"
"""Grows with every write of a deal's status, so that an older status never passes for a newer one."""

FINANCIAL = "Tieout_Financial__c"
ACCOUNT_BALANCE = "Tieout_Account_Balance__c"
KEY = "Tieout_Key__c"
"""External id field of both child objects."""

DEAL = "Opportunity"
LINE = "OpportunityLineItem"
ACCOUNT = "Account"


class Observer(Protocol):
    """Is told how far a run has come; never influences it."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """``done`` of ``total`` records of a stage are through; ``total`` None while it is unknown."""


class Silent:
    """Tells nobody."""

    def progress(self, stage: str, done: int, total: int | None) -> None:
        """Say nothing."""


def never() -> bool:
    """Nobody asks a single run to stop."""
    return False


def unknown() -> None:
    """No answer has told the CRM's budget."""


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Settings, remote systems, journal, mappings, clock and random source of one run."""

    settings: Settings
    clock: Clock
    random: Random
    crm: CrmReader
    crm_writer: CrmWriter
    erp: ErpReader
    erp_writer: ErpWriter
    journal: Journal
    customer_mapping: Mapping
    order_mapping: Mapping
    scope: Condition | None
    observer: Observer
    invoice_mapping: Mapping | None = None
    stand_alone: Condition | None = None
    """Deals for which this holds become an invoice without an order."""
    wanted_stop: Callable[[], bool] = never
    """Whether the run is asked to end at the next safe place."""
    budget: Callable[[], tuple[int, int] | None] = unknown
    """The CRM's calls of the last 24 hours: used and allowed, where an answer told them."""
    in_hand: InHand = Nothing()
    """Remembers which record is being worked on, so that one which kills its worker is found out."""
    owner: str = "tieout"
    """Who claims records: two worlds with different owners over one journal are two workers."""
    acquired: int = 0
    """The fence under which records are taken in (:func:`journal.staging.take`); 0 over a scratch copy, without one."""

    def on(self, journal: Journal) -> World:
        """Return the same world over another journal (a plan works on a scratch copy)."""
        return replace(self, journal=journal, acquired=0)

    def now(self) -> datetime:
        """Return the machine's present moment; never used for remote stamps."""
        return self.clock.now()

    def ref(self, type_: str, id_: str) -> RecordRef:
        """Return the reference of a CRM record."""
        return RecordRef(connection=self.crm.connection, type=type_, id=id_)

    @property
    def mappings(self) -> tuple[Mapping, ...]:
        """The mappings in use."""
        own = (self.customer_mapping, self.order_mapping, self.invoice_mapping)
        return tuple(mapping for mapping in own if mapping is not None)

    @property
    def mapping_sha(self) -> str:
        """The version of all mappings together."""
        return "-".join(mapping.content_sha[:16] for mapping in self.mappings)

    @property
    def status_fields(self) -> tuple[str, ...]:
        """The fields of an opportunity that Tieout owns under these settings."""
        receivable = RECEIVABLE_FIELDS if self.settings.status.receivables else ()
        return (*STATUS_FIELDS, *receivable, STATUS_VERSION)


def customer_external_id(account_id: str) -> str:
    """Return the external id of an account's customer: derived, never random, for ever the same."""
    return f"{NAMESPACE}-cust-{account_id}"


def order_external_id(deal_id: str, doc_no: int = 1) -> str:
    """Return the external id of a deal's n-th sales order."""
    return f"{NAMESPACE}-so-{deal_id}" if doc_no == 1 else f"{NAMESPACE}-so-{deal_id}-{doc_no}"


def invoice_external_id(deal_id: str, doc_no: int = 1) -> str:
    """Return the external id of the n-th invoice that Tieout makes for a deal."""
    return f"{NAMESPACE}-inv-{deal_id}" if doc_no == 1 else f"{NAMESPACE}-inv-{deal_id}-{doc_no}"
