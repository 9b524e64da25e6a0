"""Runs a reconciliation: read both sides, compare, prove, report. Writes nowhere."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Sequence
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING

from connectors.ports import CrmReader, ErpReader
from journal.nouns import KIND_CUSTOMER, Hold
from reconcile.exceptions import CONTROL, Discrepancy, ranked
from reconcile.options import SEVERITIES, Options
from reconcile.ports import JournalView
from reconcile.report import HeldRecord, Match, Report, instant, lasting
from reconcile.snapshot import Deal, Order, Snapshot

if TYPE_CHECKING:
    from reconcile.findings import Directory
    from reconcile.rule import Rule

IN_FLIGHT = "IN_FLIGHT"
INCOMPLETE = "EXTRACT_INCOMPLETE"


def reconcile(crm: CrmReader, erp: ErpReader, journal: JournalView, options: Options) -> Report:
    """Read both systems as of now and compare them.

    Raises:
        ConnectorError: a system did not answer as agreed; nothing is reported.
        TieoutError: a value cannot be compared exactly.
    """
    from reconcile.extract import extract

    return evaluate(extract(crm, erp, journal, options), options)


def evaluate(snapshot: Snapshot, options: Options, rules: Sequence[Rule] | None = None) -> Report:
    """Compare a snapshot. Depends on its arguments alone: the same snapshot gives the same report.

    Args:
        snapshot: both populations and the journal's state.
        options: scope and limits; the scope itself was applied when the snapshot was taken.
        rules: the rules to apply; None means all of ``reconcile.rules.RULES``.

    Raises:
        TieoutError: a value cannot be compared exactly.
    """
    # The compare engine takes a second to import, which commands that do not reconcile must not pay.
    from reconcile import ageing, populations
    from reconcile.chain_populations import STANDING, build_chain
    from reconcile.controls import control_exceptions, controls
    from reconcile.engine import opened
    from reconcile.findings import Directory
    from reconcile.rules import RULES
    from reconcile.stand_alone import compared_orders, stand_ins

    rules = RULES if rules is None else rules
    directory = Directory.of(snapshot, options)
    deals = list({deal.id: deal for deal in snapshot.deals}.values())
    stand_in, ties = stand_ins(snapshot)
    with opened(snapshot, deals, compared_orders(snapshot, stand_in), options, ties) as engine:
        found = [directory.discrepancy(rule, row) for rule in rules for row in engine.rows(rule.find)]
        legs = populations.collect_legs(engine, rules, (populations.standing_legs, *STANDING))
        bridge, chain = populations.build_bridge(engine, legs), build_chain(engine, legs)
        aged, on_account = ageing.ageing(engine, snapshot), ageing.on_account(engine, snapshot)
        rests, open_invoices = ageing.rests(engine, snapshot), ageing.open_invoices(engine, snapshot)
        excluded = populations.excluded_populations(engine)
        checks = controls(
            snapshot,
            populations.compared_deals(engine),
            populations.compared_orders(engine),
            populations.compared_invoices(engine),
        )
        pairs = populations.paired(engine)
    found += control_exceptions(snapshot, checks, (*bridge.faults(), *chain.faults()), options)
    listed = ranked((one for one in found if one.code != IN_FLIGHT), bridge.sizes())
    accepted = [one for one in listed if _is_accepted(one, snapshot)]
    exceptions = [one for one in listed if not _is_accepted(one, snapshot)]
    agreed = _agreed(pairs, listed)
    seed = _seed(snapshot, options)
    reasons = [*_reasons(exceptions, options), *snapshot.doubts]
    return Report(
        company=options.company,
        go_live=snapshot.go_live,
        scope=options.scope_text,
        crm_at=snapshot.crm_at,
        erp_at=snapshot.erp_at,
        verdict="NOT SIGNABLE" if reasons else "SIGNABLE",
        reasons=reasons,
        bridge=bridge,
        exceptions=exceptions,
        in_flight=ranked((one for one in found if one.code == IN_FLIGHT), bridge.sizes()),
        holds=_holds(directory),
        excluded=excluded,
        controls=checks,
        sample=_sample(agreed, directory, seed, options.sample_size),
        sample_seed=seed,
        matched=len(agreed),
        parameters=_parameters(snapshot, options, rules, seed),
        chain=chain,
        accepted=accepted,
        ageing=aged,
        on_account=on_account,
        rests=rests,
        open_invoices=open_invoices,
        period=snapshot.period,
        complete=not any(one.code == INCOMPLETE for one in exceptions) and snapshot.period is None,
    )


def _is_accepted(one: Discrepancy, snapshot: Snapshot) -> bool:
    """Tell whether a person accepted it with its present values; doubts about the run itself cannot be accepted."""
    return one.family != CONTROL and snapshot.accepted.get(one.id) == one.values_sha


def _agreed(
    pairs: Iterable[tuple[str, str, Decimal]], exceptions: Iterable[Discrepancy]
) -> list[tuple[str, str, Decimal]]:
    questioned = {one.crm_id for one in exceptions}
    return [pair for pair in pairs if pair[0] not in questioned]


def _sample(pairs: Iterable[tuple[str, str, Decimal]], directory: Directory, seed: int, size: int) -> list[Match]:
    """Draw by the hash of seed and deal id: random to the eye, repeatable by anybody who knows the seed."""
    known = (pair for pair in pairs if pair[1] in directory.orders)
    drawn = heapq.nsmallest(size, known, key=lambda pair: sha256(f"{seed}:{pair[0]}".encode()).digest())
    return [
        _match(directory.deals[deal_id.lower()], directory.orders[order_id], net, directory.snapshot)
        for deal_id, order_id, net in drawn
    ]


def _match(deal: Deal, order: Order, net: Decimal, snapshot: Snapshot) -> Match:
    return Match(
        deal_id=deal.id,
        deal_name=deal.name,
        customer=deal.account_name or "",
        crm_url=snapshot.crm_url(deal.id),
        order_id=order.id,
        order_number=order.number,
        erp_url=snapshot.erp_url(order.id),
        currency=deal.currency,
        crm_amount=deal.amount or Decimal(0),
        erp_amount=net,
    )


def _seed(snapshot: Snapshot, options: Options) -> int:
    return int(snapshot.crm_at.strftime("%Y%m%d")) if options.sample_seed is None else options.sample_seed


def _holds(directory: Directory) -> list[HeldRecord]:
    def url(hold: Hold) -> str:
        address = directory.snapshot.account_url if hold.kind == KIND_CUSTOMER else directory.snapshot.crm_url
        return address(hold.source_id)

    return [
        HeldRecord(hold=hold, url=url(hold), owner=directory.owner_of(hold))
        for hold in sorted(directory.snapshot.holds, key=lambda h: (h.code, h.label, h.id))
    ]


def _reasons(exceptions: Sequence[Discrepancy], options: Options) -> list[str]:
    """Return every reason against signing, worst first; a control exception always is one."""
    control = [f"{one.title}: {one.detail}" for one in exceptions if one.family == CONTROL]
    open_ = Counter(
        (one.severity, one.title, one.code)
        for one in exceptions
        if one.family != CONTROL and one.severity in options.blocking
    )
    kinds = sorted(open_.items(), key=lambda item: (SEVERITIES.index(item[0][0]), item[0]))
    listed = [f"{number} {severity}: {title} ({code})" for (severity, title, code), number in kinds]
    return control + listed


def _parameters(snapshot: Snapshot, options: Options, rules: Sequence[Rule], seed: int) -> list[tuple[str, str]]:
    """Return what a reviewer needs to repeat the run (information produced by the company, PCAOB AS 1105.10)."""
    return [
        ("Company", options.company),
        ("Go-live", snapshot.go_live.isoformat()),
        ("Time zone of business days", options.time_zone),
        ("Scope", options.scope_text),
        ("Salesforce read as of", instant(snapshot.crm_at)),
        ("NetSuite read as of", instant(snapshot.erp_at)),
        ("Period", f"{snapshot.period.name}, to {snapshot.period.end}" if snapshot.period else "none: as of now"),
        ("SLA won to ordered", lasting(options.sla)),
        ("SLA of approvals", lasting(options.approval_sla)),
        ("Billing grace", lasting(options.billing_grace)),
        ("Money on account is reported after", lasting(options.unapplied_after)),
        ("Deal field of invoices", options.deal_field or "none"),
        ("Figures that Salesforce shows", _compared(snapshot)),
        ("Tolerance", "minor unit x max(1, ceil((lines + 1) / 2)), net of tax and shipping"),
        ("Tolerance cap", f"{options.tolerance_cap} in a two-decimal currency, elsewhere as many minor units"),
        ("Largest clock skew", lasting(options.max_skew)),
        ("Severities that forbid a signature", ", ".join(sorted(options.blocking))),
        ("Sample seed", str(seed)),
        ("Mapping version", options.mapping_version or "not given"),
        ("Software version", options.software_version or "not given"),
        ("Rules", ", ".join(rule.code for rule in rules)),
        ("SHA-256 of the compared records", _fingerprint(snapshot)),
        *(("Query: " + name, query) for name, query in snapshot.queries),
    ]


def _compared(snapshot: Snapshot) -> str:
    if snapshot.period is not None:
        return "not compared: they are of now, not of the period's end"
    read = any(deal.shown is not None for deal in snapshot.deals)
    return "compared" if read else "not compared: the fields are missing, switched off, or no deal was read"


def _fingerprint(snapshot: Snapshot) -> str:
    digest = sha256()
    for deal in sorted(snapshot.deals, key=lambda d: d.id):
        amounts = (deal.currency, str(deal.amount), deal.n_lines, deal.account_id, deal.order_id)
        digest.update(f"{deal.id} {deal.is_won} {deal.deleted} {deal.in_scope} {deal.won_on} {amounts}\n".encode())
    for order in sorted(snapshot.orders, key=lambda o: o.id):
        terms = (order.currency, str(order.net), order.customer_id, order.status, order.po_number)
        digest.update(f"{order.id} {order.external_id} {order.date} {terms}\n".encode())
    for invoice in sorted(snapshot.invoices, key=lambda i: i.id):
        sums = f"{invoice.currency} {invoice.net} {invoice.total} {invoice.unpaid} {invoice.status}"
        digest.update(f"{invoice.id} {invoice.order_id} {invoice.date} {sums}\n".encode())
    for receipt in sorted(snapshot.receipts, key=lambda r: r.id):
        sums = f"{receipt.currency} {receipt.total} {receipt.unapplied} {receipt.status}"
        digest.update(f"{receipt.id} {receipt.type} {receipt.date} {sums}\n".encode())
    return digest.hexdigest()
