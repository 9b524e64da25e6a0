"""Judges a demo: what showed against what was planted, and writes by NetSuite's own log, never by Tieout's books."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from journal.nouns import KIND_ACCOUNT_STATUS, KIND_STATUS, Hold
from reconcile.report import Report
from sandbox.dump import dump
from sync.engine import RunResult

Sign = tuple[str, str, str]
"""Where it shows (``hold`` or ``exception``), its code, and the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """What NetSuite's log says of two syncs: orders created, created twice, claimed but never created."""

    orders_created: int
    duplicates: int
    lost: int
    second_run_writes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedInvoices:
    """What NetSuite's log says of the invoices that Tieout made: created, created twice, claimed but not there."""

    created: int
    duplicates: int
    lost: int
    by_hand: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """``missing``: planted but not shown; ``false_alarms``: shown but not planted."""

    expected: int
    missing: Sequence[Sign]
    false_alarms: Sequence[Sign]
    kinds: int
    planted: int
    found: int
    log: Logged
    invoices: LoggedInvoices


def judge(
    truth: Mapping[str, Any], held: Sequence[Hold], report: Report, log: Logged, invoices: LoggedInvoices
) -> Judgement:
    """Compare what showed with the book's truth."""
    expected = {(entry["where"], entry["code"], entry["record"]) for entry in truth["expected"]}
    seen = signs(held, report)
    missing = expected - seen
    labels = {(entry["label"], entry["record"]) for entry in truth["expected"]}
    unseen = {
        (entry["label"], entry["record"])
        for entry in truth["expected"]
        if (entry["where"], entry["code"], entry["record"]) in missing
    }
    return Judgement(
        expected=len(expected),
        missing=sorted(missing),
        false_alarms=sorted(seen - expected),
        kinds=len({label for label, _record in labels}),
        planted=len(labels),
        found=len(labels - unseen),
        log=log,
        invoices=invoices,
    )


def logged_invoices(sandbox: Path, runs: Iterable[RunResult]) -> LoggedInvoices:
    """Compare the invoices that Tieout claims to have made with NetSuite's log and store. Before any hand edit."""
    stored = {row["id"]: str(row.get("externalId") or "").lower() for row in stored_records(sandbox, "invoice")}
    added = [
        str(effect["id"])
        for entry in requests(sandbox, "netsuite")
        if entry["operation"] == "add invoice"
        for effect in entry["effect"]
        if effect["type"] == "invoice"
    ]
    ours = [stored.get(id_, "") for id_ in added if stored.get(id_, "").startswith("tieout-inv-")]
    claimed = {
        str(decision.external_id).lower()
        for result in runs
        for decision in result.invoices.values()
        if decision.action == "create"
    }
    return LoggedInvoices(
        created=len(ours),
        duplicates=len(ours) - len(set(ours)),
        lost=len(claimed - set(ours)),
        by_hand=len(added) - len(ours),
    )


def logged(sandbox: Path, first: RunResult, second_run_writes: int) -> Logged:
    """Compare what Tieout claims to have created with what NetSuite's log and store say. Before any hand edit."""
    stored = {order["id"]: str(order.get("externalId")).lower() for order in stored_records(sandbox, "salesOrder")}
    added = [
        str(effect["id"])
        for entry in requests(sandbox, "netsuite")
        if entry["operation"] == "add salesOrder"
        for effect in entry["effect"]
        if effect["type"] == "salesOrder"
    ]
    external = [stored.get(id_, id_) for id_ in added]
    claimed = {str(decision.external_id).lower() for decision in first.orders.values() if decision.action == "create"}
    return Logged(
        orders_created=len(added),
        duplicates=len(external) - len(set(external)),
        lost=len(claimed - set(external)),
        second_run_writes=second_run_writes,
    )


def stored_records(sandbox: Path, type_: str) -> Iterator[dict[str, Any]]:
    """Return NetSuite's records of a type from its own store."""
    return (json.loads(line) for line in dump(sandbox, "netsuite", type_))


def signs(held: Iterable[Hold], report: Report) -> set[Sign]:
    """Return everything that showed, in the form of the book's truth."""
    holds = {
        ("hold", hold.code, hold.source_id) for hold in held if hold.kind not in (KIND_STATUS, KIND_ACCOUNT_STATUS)
    }
    exceptions = {("exception", one.code, one.crm_id or one.key) for one in report.exceptions}
    on_their_way = {("in_flight", one.code, one.crm_id or one.key) for one in report.in_flight}
    return holds | exceptions | on_their_way


def requests(sandbox: Path, system: str) -> Iterator[dict[str, Any]]:
    """Return a server's own log of requests with their effect."""
    return (json.loads(line) for line in dump(sandbox, system, "requests"))


def writes(sandbox: Path) -> int:
    """Return how many requests changed something in either system, by the servers' logs."""
    return sum(1 for system in ("salesforce", "netsuite") for entry in requests(sandbox, system) if entry["effect"])
