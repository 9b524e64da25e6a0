"""Reads ``sync.toml`` into :class:`config.settings.Settings`; every key is typed and checked, unknown ones refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from config import values
from config.document import TomlDocument, read_document
from config.reading import Faults, Table
from config.secrets import SecretRef
from config.settings import (
    Company,
    JobSettings,
    Located,
    NetSuiteSettings,
    ReconcileSettings,
    SalesforceSettings,
    Settings,
    StatusSettings,
)

STATE = "state/tieout.db"
REPORTS = "reports"
SALESFORCE_AUTH = ("client_id", "client_secret")
NETSUITE_AUTH = ("consumer_key", "consumer_secret", "token_id", "token_secret")


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
    return _Loader(document, path, environ).settings()


class _Loader:
    """Reads the tables of one document."""

    def __init__(self, document: TomlDocument, path: Path, environ: Mapping[str, str] | None) -> None:
        self.path = path
        self.environ = environ
        self.faults = Faults()
        self.root = Table(document, (), self.faults, document.values)

    def settings(self) -> Settings:
        connections = self.root.table("connections")
        jobs = self.root.table("jobs")
        state = self.root.table("state")
        company = self.company(self.root.table("company"))
        reconcile = self.reconcile(self.root.table("reconcile"), jobs.table("reconcile"))
        settings = Settings(
            path=self.path,
            company=company,
            salesforce=self.salesforce(connections.table("salesforce")),
            netsuite=self.netsuite(connections.table("netsuite")),
            customers=self.job(jobs.table("customers"), "customers"),
            orders=self.job(jobs.table("orders"), "orders"),
            status=self.status(jobs.table("status")),
            reconcile=reconcile,
            state=self.inside(state.text("path", STATE)),
            owners=self.owners(self.root.table("owners")),
        )
        for table in (self.root, connections, jobs, state):
            table.close()
        self.faults.raise_if_any()
        return settings

    def inside(self, name: str) -> Path:
        return self.path.parent / name

    def company(self, table: Table) -> Company:
        table.need("time_zone", '"America/New_York"')
        table.need("go_live", "2026-11-01")
        company = Company(
            time_zone=table.read("time_zone", "UTC", values.zone),
            go_live=table.day("go_live", date.max),
            name=table.text("name", "Company"),
        )
        table.close()
        return company

    def salesforce(self, table: Table) -> SalesforceSettings:
        table.need("url", '"https://acme.my.salesforce.com"')
        secrets = self.secrets(table, SALESFORCE_AUTH, "SF")
        plain = SalesforceSettings(url="", **secrets)
        settings = SalesforceSettings(
            url=table.read("url", "", values.https_url),
            base_url=table.optional("base_url", values.loopback_url),
            api_version=table.read("api_version", plain.api_version, values.api_version),
            currency=table.optional("currency", values.currency),
            overlap=table.duration("overlap", plain.overlap),
            settle=table.duration("settle", plain.settle),
            timeout=self.timeout(table, plain.timeout),
            **secrets,
        )
        table.close()
        return settings

    def netsuite(self, table: Table) -> NetSuiteSettings:
        table.need("account", '"1234567"')
        secrets = self.secrets(table, NETSUITE_AUTH, "NS")
        plain = NetSuiteSettings(account="", **secrets)
        settings = NetSuiteSettings(
            account=table.read("account", "", values.account),
            base_url=table.optional("base_url", values.loopback_url),
            endpoint=table.read("endpoint", plain.endpoint, values.endpoint),
            transport=table.read("transport", plain.transport, values.transport),
            slots=table.count("slots", plain.slots),
            time_zone=table.read("time_zone", plain.time_zone, values.zone),
            send_window=self.timeout(table, plain.send_window, "send_window"),
            quiet_period=table.duration("quiet_period", plain.quiet_period),
            timeout=self.timeout(table, plain.timeout),
            **secrets,
        )
        table.close()
        return settings

    def timeout(self, table: Table, default: timedelta, key: str = "timeout") -> timedelta:
        span = table.duration(key, default)
        if not span:
            table.refuse(key, "the time must be longer than 0.", 'For example: "60s"')
        return span

    def secrets(self, table: Table, names: tuple[str, ...], prefix: str) -> dict[str, Any]:
        """Return the secret references of ``auth``; all of them are mandatory."""
        auth = table.table("auth")
        example = ", ".join(f'{name} = "env:{prefix}_{name.upper()}"' for name in names)
        found = {name: self.secret(auth, name) for name in names}
        absent = [name for name in names if not auth.has(name)]
        if absent:
            where = auth.where() if table.has("auth") else table.where()
            fix = f"Add under [{table.name}]: auth = {{ {example} }}"
            self.faults.add(where, f"'auth' of [{table.name}] lacks {', '.join(absent)}.", fix)
        auth.close()
        return found

    def secret(self, auth: Table, name: str) -> SecretRef:
        reference = auth.read(name, "", values.secret)
        kind, _, rest = reference.partition(":")
        if kind == "file":
            reference = f"file:{self.inside(rest)}"
        if kind == "env" and self.environ is not None and not self.environ.get(rest):
            auth.refuse(name, f"the environment variable {rest} is not set.", "Set it before starting tieout.")
        return SecretRef(reference, f"{auth.where(name)} {auth.name}.{name}")

    def status(self, table: Table) -> StatusSettings:
        settings = StatusSettings(enabled=table.flag("enabled", default=True))
        table.close()
        return settings

    def job(self, table: Table, name: str) -> JobSettings:
        settings = JobSettings(
            name=name,
            enabled=table.flag("enabled", default=True),
            mapping=self.mapping(table),
            scope=self.scope(table) if name == "orders" else None,
            wait=table.duration("wait", timedelta(minutes=30)) if name == "orders" else timedelta(0),
        )
        table.close()
        return settings

    def mapping(self, table: Table) -> Path | None:
        name = table.optional("mapping", values.text)
        if name is None:
            return None
        path = self.inside(name)
        if not path.is_file():
            fix = f"Create {path}, or remove the key to use the shipped map."
            table.refuse("mapping", f"there is no file '{name}'.", fix)
        return path

    def scope(self, table: Table) -> Located | None:
        text = table.optional("scope", values.text)
        return None if text is None else Located(text=text, where=table.where("scope"))

    def reconcile(self, apart: Table, job: Table) -> ReconcileSettings:
        """Read ``[jobs.reconcile]``; ``[reconcile]`` is the same table under another name, one key in one place."""
        for key in [key for key in apart.found if job.has(key)]:
            apart.refuse(key, f"it is set in [{job.name}] too.", "Keep one of the two.")
        if not job.has("sla") and not apart.has("sla"):
            fix = 'Add under [jobs.reconcile]: sla = "4h"'
            table = apart if apart.found and not job.found else job
            self.faults.add(table.where(), "'sla' is missing in [jobs.reconcile].", fix)
        pair = {key: apart if apart.has(key) else job for key in ("sla", "tolerance_cap", "output")}
        settings = ReconcileSettings(
            sla=pair["sla"].duration("sla", timedelta(0)),
            tolerance_cap=pair["tolerance_cap"].amount("tolerance_cap", Decimal("1.00")),
            output=self.inside(pair["output"].text("output", REPORTS)),
        )
        for table in (apart, job):
            table.known = list(pair)
            table.close()
        return settings

    def owners(self, table: Table) -> dict[str, str]:
        return {key: table.text(key, "") for key in table.found}
