"""Judges a lived week by the databases' bytes and by what arrived at the listeners; shares no code with Tieout."""

from __future__ import annotations

import json
import re
import sqlite3
from collections import Counter, defaultdict
from contextlib import closing
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from tests.acceptance.week import END, EVERY, START

ZONE = ZoneInfo("America/New_York")
SYNCING = ("orders", "invoices", "status", "sweep")
OVER = "Over: "
TYPES = {
    "netsuite": (
        "customer", "salesOrder", "invoice", "customerPayment", "creditMemo", "customerDeposit", "depositApplication",
        "customerRefund", "itemFulfillment",
    ),
    "salesforce": ("Account", "Opportunity", "Tieout_Account_Balance__c", "Tieout_Financial__c"),
}  # fmt: skip
VOLATILE = {
    "createdDate", "lastModifiedDate", "dateCreated", "SystemModstamp", "LastModifiedDate", "CreatedDate",
    "custbody_tieout_intent", "custentity_tieout_intent", "custbody_tieout_ver", "Tieout_Link__c",
}  # fmt: skip
"""Stamps, the name of the write, the version of the deal (a stamp too), and an address that holds an id."""


def key(job, at):
    return f"{job} {at:%m-%d %H:%M}"


def moments(job, until=END):
    """Return the scheduled moments of a job in the week, by the words of sync.toml."""
    if job in EVERY:
        step, first = timedelta(hours=EVERY[job]), START.replace(hour=0)
        every = [first + number * step for number in range(200)]
        return [at for at in every if START - step < at <= until]  # the last one before the beginning is worked then
    clock, days = (time(2, 30), range(1, 8)) if job == "sweep" else (time(6, 30), range(1, 4))
    local = [datetime.combine((START + timedelta(days=n)).date(), clock, tzinfo=ZONE) for n in range(-1, 9)]
    return [at.astimezone(UTC) for at in local if START < at <= until and at.isoweekday() in days]


def expected(changed, until=END):
    """Return the outcome of every slot of the week, save those that ``changed`` names: it wins; None means no row."""
    base = {key(job, at): "done" for job in (*SYNCING, "reconcile") for at in moments(job, until)}
    return {name: outcome for name, outcome in {**base, **changed}.items() if outcome is not None}


def rows(week, query):
    with closing(sqlite3.connect(week.stage.admin / "state" / "tieout.db")) as database:
        return database.execute(query).fetchall()


def slots(week):
    return rows(week, "SELECT job, slot_at, outcome, run_id, owner FROM slot ORDER BY slot_at, job")


def wrong_slots(found, wanted):
    """Return each slot that ended otherwise than it must, as (slot, is, must be)."""
    seen = defaultdict(list)
    for job, at, outcome, _run, _owner in found:
        seen[key(job, datetime.fromisoformat(at))].append(outcome)
    names = sorted(seen.keys() | wanted.keys())
    return [
        (name, seen.get(name), wanted.get(name))
        for name in names
        if seen.get(name) != ([wanted[name]] if name in wanted else None)
    ]


def wrong_runs(week, found, by_hand=0):
    """Return what is wrong with the count of runs: each slot that was worked to its end has one of its own.

    A run that broke off has no slot that names it; there are at most as many as slots that broke off.
    """
    named = [run for job, _at, outcome, run, _owner in found if job in SYNCING and outcome in ("done", "stopped")]
    broke = sum(outcome in ("failed", "abandoned", None) for job, _at, outcome, _run, _owner in found if job in SYNCING)
    runs = [id_ for (id_,) in rows(week, "SELECT id FROM run WHERE job != 'reconcile'")]
    extra = len(runs) - len(named) - by_hand
    faults = []
    if None in named or len(set(named)) != len(named):
        faults.append("two slots name one run, or a slot names none")
    if set(named) - set(runs):
        faults.append("a slot names a run that is not there")
    if not 0 <= extra <= broke:
        faults.append(f"{len(runs)} runs for {len(named)} slots, {by_hand} commands and {broke} broken slots")
    return faults


def told(posts):
    """Return by key what was told of each matter, in order; digests of holds apart."""
    found = defaultdict(list)
    for post in posts:
        if post["kind"] != "holds":
            found[post["key"]].append("over" if post["text"].startswith(OVER) else "open")
    return dict(found)


def held(posts):
    """Return how often each record was told as held, by its address and cause."""
    entries = Counter()
    for post in posts:
        if post["kind"] == "holds":
            code = None
            for line in post["text"].splitlines():
                head = re.match(r"([A-Z_]+): ", line)
                code = head[1] if head else code
                entry = re.search(r"  - .*/lightning/r/(\w+/\w+)/view", line)
                if entry:
                    entries[f"{code} {entry[1]}"] += 1
    return entries


def wrong_alerts(listeners, wanted, holds=None):
    """Return what was told and should not have been, or the other way round; both channels told the same."""
    faults = []
    seen = told(listeners.posts)
    for name in sorted(seen.keys() | wanted.keys()):
        if seen.get(name) != wanted.get(name):
            faults.append((name, seen.get(name), wanted.get(name)))
    posts = Counter(post["text"].splitlines()[0] for post in listeners.posts)
    mails = Counter(str(mail["Subject"]).removeprefix("[Tieout] ") for mail in listeners.mails)
    if posts != mails:
        faults.append(("mail and webhook differ", dict(posts - mails), dict(mails - posts)))
    again = {name: count for name, count in held(listeners.posts).items() if count > 1}
    if again:
        faults.append(("held records told twice", again, None))
    if holds is not None and set(held(listeners.posts)) != set(holds):
        faults.append(("held records", sorted(set(held(listeners.posts)) ^ set(holds)), None))
    if listeners.wrong:
        faults.append(("posted elsewhere", listeners.wrong, None))
    return faults


def duplicates(stage):
    """Return external ids that NetSuite holds twice within a group of records."""
    groups = {"customer": "entity", "salesOrder": "transaction", "invoice": "transaction"}
    counts = Counter()
    for type_, group in groups.items():
        for record in _dump(stage, "netsuite", type_):
            if record.get("externalId"):
                counts[group, record["externalId"].lower()] += 1
    # Two documents of one deal would be a duplicate too, whatever they are called.
    for record in _dump(stage, "netsuite", "salesOrder"):
        if record.get("custbody_tieout_deal_id"):
            counts["deal", record["custbody_tieout_deal_id"]] += 1
    return [name for name, count in counts.items() if count > 1]


def held_stores(stage):
    """Return both systems' records without stamps, given numbers and their order."""
    dumps = {type_: _dump(stage, system, type_) for system, types in TYPES.items() for type_ in types}
    names = _names(dumps)
    return {type_: sorted(json.dumps(_plain(row, names), sort_keys=True) for row in dumps[type_]) for type_ in dumps}


def differences(one, other):
    """Return for each type the records that only one side has, three at most of each side."""
    found = {}
    for type_ in one:
        mine, theirs = Counter(one[type_]), Counter(other[type_])
        if mine != theirs:
            found[type_] = {
                "missing": list((mine - theirs).elements())[:3],
                "extra": list((theirs - mine).elements())[:3],
            }
    return found


def _dump(stage, system, type_):
    with closing(sqlite3.connect(stage.sandbox / f"{system}.db")) as database:
        return [json.loads(body) for (body,) in database.execute("SELECT body FROM record WHERE type = ?", (type_,))]


def _names(dumps):
    """Return a lasting name for every number that NetSuite gives in order of arrival: ids and document numbers."""
    names = {}
    orders = {row["id"]: row.get("externalId") or row["tranId"] for row in dumps["salesOrder"]}
    customers = {row["id"]: row["companyName"] for row in dumps["customer"]}
    for row in dumps["customer"]:
        names |= {f"#{row['id']}": customers[row["id"]], row.get("entityId"): customers[row["id"]]}
    for row in dumps["salesOrder"]:
        names |= {f"#{row['id']}": orders[row["id"]], row["tranId"]: orders[row["id"]]}
    for type_ in TYPES["netsuite"][2:]:
        for row in dumps[type_]:
            whom = customers.get(row.get("entity") or row.get("customer"))
            source = row.get("externalId") or orders.get(row.get("createdFrom")) or row.get("checkNum") or whom
            name = f"{type_} {source} {row.get('total') or row.get('payment') or ''} {row.get('memo') or ''}"
            names |= {f"#{row['id']}": name, row.get("tranId"): name}
    names.pop(None, None)
    return names


def _plain(value, names, field=""):
    if isinstance(value, dict):
        if "Tieout_Key__c" in value:
            value = {**value, "Id": "", "Name": ""}  # Tieout's own rows are numbered in order of arrival
        return {name: _plain(part, names, name) for name, part in value.items() if name not in VOLATILE}
    if isinstance(value, list):
        parts = [_plain(part, names, field) for part in value]
        return (
            sorted(parts, key=lambda part: json.dumps(part, sort_keys=True)) if field in ("apply", "credits") else parts
        )
    if not isinstance(value, str):
        return value
    if field in REFERENCES:
        return names.get(f"#{value}", value)
    if field == "Tieout_Key__c":
        return re.sub(r"\d+", lambda found: names.get(f"#{found[0]}", found[0]), value)
    return names.get(value, value)


REFERENCES = {
    "id", "entity", "customer", "parent", "createdFrom", "salesOrder", "doc", "deposit", "Tieout_Sales_Order_Id__c",
    "Tieout_NetSuite_Id__c", "Tieout_Customer__c",
}  # fmt: skip
