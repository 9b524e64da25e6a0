"""Deliberately broken protocols: each is a patch of the real code, and the simulation must catch each."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from types import SimpleNamespace
from unittest import mock

from journal import claims, holds, intents, staging, tables
from sync import attempts, bound_orders, claiming, orders, pull, push, resolve, settle
from tests.simulation.netsuite_port import NetSuitePort
from tests.simulation.netsuite_server import NetSuiteServer


@dataclass(frozen=True)
class Mutant:
    """``patches`` are (owner, name, replacement); ``settings`` replace settings of a connection."""

    name: str
    patches: Callable[[], list] = list
    settings: dict = field(default_factory=dict)

    @contextmanager
    def installed(self):
        """Have the real code be broken in this way while the block runs."""
        with ExitStack() as stack:
            for owner, name, new in self.patches():
                stack.enter_context(mock.patch.object(owner, name, new))
            yield


def no_quiet_period():
    return [(resolve, "_absent", lambda world, intent, decision, looked: settle.absent(world, intent, decision))]


def no_send_by():
    return [(NetSuitePort, "may_leave", staticmethod(lambda request, clock: True))]


def upsert():
    """Creates overwrite what carries the external id, and are repeated at once: uniqueness alone is relied upon."""
    return [(NetSuiteServer, "upserts", True), *no_quiet_period()]


def settle_without_fence():
    broken = SimpleNamespace(**{**vars(claiming), "require": lambda world, tx, decision: None})
    return [(settle, "claiming", broken)]


def fence_of_intent():
    """The fence is compared with the copy that an open intent carries, not with the record's own."""

    def require(tx, kind, source_id, fence, now):
        copy = tx.conn.scalar(
            tables.intent.select()
            .with_only_columns(tables.intent.c.fence)
            .where(
                (tables.intent.c.kind == kind)
                & (tables.intent.c.source_id == source_id)
                & tables.intent.c.state.in_(intents.OPEN)
            )
        )
        if copy is not None and copy != fence:
            raise claims.FenceLost(kind, source_id)

    return [(claims, "require", require)]


def cursor_before_staging():
    real = pull._stage_deals

    def stage_deals(world, run_id, records, advance):
        if advance is not None and advance[1] is not None:
            with world.journal.begin() as tx:
                staging.advance(tx, advance[0], advance[1], world.now())
        return real(world, run_id, records, None)

    return [(pull, "_stage_deals", stage_deals)]


def resend_unseen():
    """What exists by NetSuite's word but is nowhere to be seen is sent again like anything that was refused."""
    return [
        (holds, "refused_once", lambda tx, kind, code: frozenset()),
        (attempts, "_why_not", lambda settings, hold, content, now: None),
    ]


def without_read_back():
    """An answer that proves nothing counts as 'not sent'."""
    real = push._settle

    def settled(world, armed, outcome):
        if outcome.status == "ambiguous":
            outcome = replace(outcome, status="no_op")
        return real(world, armed, outcome)

    return [(push, "_settle", settled)]


def send_before_commit():
    real = intents.arm

    def arm(tx, intent, **more):
        real(tx, intent, **more)
        if intent.op == "add":
            tx.conn.execute(tables.intent.update().where(tables.intent.c.id == intent.id).values(state="PREPARED"))

    return [(intents, "arm", arm)]


def recreate_vanished():
    real = bound_orders.decide_bound

    def decide_bound(world, deal, eligible, bound, facts):
        if bound.target_id not in facts.by_id:
            return orders._decide_new(world, deal, eligible, facts)
        return real(world, deal, eligible, bound, facts)

    return [(orders, "decide_bound", decide_bound)]


def claim_without_lease():
    """A record is anybody's: claims neither last nor raise the fence."""

    def claim(tx, kind, labels, owner, now, **more):
        taken = real(tx, kind, labels, owner, now)
        standing = claims.fences(tx, kind)
        return {id_: taken.get(id_, standing.get(id_, 0)) for id_ in labels}

    real = claims.claim
    return [(claims, "claim", claim), (claims, "require", lambda tx, kind, source_id, fence, now: None)]


MUTANTS = {
    mutant.name: mutant
    for mutant in (
        Mutant("no quiet period", no_quiet_period),
        Mutant("no send_by check", no_send_by),
        Mutant("overlap 0", settings={"salesforce": {"overlap": timedelta(0)}}),
        Mutant("upsert for money documents", upsert),
        Mutant("settle without fence", settle_without_fence),
        Mutant("fence checked on the intent's copy", fence_of_intent),
        Mutant("cursor committed before staging", cursor_before_staging),
        Mutant("re-send after an unseen 'already exists'", resend_unseen),
        Mutant("settle without read-back", without_read_back),
        Mutant("send before the SENDING commit", send_before_commit),
        Mutant("recreate a vanished target", recreate_vanished),
        Mutant("claim without lease", claim_without_lease),
    )
}
