"""Judges a journal's audit trail against the journal itself (invariants I12 and, of holds, I14).

:func:`watch` gives the judge a witness of its own: a trigger that counts every change of a record's state as the
database sees it, whoever makes it. Without the witness only the last state of each record can be judged.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import select

from journal import audit_check, tables
from journal.audit import document
from journal.database import Journal, Tx
from journal.intents import MONEY
from journal.subjects import HELD, SETTLED

Row = Mapping[str, Any]
TOLD = (SETTLED, HELD)
CLOSING = frozenset({"applied", "adopted", "rejected", "not_sent", "absent_after_quiet", "superseded", "conflict"})
WITNESS = "seen_by_the_judge"

_SQLITE = f"""
CREATE TABLE {WITNESS} (pair TEXT, kind TEXT, source_id TEXT, state TEXT);
CREATE TRIGGER {WITNESS}_new AFTER INSERT ON subject WHEN NEW.state IN ('{SETTLED}', '{HELD}')
BEGIN INSERT INTO {WITNESS} VALUES (NEW.pair, NEW.kind, NEW.source_id, NEW.state); END;
CREATE TRIGGER {WITNESS}_change AFTER UPDATE OF state ON subject
WHEN NEW.state IN ('{SETTLED}', '{HELD}') AND NEW.state IS NOT OLD.state
BEGIN INSERT INTO {WITNESS} VALUES (NEW.pair, NEW.kind, NEW.source_id, NEW.state); END
"""
_POSTGRESQL = f"""
CREATE TABLE {WITNESS} (pair TEXT, kind TEXT, source_id TEXT, state TEXT);
CREATE FUNCTION {WITNESS}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF NEW.state IN ('{SETTLED}', '{HELD}') AND (TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state) THEN
INSERT INTO {WITNESS} VALUES (NEW.pair, NEW.kind, NEW.source_id, NEW.state)\\; END IF\\; RETURN NULL\\; END $$;
CREATE TRIGGER {WITNESS}_change AFTER INSERT OR UPDATE ON subject FOR EACH ROW EXECUTE FUNCTION {WITNESS}()
"""


def watch(journal: Journal) -> None:
    """Begin to count state changes; to be called once on a journal that is still empty."""
    with journal.begin() as tx:
        if tx.conn.dialect.name == "sqlite":
            statements = _SQLITE.replace("; END", "\\; END").split(";\n")
        else:
            statements = _POSTGRESQL.split(";\n")
        for statement in statements:
            tx.conn.exec_driver_sql(statement.replace("\\;", ";"))


def faults(journal: Journal) -> list[str]:
    """Return what is wrong with the trail of this journal's pair, one line a fault; nothing: all is well."""
    with journal.begin() as tx:
        bad = audit_check.first_bad(tx)
        chain = [f"I12 audit chain: {bad}"] if bad else []
        rows = tx.conn.execute(select(tables.audit).where(tables.audit.c.pair == tx.pair).order_by(tables.audit.c.seq))
        trail = [{**row._mapping, "told": json.loads(row.detail)} for row in rows]
        return [*chain, *_records(tx, trail), *_intents(tx, trail), *_holds(tx, trail)]


def _records(tx: Tx, trail: Sequence[Row]) -> Iterator[str]:
    """Every record that becomes SETTLED or HELD has exactly one row for it."""
    told = [row for row in trail if row["action"].startswith("record.")]
    last = {row["object"]: row["action"].removeprefix("record.") for row in told}
    for subject in _of(tx, tables.subject):
        object_ = document(subject["kind"], subject["source_id"], subject["doc_no"])
        if subject["kind"] in MONEY and subject["state"] in TOLD and last.get(object_) != subject["state"]:
            yield f"I12 {object_} is {subject['state']}, the trail last says {last.get(object_)}"
    for row in told:
        if row["before"] == row["after"]:
            yield f"I12 row {row['seq']}: {row['object']} became {row['after']} from {row['before']}"
    if tx.conn.dialect.has_table(tx.conn, WITNESS):
        seen = Counter(_witnessed(tx))
        counted = Counter((row["object"], row["action"].removeprefix("record.")) for row in told)
        for object_, state in sorted(seen.keys() | counted.keys()):
            key = (object_, state)
            if seen[key] != counted[key]:
                yield f"I12 {object_} became {state} {seen[key]} times, the trail says so {counted[key]} times"


def _witnessed(tx: Tx) -> Iterator[tuple[str, str]]:
    query = f"SELECT kind, source_id, state FROM {WITNESS} WHERE pair = '{tx.pair}'"
    for kind, source_id, state in tx.conn.exec_driver_sql(query):
        if kind in MONEY:
            yield document(kind, source_id), state


def _intents(tx: Tx, trail: Sequence[Row]) -> Iterator[str]:
    """Every write was told when it was armed, and exactly once when it was closed; no row tells of an unknown one."""
    armed: Counter[str] = Counter()
    ended: dict[str, list[str]] = {}
    for row in trail:
        if row["action"] == "intent.armed":
            armed[row["told"]["intent"]] += 1
        elif row["action"].startswith("intent."):
            ended.setdefault(row["told"]["intent"], []).append(row["action"].removeprefix("intent."))
    intents = {row["id"]: row for row in _of(tx, tables.intent) if row["kind"] in MONEY}
    for id_, intent in sorted(intents.items()):
        name = f"intent {id_} of {document(intent['kind'], intent['source_id'], intent['doc_no'])}"
        if armed[id_] != intent["sent_count"]:
            yield f"I12 {name} was armed {intent['sent_count']} times, the trail says so {armed[id_]} times"
        ends = ended.get(id_, [])
        if intent["state"] == "CLOSED" and (not ends or ends[-1] != intent["outcome_class"]):
            yield f"I12 {name} was closed as {intent['outcome_class']}, the trail last says {ends[-1:]}"
        # A definite no-op puts an intent back as often as it happens; every other end comes once.
        final = [end for end in ends if end in CLOSING and end != "not_sent"]
        if len(final) > (intent["state"] == "CLOSED"):
            yield f"I12 {name} is {intent['state']}, the trail closes it as {final}"
    for id_ in sorted((armed.keys() | ended.keys()) - intents.keys()):
        yield f"I12 the trail tells of intent {id_}, which the journal does not have"


def _holds(tx: Tx, trail: Sequence[Row]) -> Iterator[str]:
    """Every hold was told when it was opened and when it was closed, and none is closed by nobody."""
    told = Counter((row["told"]["hold"], row["action"]) for row in trail if row["action"].startswith("hold."))
    for hold in _of(tx, tables.hold):
        name = f"hold {hold['id']} ({hold['code']} of {hold['kind']} {hold['source_id']})"
        closed = hold["resolved_at"] is not None
        if closed and not hold["resolved_by"]:
            yield f"I14 {name} was resolved by nobody"
        if told[hold["id"], "hold.opened"] != 1:
            yield f"I12 {name}: the trail opens it {told[hold['id'], 'hold.opened']} times"
        ends = told[hold["id"], "hold.closed"] + told[hold["id"], "hold.dismissed"]
        if ends != closed:
            yield f"I12 {name} is {'closed' if closed else 'open'}, the trail closes it {ends} times"
    for row in trail:
        if not row["actor"]:
            yield f"I14 row {row['seq']}: {row['action']} {row['object']} by nobody"


def _of(tx: Tx, table: Any) -> list[Row]:
    return [row._mapping for row in tx.conn.execute(select(table).where(table.c.pair == tx.pair))]
