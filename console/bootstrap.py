"""The composition root: the only place that wires settings, connectors, mappings and journal together."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.document import read_document
from config.load import load
from config.maps import base_document
from config.settings import Located, Settings
from config.system import SystemClock, SystemRandom
from connectors import netsuite, salesforce
from connectors.ports import Clock, Random
from console.service.assembly import owner_name
from console.state import opened_for_writing
from journal import in_hand, leases
from journal.database import Journal
from mappings.conditions import Condition, compile_condition
from mappings.model import Mapping
from mappings.parse import parse
from sync.world import Observer, Silent, World, never

CUSTOMER_BASE = "order_to_cash/account_to_customer"
ORDER_BASE = "order_to_cash/opportunity_to_sales_order"
INVOICE_BASE = "order_to_cash/opportunity_to_invoice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the operator's files say, read and checked before anything else happens."""

    settings: Settings
    customer_mapping: Mapping
    order_mapping: Mapping
    scope: Condition | None
    invoice_mapping: Mapping | None = None
    stand_alone: Condition | None = None


def declared(config: Path) -> Declared:
    """Read ``sync.toml`` and the mapping files.

    Raises:
        ConfigError, MappingError: with every fault found, each with file and line.
    """
    settings = load(config)
    return Declared(
        settings=settings,
        customer_mapping=_mapping(settings, settings.customers.mapping, CUSTOMER_BASE, "customer"),
        order_mapping=_mapping(settings, settings.orders.mapping, ORDER_BASE, "salesOrder"),
        scope=_condition(settings.orders.scope),
        invoice_mapping=_invoice_mapping(settings),
        stand_alone=_condition(settings.invoices.stand_alone),
    )


def _invoice_mapping(settings: Settings) -> Mapping | None:
    """Only deals that become an invoice without an order need a mapping of their own."""
    if settings.invoices.stand_alone is None:
        return None
    return _mapping(settings, settings.invoices.mapping, INVOICE_BASE, "invoice")


def _mapping(settings: Settings, file: Path | None, base: str, target: str) -> Mapping:
    if file is None:
        return parse(base_document(base), base_document)
    return parse(read_document(file, _shown(settings, file)), base_document, target)


def _shown(settings: Settings, path: Path) -> str:
    """Return a file's name as the admin wrote it: from the folder of sync.toml."""
    folder = settings.path.parent
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _condition(text: Located | None) -> Condition | None:
    return None if text is None else compile_condition(text.text, text.where)


@contextmanager
def opened_world(
    config: Path,
    observer: Observer | None = None,
    *,
    alone: bool = False,
    clock: Clock | None = None,
    wanted_stop: Callable[[], bool] = never,
) -> Iterator[World]:
    """Wire everything for one run.

    Args:
        config: the file ``sync.toml``.
        observer: is told how far the run has come.
        alone: hold the lease of whatever writes, and refuse while another process has it. The service's jobs run
            under the lease that the service holds.
        clock: the machine's, unless the service follows another one.
        wanted_stop: whether the run is to end at the next safe place.
    """
    found = declared(config)
    settings = found.settings
    clock, random = clock or SystemClock(), SystemRandom()
    crm = salesforce.connect(settings.salesforce, clock=clock, random=random)
    erp = netsuite.connect(settings.netsuite, clock=clock, random=random)
    with (
        opened_for_writing(settings, clock, random, thorough=alone) as journal,
        _lease(journal, settings.state, clock, random, alone=alone) as lost,
        in_hand.opened(journal, settings.state, clock.now()) as hand,
    ):
        yield World(
            settings=settings,
            clock=clock,
            random=random,
            crm=crm.reader,
            crm_writer=crm.writer,
            erp=erp.reader,
            erp_writer=erp.writer,
            journal=journal,
            customer_mapping=found.customer_mapping,
            order_mapping=found.order_mapping,
            scope=found.scope,
            observer=observer or Silent(),
            invoice_mapping=found.invoice_mapping,
            stand_alone=found.stand_alone,
            wanted_stop=lambda: lost() or wanted_stop(),
            budget=crm.budget,
            in_hand=hand,
            owner=owner_name("tieout", random),
        )


@contextmanager
def _lease(journal: Journal, state: Path, clock: Clock, random: Random, *, alone: bool) -> Iterator[Callable[[], bool]]:
    """Hold the lease while the block runs; what is yielded says whether it was lost meanwhile."""
    if not alone:
        yield never
        return
    with leases.held(journal, state, leases.SYNC, owner_name("tieout", random), clock) as mine:
        yield lambda: mine.lost
