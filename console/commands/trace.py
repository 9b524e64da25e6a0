"""``tieout trace``: one deal's life across both systems."""

from __future__ import annotations

from dataclasses import asdict
from decimal import Decimal
from pathlib import Path

from connectors.records import Value, quantize_money
from console.bootstrap import opened_world
from console.output import Output
from sync.decision import OUTCOMES, shown
from sync.trace import Trace, find_deal, trace


def execute(config: Path, output: Output, deal: str) -> None:
    """Print the trace of the deal that the text means."""
    with opened_world(config) as world:
        found = trace(world, find_deal(world, deal))
    _print(output, found)
    output.json("trace", {"trace": _content(found)})


def _print(output: Output, found: Trace) -> None:
    output.line(f"Deal {found.deal_id}  {found.crm_url}", style="bold")
    if found.crm_now is not None:
        now = ", ".join(f"{name} {_plain(value)}" for name, value in sorted(found.crm_now.items()) if value is not None)
        output.line(f"  in Salesforce now: {now}")
    for text in found.unreachable:
        output.line(f"  not reachable: {text}", style="red")
    _print_order(output, found)
    if found.decision is not None:
        output.line(f"  a sync now would leave it: {OUTCOMES[found.decision.action]}; {found.decision.reason}")
    elif found.standing is not None:
        output.line(f"  last outcome: {found.standing.outcome}, {found.standing.reason}")
    if found.hold is not None:
        output.line(f"  held: {found.hold.cause}", style="red")
        output.line(f"  fix: {found.hold.fix} (owner: {found.hold.owner})")
    _print_billing(output, found)
    if found.events:
        output.line("What happened (UTC):", style="bold")
    for event in found.events:
        output.line(f"  {event.at:%Y-%m-%d %H:%M:%S}  {event.text}")
    if found.fields:
        output.line("Where each NetSuite field comes from:", style="bold")
        rows = [
            [field.target, shown(field.result), field.source or "set by the mapping", field.where]
            for field in found.fields
        ]
        output.table(["field", "value", "from", "mapping"], rows)


def _plain(value: Value) -> str:
    return f"{value:,}" if isinstance(value, Decimal) else str(value)


def _print_order(output: Output, found: Trace) -> None:
    if found.binding is None:
        output.line("  in NetSuite: no order is bound to this deal")
        return
    name = found.binding.number or found.binding.target_id
    order = found.order
    if order is None:
        state = "could not be read now" if found.unreachable else "is not found"
        output.line(f"  in NetSuite: {name} {state}  {found.erp_url}")
        return
    net = f"{quantize_money(order.net, order.currency):,} {order.currency}"
    output.line(f"  in NetSuite now: {order.number}, {order.status_name}, net {net}  {found.erp_url}")


def _print_billing(output: Output, found: Trace) -> None:
    for invoice in found.invoices:
        money = [
            f"{quantize_money(amount, invoice.currency):,} {word}"
            for amount, word in ((invoice.total, "total"), (invoice.paid, "settled"), (invoice.unpaid, "open"))
        ]
        due = f", due {invoice.due_date}" if invoice.due_date and invoice.unpaid else ""
        output.line(
            f"  invoice {invoice.number} of {invoice.date}, {invoice.status_name}: "
            f"{', '.join(money)} ({invoice.currency}){due}"
        )
        for one in invoice.applications:
            output.line(
                f"    {one.date}  {one.kind.replace('_', '-')} {one.source_number}: "
                f"{quantize_money(one.amount, invoice.currency):,} {invoice.currency}"
            )
    if found.billing_hold is not None:
        output.line(f"  billing held: {found.billing_hold.cause}", style="red")
        output.line(f"  fix: {found.billing_hold.fix} (owner: {found.billing_hold.owner})")
    elif found.billing is not None and found.billing.reason:
        output.line(f"  billing: {found.billing.reason}")


def _content(found: Trace) -> dict[str, object]:
    decision = found.decision
    return {
        "deal": found.deal_id,
        "salesforce": {"url": found.crm_url, "now": found.crm_now},
        "netsuite": {"url": found.erp_url, "order": found.order},
        "invoices": list(found.invoices),
        "billing": {"standing": found.billing, "hold": found.billing_hold},
        "standing": found.standing,
        "hold": found.hold,
        "binding": found.binding,
        "decision": {"outcome": OUTCOMES[decision.action], "reason": decision.reason} if decision else None,
        "fields": [{**asdict(field), "result": shown(field.result)} for field in found.fields],
        "events": found.events,
        "unreachable": list(found.unreachable),
    }
