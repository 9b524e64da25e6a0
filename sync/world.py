"""Everything a use case may touch, handed in from the composition root."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.settings import Settings
from connectors.ports import Clock, CrmReader, CrmWriter, ErpReader, ErpWriter, Random
from connectors.records import RecordRef
from journal.database import Journal
from mappings.conditions import Condition
from mappings.model import Mapping

NAMESPACE = "tieout"

ORDER_NUMBER = "Tieout_Sales_Order__c"
ORDER_ID = "Tieout_Sales_Order_Id__c"
ORDER_STATUS = "Tieout_Order_Status__c"
SYNC_STATE = "Tieout_Sync_State__c"
SYNC_ERROR = "Tieout_Sync_Error__c"
STATUS_FIELDS = (ORDER_NUMBER, ORDER_ID, ORDER_STATUS, SYNC_STATE, SYNC_ERROR)
"""The fields that Tieout owns on an opportunity."""

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

    def on(self, journal: Journal) -> World:
        """Return the same world over another journal (a plan works on a scratch copy)."""
        return replace(self, journal=journal)

    def now(self) -> datetime:
        """Return the machine's present moment; never used for remote stamps."""
        return self.clock.now()

    def ref(self, type_: str, id_: str) -> RecordRef:
        """Return the reference of a CRM record."""
        return RecordRef(connection=self.crm.connection, type=type_, id=id_)

    @property
    def mapping_sha(self) -> str:
        """The version of both mappings together."""
        return f"{self.customer_mapping.content_sha[:16]}-{self.order_mapping.content_sha[:16]}"


def customer_external_id(account_id: str) -> str:
    """Return the external id of an account's customer: derived, never random, for ever the same."""
    return f"{NAMESPACE}-cust-{account_id}"


def order_external_id(deal_id: str, doc_no: int = 1) -> str:
    """Return the external id of a deal's n-th sales order."""
    return f"{NAMESPACE}-so-{deal_id}" if doc_no == 1 else f"{NAMESPACE}-so-{deal_id}-{doc_no}"
