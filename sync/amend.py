"""Guards the change of an order that exists: never over an approval, never over somebody else's edit."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal

from connectors.records import ORDER_STATUS_NAMES, ErpLine, Payload, PayloadLine, ReadBack, Reference, Value
from journal import bindings, staging
from journal.database import Tx
from journal.holds import HoldCause
from journal.nouns import KIND_ORDER, Binding
from sync import codes, payloads
from sync.bound_orders import vanished
from sync.decision import Decision, changes
from sync.world import DEAL, World

PENDING_APPROVAL = "A"


def guard(world: World, decision: Decision) -> Decision:
    """Turn a wanted order change into one that is safe to send, or into a hold.

    Reads the order as it is now. An order beyond Pending Approval is finance's; an order that no
    longer looks as Tieout left it was edited there.
    """
    if decision.mapped is None or decision.target_id is None:
        raise ValueError(f"{decision.source_id} has nothing to change")
    with world.journal.begin() as tx:
        binding = bindings.get(tx, KIND_ORDER, decision.source_id)
        before = payloads.load(tx, binding.payload_sha) if binding and binding.payload_sha else None
        moved = content_moved(world, tx, decision.source_id, binding)
    looked = world.now()
    current = world.erp_writer.read_back("salesOrder", internal_id=decision.target_id)
    after = decision.mapped.for_update(written=before.values if before else ())
    differences = changes(_updatable(before, after), after, decision.mapped)
    decision = replace(decision, changes=differences)
    if current is None:
        return _held(decision, vanished(world, decision.number, str(decision.target_id)))
    if agrees(before, after, current):
        return replace(decision, action="unchanged", reason=f"{current.number} already says what the deal says")
    if current.status != PENDING_APPROVAL:
        if moved:
            return _held(decision, _locked(decision, current))
        reason = f"only the mapping has changed, and {current.number} is {_status(current)}: left as it is"
        return replace(decision, action="unchanged", reason=reason, payload=None)
    if before is None:
        cause = (
            f"Order {current.number} differs from its deal, and nobody can say whether finance edited it: "
            "the state that knew what Tieout had written is lost."
        )
        return _held(decision, codes.hold("ERP_DRIFT", cause, changed=_listed(decision)))
    drift = drifted(binding, before, after, current)
    if drift:
        cause = f"Order {current.number} was edited in NetSuite ({drift}) and the deal changed in Salesforce."
        return _held(decision, codes.hold("ERP_DRIFT", cause, changed=_listed(decision)))
    numbered = _numbered(after, current.lines)
    return replace(decision, payload=numbered, keep_lines=_foreign_lines(current.lines), looked_at=looked)


def content_moved(world: World, tx: Tx, deal_id: str, binding: Binding | None) -> bool:
    """Say whether the deal itself changed since its order was written, in a field that the mapping reads."""
    now = staging.newest(tx, DEAL, deal_id)
    then = staging.read(tx, DEAL, deal_id, binding.staged_version) if binding and binding.staged_version else None
    if now is None or then is None:
        return True
    mapping = world.order_mapping
    return _differ(then.fields, now.fields, mapping.source_fields()) or not _same_lines(
        then.lines, now.lines, mapping.line_source_fields()
    )


def _same_lines(
    then: Sequence[Mapping[str, Value]], now: Sequence[Mapping[str, Value]], fields: frozenset[str]
) -> bool:
    old, new = ({str(line.get("Id")): line for line in lines} for lines in (then, now))
    return old.keys() == new.keys() and not any(_differ(old[key], new[key], fields) for key in old)


def _differ(then: Mapping[str, Value], now: Mapping[str, Value], fields: frozenset[str]) -> bool:
    """Compare the fields that both readings have: one that the mapping reads since then proves nothing."""
    return any(then[name] != now[name] for name in fields if name in then and name in now)


def agrees(before: Payload | None, after: Payload, current: ReadBack) -> bool:
    """Say whether NetSuite already holds the wanted lines and every changed field, by whoever's hand.

    A changed field that the read-back does not show, such as a reference, cannot be proven to agree.
    """
    wanted = Counter(_wanted_line(line) for line in after.lines)
    described = {line.key for line in after.lines if "description" in line.values}
    found = Counter(
        (_plain(line.item_id), _plain(line.quantity), _plain(line.amount), line.description or "" if described else "")
        for line in current.lines
    )
    return (
        wanted == found and not after.clear and all(_shown_equal(before, name, after, current) for name in after.values)
    )


def _shown_equal(before: Payload | None, name: str, after: Payload, current: ReadBack) -> bool:
    value = after.values[name]
    if before is not None and before.values.get(name) == value:
        return True
    if isinstance(value, Reference):
        return before is None
    return name in current.values and current.values[name] == value


def _wanted_line(line: PayloadLine) -> tuple[str, str, str, str]:
    item, quantity, amount = (line.values.get(name) for name in ("item", "quantity", "amount"))
    description = line.values.get("description")
    return (
        _plain(item.id if isinstance(item, Reference) else None),
        _plain(quantity if isinstance(quantity, Decimal) else None),
        _plain(amount if isinstance(amount, Decimal) else None),
        description if isinstance(description, str) else "",
    )


def snapshot(lines: Sequence[ErpLine]) -> str:
    """Return the lines that carry our keys as text, to notice later edits by comparison."""
    own = [line for line in lines if line.key]
    return _as_text([(line.key, line.item_id, line.quantity, line.amount, line.description) for line in own])


def sent_snapshot(payload: Payload) -> str:
    """Return the same text for lines as they were sent: what Tieout left, whoever edited them before it looked."""
    return _as_text([(line.key, *_wanted_line(line)) for line in payload.lines])


def _as_text(rows: Iterable[Sequence[str | Decimal | None]]) -> str:
    # A list, not a mapping: a line copied in NetSuite carries its key a second time.
    return json.dumps(sorted([_plain(cell) for cell in row] for row in rows))


def _lines_changed(then: list[list[str]], now: list[list[str]]) -> int:
    """Count lines that are not as they were left; a description that we never wrote is not compared."""
    undescribed = {line[0] for line in then if not line[-1]}
    cut = [[*line[:-1], ""] if line[0] in undescribed else line for line in now]
    return sum(line not in then for line in cut)


def drifted(binding: Binding | None, before: Payload | None, after: Payload, current: ReadBack) -> str:
    """Say in a few words how the order differs from what Tieout left, or ''."""
    if binding is not None and binding.snapshot is not None:
        then, now = json.loads(binding.snapshot), json.loads(snapshot(current.lines))
        if len(then) != len(now):
            return f"{len(then)} lines then, {len(now)} now"
        changed = _lines_changed(then, now)
        if changed:
            return f"{changed} of {len(then)} lines changed"
    edited = [name for name in after.values if before is not None and _edited(before, name, after, current)]
    return f"{', '.join(edited)} changed" if edited else ""


def _edited(before: Payload, name: str, after: Payload, current: ReadBack) -> bool:
    """Say whether somebody gave a field of ours another value than we wrote, and than we want now."""
    if name not in current.values or isinstance(after.values[name], Reference):
        return False
    return current.values[name] not in (before.values.get(name), after.values[name])


def _plain(value: str | Decimal | None) -> str:
    return f"{value.normalize():f}" if isinstance(value, Decimal) else value or ""


def _locked(decision: Decision, current: ReadBack) -> HoldCause:
    status = _status(current)
    cause = f"Order {current.number} is {status}; the deal has changed since: {_listed(decision)}."
    fix = (
        "Change the order in NetSuite, or take the deal's change back. "
        "Tieout changes an order only while it is Pending Approval."
    )
    return codes.hold("LOCKED_DOWNSTREAM", cause, fix=fix, order_status=status, changed=_listed(decision))


def _status(current: ReadBack) -> str:
    return ORDER_STATUS_NAMES.get(current.status or "", str(current.status))


def _listed(decision: Decision) -> str:
    texts = [f"{change.field} {change.before or 'empty'} -> {change.after or 'empty'}" for change in decision.changes]
    return "; ".join(texts[:5]) + (f"; and {len(texts) - 5} more" if len(texts) > 5 else "")


def _updatable(before: Payload | None, after: Payload) -> Payload | None:
    """Return the earlier payload without the fields that an update does not carry."""
    if before is None:
        return None
    values = {name: value for name, value in before.values.items() if name in after.values or name in after.clear}
    return replace(before, values=values)


def _numbered(after: Payload, lines: Sequence[ErpLine]) -> Payload:
    numbers: Mapping[str, int] = {line.key: line.line for line in lines if line.key}
    return replace(after, lines=tuple(replace(line, line=numbers.get(line.key)) for line in after.lines))


def _foreign_lines(lines: Sequence[ErpLine]) -> list[int]:
    return [line.line for line in lines if not line.key]


def _held(decision: Decision, cause: HoldCause) -> Decision:
    return replace(decision, action="hold", reason=cause.cause, hold=cause)
