"""Notices when a connection suddenly leads to another org or account, and when the mapping has changed."""

from __future__ import annotations

from connectors.errors import ConnectorError
from journal import audit, database, subjects
from journal.nouns import KIND_CUSTOMER, KIND_ORDER
from journal.stamps import sha
from sync.world import World

MAPPING = "mapping_sha"


def check_identity(world: World) -> None:
    """Refuse to write when the org or the account is not the one that this state database knows.

    A refreshed sandbox keeps its record ids but is another org: its deals have no orders here.

    Raises:
        ConnectorError: the org or the account has changed.
    """
    found = {
        "sf_org_id": (world.crm.connection, world.crm.organization()),
        "ns_account_id": (world.erp.connection, world.erp.account()),
    }
    with world.journal.begin() as tx:
        stored = {key: database.remember(tx, key, value) for key, (_name, value) in found.items()}
    for key, (name, value) in found.items():
        if stored[key] != value:
            raise ConnectorError(
                connection=name,
                what="checking that this is the system of the last run",
                why=f"it is {value}, but this state database belongs to {stored[key]}.",
                fix="Correct the connection in sync.toml, or set [state] path to a new file for another system.",
            )


def note_mapping(world: World) -> None:
    """Decide every record anew when mapping, scope or go-live has changed; keep the mapping's text by its hash."""
    company, scope = world.settings.company, world.settings.orders.scope
    version = f"{world.mapping_sha} {company.go_live} {scope.text if scope else ''}"
    with world.journal.begin() as tx:
        known = database.recall(tx, MAPPING)
        if known == version:
            return
        for mapping in world.mappings:
            for text in mapping.source_texts.values():
                database.keep(tx, "mapping", text, world.now())
        database.replace(tx, MAPPING, version)
        before = None if known is None else known.split(" ")[0]
        told = {"go_live": company.go_live.isoformat(), "scope_sha": sha(scope.text if scope else "")}
        audit.record(tx, "mapping.changed", "mapping", world.now(), before=before, after=world.mapping_sha, **told)
        if known is not None:
            subjects.reopen_all(tx, KIND_ORDER, world.now())
            subjects.reopen_all(tx, KIND_CUSTOMER, world.now())
