"""Reads ``sync.toml`` into :class:`config.settings.Settings`; every key is typed and checked, unknown ones refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

from config import load_connections, load_jobs, load_service, values
from config.document import read_document
from config.origin import Origin
from config.reading import Faults, Table
from config.settings import Company, Settings

STATE = "state/tieout.db"


def load(path: Path, environ: Mapping[str, str] | None = None) -> Settings:
    """Read the operator's configuration.

    Args:
        path: the file ``sync.toml``; relative paths inside it start from its folder.
        environ: when given, every ``env:`` secret must name one of its variables. Secrets are not read here.

    Raises:
        ConfigError: with every fault of the file, each with ``file:line`` and how to mend it.
    """
    path = path.absolute()
    # A file that is there is named as the operator calls it; one that is not, with the folder that was searched.
    document = read_document(path, path.name if path.is_file() else str(path))
    faults = Faults()
    settings = _settings(Table(document, (), faults, document.values), Origin(path, environ))
    faults.raise_if_any()
    return settings


def _settings(root: Table, origin: Origin) -> Settings:
    connections, jobs, state = root.table("connections"), root.table("jobs"), root.table("state")
    company = _company(root.table("company"))
    owners = _owners(root.table("owners"))
    settings = Settings(
        path=origin.path,
        company=company,
        salesforce=load_connections.salesforce(connections.table("salesforce"), origin),
        netsuite=load_connections.netsuite(connections.table("netsuite"), origin),
        customers=load_jobs.customers(jobs.table("customers"), origin),
        orders=load_jobs.orders(jobs.table("orders"), origin),
        invoices=load_jobs.invoices(jobs.table("invoices"), origin),
        status=load_jobs.status(jobs.table("status")),
        reconcile=load_jobs.reconcile(root.table("reconcile"), jobs.table("reconcile"), origin),
        guard=load_service.guard(root.table("guard")),
        alerts=load_service.alerts(root.table("alerts"), origin, owners),
        service=load_service.service(root.table("service")),
        holds=load_service.holds(root.table("holds")),
        state=origin.inside(state.text("path", STATE)),
        database=origin.optional_secret(state, "url"),
        owners=owners,
    )
    for table in (root, connections, jobs, state):
        table.close()
    return settings


def _company(table: Table) -> Company:
    table.need("time_zone", '"America/New_York"')
    table.need("go_live", "2026-11-01")
    company = Company(
        time_zone=table.read("time_zone", "UTC", values.zone),
        go_live=table.day("go_live", date.max),
        name=table.text("name", "Company"),
    )
    table.close()
    return company


def _owners(table: Table) -> dict[str, str]:
    return {key: table.text(key, "") for key in table.found}
