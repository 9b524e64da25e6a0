"""Before the first write: what was refused as it is, or exceeds a ceiling, waits, and nothing of it is lost.

A stopped record stays due and is decided again in every run. ``tieout plan`` shows it, ``tieout apply`` lets exactly
what a plan showed pass.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

import structlog

from connectors.records import Reference, quantize_money
from journal import approvals, bindings
from journal.nouns import KIND_INVOICE, KIND_ORDER
from sync import attempts, codes, settle
from sync.circuit import Circuit, unsent
from sync.decision import Decision, shown
from sync.verify import payload_net
from sync.world import World

log = structlog.get_logger(__name__)

AWAITS = "waits for approval: "
"""How the reason of every record begins that an approved plan would let pass."""

HOW = "Look at `tieout plan`, then run `tieout apply HASH` with the hash that it prints."

Push = Callable[[World, str, Sequence[Decision]], Mapping[str, Decision]]


@dataclass(frozen=True, slots=True)
class Admitted:
    """The same decisions in two parts: to be written now, and not; each of the latter says why."""

    go: Sequence[Decision]
    stopped: Sequence[Decision]


def admit(world: World, run_id: str, decisions: Sequence[Decision]) -> Admitted:
    """Separate the writes that may happen from those for which a person must be asked first.

    Args:
        world: with the ceilings of ``[guard]``.
        run_id: the run on whose behalf, for the log.
        decisions: every create and update of one kind in this run; the ceilings of a run count them together.
    """
    admitted = _judge(world, decisions)
    if admitted.stopped:
        first = admitted.stopped[0]
        log.warning("guard_stopped", run=run_id, kind=first.kind, records=len(admitted.stopped), reason=first.reason)
    return admitted


def write(world: World, run_id: str, decisions: Sequence[Decision], push: Push) -> dict[str, Decision]:
    """Write what is admitted, write down the rest; return each decision as it came out, by source id."""
    go, refused = attempts.admit(world, decisions)
    admitted = admit(world, run_id, go)
    return carry_out(world, run_id, Admitted(admitted.go, [*refused, *admitted.stopped]), push)


def carry_out(world: World, run_id: str, admitted: Admitted, push: Push) -> dict[str, Decision]:
    """Push the admitted decisions and note the stopped ones as held or waiting."""
    results = _push(world, run_id, admitted.go, push) if admitted.go else {}
    for decision in admitted.stopped:
        results[decision.source_id] = settle.locally(world, decision)
    return results


def _push(world: World, run_id: str, go: Sequence[Decision], push: Push) -> dict[str, Decision]:
    """Push until too many refusals are alike: further creates of the kind wait then, changes go on."""
    circuit = Circuit(world, run_id, go[0].kind)
    results = dict(push(circuit.over(world), run_id, go))
    rest = unsent(go, results)
    if circuit.is_open and rest and not world.wanted_stop():
        changes = [decision for decision in rest if decision.action != "create"]
        results |= push(world, run_id, changes) if changes else {}
        for decision in rest:
            if decision.action == "create":
                waits = replace(decision, action="wait", reason=circuit.reason())
                results[decision.source_id] = settle.locally(world, waits)
    circuit.remember()
    return results


def _judge(world: World, decisions: Sequence[Decision]) -> Admitted:
    unapproved = _unapproved_mapping(world) if decisions else None
    if unapproved is not None:
        return Admitted((), [waiting(decision, unapproved) for decision in decisions])
    judged = [(decision, _above_ceiling(world, decision)) for decision in decisions]
    held = [hold for _, hold in judged if hold is not None]
    rest = [decision for decision, hold in judged if hold is None]
    creates = [decision for decision in rest if decision.action == "create"]
    too_much = _above_run(world, creates)
    if too_much is None:
        return Admitted(rest, held)
    waits = [waiting(decision, too_much) for decision in creates]
    return Admitted([decision for decision in rest if decision.action != "create"], [*held, *waits])


def waiting(decision: Decision, why: str) -> Decision:
    """Return the decision to wait for a person's approval."""
    return replace(decision, action="wait", reason=f"{AWAITS}{why} {HOW}")


def _unapproved_mapping(world: World) -> str | None:
    if not world.settings.guard.require_plan:
        return None
    with world.journal.begin() as tx:
        approved = approvals.is_mapping_approved(tx, world.mapping_sha)
    return None if approved else "no plan made with the present mapping was approved ([guard] require_plan)."


def _above_ceiling(world: World, decision: Decision) -> Decision | None:
    """Return the decision as a hold where one document alone exceeds ``hold_above``.

    An order that was let pass once is not stopped again unless it grows.
    """
    net, currency = _amount(world, decision)
    ceiling = world.settings.guard.hold_above.get(currency)
    if ceiling is None or net <= ceiling or net <= _written_net(world, decision):
        return None
    cause = (
        f"It is over {_money(net, currency)} net, above the ceiling of {_money(ceiling, currency)}"
        " ([guard] hold_above)."
    )
    fix = (
        f"Check the amount. If it is right, run `tieout plan --deal {decision.source_id}`, then `tieout apply HASH`"
        " with the hash that it prints; if not, correct the deal."
    )
    hold = codes.hold("ABOVE_CEILING", cause, fix=fix, net=str(net), currency=currency, ceiling=str(ceiling))
    return replace(decision, action="hold", reason=cause, hold=hold)


def _above_run(world: World, creates: Sequence[Decision]) -> str | None:
    """Return why these creates are too much for one run, or None."""
    guard = world.settings.guard
    new = [decision for decision in creates if _commits(decision)]
    if guard.new_orders_per_run is not None and len(new) > guard.new_orders_per_run:
        return (
            f"this run would create {len(new)} orders, above the ceiling of {guard.new_orders_per_run}"
            " ([guard] new_orders_per_run)."
        )
    totals: dict[str, Decimal] = {}
    for decision in new:
        net, currency = _amount(world, decision)
        totals[currency] = totals.get(currency, Decimal(0)) + net
    for currency, total in sorted(totals.items()):
        ceiling = guard.amount_per_run.get(currency)
        if ceiling is not None and total > ceiling:
            return (
                f"this run would create orders over {_money(total, currency)} net, above the ceiling of"
                f" {_money(ceiling, currency)} ([guard] amount_per_run)."
            )
    return None


def _commits(decision: Decision) -> bool:
    """Say whether a write commits the company to a new sale: an order, or an invoice that comes without one.

    An invoice that is made from an order commits to nothing that the order did not.
    """
    if decision.kind == KIND_ORDER:
        return True
    return (
        decision.kind == KIND_INVOICE and decision.payload is not None and "createdFrom" not in decision.payload.values
    )


def _amount(world: World, decision: Decision) -> tuple[Decimal, str]:
    """Return a document's net amount and its currency (ISO code); nothing for what is no new sale."""
    if decision.payload is None or not _commits(decision):
        return Decimal(0), ""
    net = payload_net(decision.payload) or Decimal(0)
    value = decision.payload.values.get("currency")
    if value is not None:
        return net, _code(value.name if isinstance(value, Reference) and value.name else shown(value))
    with world.journal.begin() as tx:
        bound = bindings.get(tx, decision.kind, decision.source_id, decision.doc_no)
    return net, _code(bound.currency if bound and bound.currency else "")


def _code(text: str) -> str:
    return text.strip().upper()


def _written_net(world: World, decision: Decision) -> Decimal:
    if decision.action != "update":
        return Decimal(0)
    with world.journal.begin() as tx:
        bound = bindings.get(tx, decision.kind, decision.source_id, decision.doc_no)
    return bound.net if bound is not None and bound.net is not None else Decimal(0)


def _money(amount: Decimal, currency: str) -> str:
    return f"{quantize_money(amount, currency):,} {currency}"
