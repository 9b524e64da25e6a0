"""``tieout check``: everything that can be wrong before a run, said before a run."""

from __future__ import annotations

from collections.abc import Mapping, Sized
from pathlib import Path

from connectors.errors import MappingError
from console.bootstrap import opened_world
from console.output import Output
from sync.identity import check_identity
from sync.lookups import load as load_lookups
from sync.preflight import require_sound, unknown_names


def execute(config: Path, output: Output) -> None:
    """Check files, credentials, fields and references; raises on the first kind of error found."""
    with opened_world(config) as world:
        warnings = require_sound(world)
        check_identity(world)
        lookups = load_lookups(world)
        unknown = unknown_names(world, lookups)
        if unknown:
            raise MappingError(unknown)
        lists = lookups.lists
        examples = len(world.order_mapping.examples) + len(world.customer_mapping.examples)
        organization, account = world.crm.organization(), world.erp.account()
        content = {
            "salesforce": {"organization": organization, "time": world.crm.server_time()},
            "netsuite": {"account": account, "time": world.erp.server_time(), "lists": _sizes(lists)},
            "mapping": world.mapping_sha,
            "examples": examples,
            "warnings": [str(warning) for warning in warnings],
        }
    for warning in warnings:
        output.line(f"warning: {warning}", style="yellow")
    output.line(f"Salesforce org {organization} answers.")
    output.line(f"NetSuite account {account} answers, its lists can be read: {', '.join(_sizes(lists))}.")
    output.line(f"Mappings are sound, {examples} examples hold. Version {world.mapping_sha}.")
    output.json("check", content)


def _sizes(lists: Mapping[tuple[str, str], Sized]) -> dict[str, int]:
    """Return how many names each NetSuite list has that the mappings refer to."""
    return {f"{kind}.{by}": len(names) for (kind, by), names in lists.items()}
