"""The composition root: the only place that wires settings, connectors, mappings and journal together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from config.document import read_document
from config.load import load
from config.maps import base_document
from config.settings import JobSettings, Settings
from config.system import SystemClock, SystemRandom
from connectors import netsuite, salesforce
from console.state import opened_journal
from journal.database import exclusive
from mappings.conditions import Condition, compile_condition
from mappings.model import Mapping
from mappings.parse import parse
from sync.world import Observer, Silent, World

CUSTOMER_BASE = "order_to_cash/account_to_customer"
ORDER_BASE = "order_to_cash/opportunity_to_sales_order"


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the operator's files say, read and checked before anything else happens."""

    settings: Settings
    customer_mapping: Mapping
    order_mapping: Mapping
    scope: Condition | None


def declared(config: Path) -> Declared:
    """Read ``sync.toml`` and the mapping files.

    Raises:
        ConfigError, MappingError: with every fault found, each with file and line.
    """
    settings = load(config)
    return Declared(
        settings=settings,
        customer_mapping=_mapping(settings, settings.customers, CUSTOMER_BASE, "customer"),
        order_mapping=_mapping(settings, settings.orders, ORDER_BASE, "salesOrder"),
        scope=_scope(settings.orders),
    )


def _mapping(settings: Settings, job: JobSettings, base: str, target: str) -> Mapping:
    if job.mapping is None:
        return parse(base_document(base), base_document)
    return parse(read_document(job.mapping, _shown(settings, job.mapping)), base_document, target)


def _shown(settings: Settings, path: Path) -> str:
    """Return a file's name as the admin wrote it: from the folder of sync.toml."""
    folder = settings.path.parent
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else str(path)


def _scope(job: JobSettings) -> Condition | None:
    return None if job.scope is None else compile_condition(job.scope.text, job.scope.where)


@contextmanager
def opened_world(config: Path, observer: Observer | None = None, *, alone: bool = False) -> Iterator[World]:
    """Wire everything for one run; ``alone``: refuse while another process syncs on the same state."""
    found = declared(config)
    settings = found.settings
    clock, random = SystemClock(), SystemRandom()
    crm = salesforce.connect(settings.salesforce, clock=clock, random=random)
    erp = netsuite.connect(settings.netsuite, clock=clock, random=random)
    with opened_journal(settings) as journal, _lock(settings.state, alone=alone):
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
        )


@contextmanager
def _lock(state: Path, *, alone: bool) -> Iterator[None]:
    if not alone:
        yield
        return
    with exclusive(state):
        yield
