"""Bad input around billing, status, guard, alerts and the service: what is spoilt, and what the message must say."""

from __future__ import annotations

import json
import shutil
import socket
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.acceptance.bad_input import SECRET, SYNC, Case, setting
from tests.acceptance.people import Person
from tests.acceptance.stage import Stage

LOCAL = (("status",), ("sync",))
"""Commands of which the first needs no remote system: a wrong setting stops every command."""

LOOK = (("check",), ("sync",))
ALONE = "# stand_alone = \"Type == 'Renewal'\""
INVOICE_MAP = "mappings/invoice.toml"
SMTP_HEAD = "# [alerts.smtp]"
TAKEN = socket.socket()
"""A port of this machine that somebody else listens on for as long as the proof runs."""


def wrong(name: str, old: str, new: str, *says: str, **more: Any) -> Case:
    """A wrong setting, named by its line."""
    return setting(name, old, new, *says, **{"commands": LOCAL, **more})


def service_settings() -> list[Case]:
    """Faults in what sync.toml says of billing, status, guard, alerts and the service."""
    every = 'every   = "5m"'
    return [
        wrong("rule of the invoice date", 'date    = "order"', 'date    = "yesterday"', "no rule for an invoice's date",
              "order, today, first_open_period"),
        wrong("no body field", '"custbody_crm_opportunity"', '"the CRM field"', "custom body field",
              '"custbody_crm_opportunity"', at="the CRM field"),
        wrong("unknown key of invoices", 'date    = "order"', 'dat     = "order"', "unknown key 'dat'",
              "Did you mean 'date'?"),
        wrong("sweep at no time", 'sweep       = "daily 02:30"', 'sweep = "daily 25:30"', "there is no time 25:30",
              '"weekdays 06:30"'),
        wrong("sweep on no weekday", 'sweep       = "daily 02:30"', 'sweep = "funday 02:30"',
              "there is no weekday 'funday'", '"sunday 03:00"'),
        wrong("sweep as a span", 'sweep       = "daily 02:30"', 'sweep = "1d"', "a time of day is expected",
              '"weekdays 06:30"'),
        wrong("every and at", every, f'at = "weekdays 06:30"\n{every}', "'every' is set too", "Keep one of the two",
              at='at = "weekdays 06:30"'),
        wrong("every 0", every, 'every = "0s"', "longer than 0", '"5m"'),
        wrong("every 2 days", every, 'every = "2d"', "at least once a day", "sunday 03:00"),
        wrong("receivables as a word", "receivables = true", 'receivables = "yes"', "true or false"),
        wrong("span in words", 'approval_sla  = "2d"', 'approval_sla = "two days"', "a duration is expected", '"1d"'),
        wrong("workbook to nobody", '# send_to     = ["controller@acme.example"]', 'send_to = ["the controller"]',
              "one e-mail address is expected", "controller@acme.com"),
        wrong("guard with a word", "require_plan = false", 'require_plan = "no"', "true or false"),
        wrong("guard of no orders", "# new_orders_per_run = 50", "new_orders_per_run = 0", "a whole number"),
        wrong("ceiling of no currency", '# hold_above         = { USD = "500000", JPY = "75000000" }',
              'hold_above = { Dollar = "5" }', "no currency code", 'USD = "500000"'),
        wrong("negative ceiling", '# amount_per_run     = { USD = "2000000" }', 'amount_per_run = { USD = "-1" }',
              "an amount of zero or more"),
        wrong("silent at once", 'silent_after = "2h"', 'silent_after = "0s"', "longer than 0"),
        wrong("operator without address", '# operators          = ["tieout-operators@acme.example"]',
              'operators = ["the team"]', "one e-mail address is expected"),
        wrong("webhook as plain text", '# webhook            = "env:TIEOUT_WEBHOOK"',
              f'webhook = "https://hooks.example/{SECRET}"', "never the value itself", "env:NAME", hidden=(SECRET,)),
        wrong("spent share above the whole", '# budget_share       = "0.8"', 'budget_share = "1.5"', "a share above 0",
              '"0.8"'),
        wrong("mail server without sender", SMTP_HEAD, '[alerts.smtp]\nhost = "127.0.0.1"', "'sender' is missing",
              at="[alerts.smtp]"),
        wrong("unencrypted mail", SMTP_HEAD,
              '[alerts.smtp]\nhost = "smtp.acme.example"\nsender = "t@acme.example"\ntls = "none"',
              "only a server on this machine", "starttls"),
        wrong("user without password", SMTP_HEAD,
              '[alerts.smtp]\nhost = "smtp.acme.example"\nsender = "t@acme.example"\nuser = "tieout"',
              "user and password belong together"),
        wrong("service for everybody", 'host        = "127.0.0.1"', 'host = "0.0.0.0"',
              "only an address on this machine", "127.0.0.1"),
        wrong("no port", "port        = 9187", "port = 99187", "between 0 and 65535"),
        wrong("freeze on no day", "# freeze_days = [-1, 1]", "freeze_days = [0]", "business days", "[-1, 1]"),
        wrong("condition with an unknown field", ALONE, "stand_alone = \"Tipe == 'Renewal'\"", "no field 'Tipe'",
              "Did you mean 'Type'?", commands=LOOK),
        wrong("condition that is none", ALONE, "stand_alone = \"Type == 'Renewal\"",
              "the condition cannot be read", "texts in quotes", commands=LOOK, at="stand_alone = "),
        *(_invoice_map(*case) for case in INVOICE_MAPS),
        wrong("no map of invoices", ALONE,
              f"mapping = \"{INVOICE_MAP}\"\nstand_alone = \"Type == 'Renewal'\"", "no file 'mappings/invoice.toml'",
              "Create", at=f'mapping = "{INVOICE_MAP}"'),
    ]  # fmt: skip


INVOICE_MAPS = (
    ("unknown field in the map of invoices", '\n[fields]\nmemmo = { from = "Name" }\n',
     ("invoice has no field 'memmo'", "Did you mean 'memo'?")),
    ("unknown source in the map of invoices", '\n[fields]\nmemo = { from = "Nam" }\n',
     ("Opportunity has no field 'Nam'", "Did you mean 'Name'?")),
    ("map of invoices that is no TOML", "\n[fields\n", ("not valid TOML",)),
)  # fmt: skip


def _invoice_map(name: str, text: str, says: Sequence[str]) -> Case:
    def spoil(admin: Path) -> None:
        base = 'extends = "order_to_cash/opportunity_to_invoice"\n'
        (admin / INVOICE_MAP).write_text(base + text)

    new = f'mapping = "{INVOICE_MAP}"\nstand_alone = "Type == \'Renewal\'"'
    return Case(
        name=name, edits=((SYNC, ALONE, new),), spoil=spoil, says=(f"{INVOICE_MAP}:", *says), commands=(("check",),)
    )


def service_commands(stage: Stage) -> list[Case]:
    """Wrong arguments of the service's commands, taken ports, unreachable ways to tell people."""
    TAKEN.bind(("127.0.0.1", 0))
    TAKEN.listen()
    port = TAKEN.getsockname()[1]
    used, known = plans(stage)
    nobody = str(closed_port())
    because = ("--reason", "month end")
    cases = [
        Case(name="pause of an unknown job", commands=(("pause", "ordrs", *because), ("resume", "ordrs")),
             says=("there is no job 'ordrs'", "orders, invoices, status, sweep, reconcile")),
        Case(name="pause without a reason", commands=(("pause", "orders"), ("freeze",)),
             says=("--reason", "a reason is expected", "month end")),
        Case(name="pause until yesterday", says=("--until", "lies in the past", "later"),
             commands=(("pause", "orders", *because, "--until", "2020-01-01"), ("freeze", *because, "--until", "0s"))),
        Case(name="pause until no moment", says=("--until", "'tomorrow' is no moment", "2026-12-03T18:00"),
             commands=(("pause", "all", *because, "--until", "tomorrow"), ("freeze", *because, "--until", "tomorrow"))),
        Case(name="pause until a day that is none", says=("--until", "'2026-02-30' is no moment"),
             commands=(("pause", "all", *because, "--until", "2026-02-30"),)),
        Case(name="unknown job of the service", commands=(("run", "--once", "ordrs"),),
             says=("tieout run", "there is no job 'ordrs'", "orders, invoices, status, sweep, reconcile")),
        Case(name="clock of no sandbox", commands=(("run", "--once", "status", "--clock", "elsewhere"),),
             says=("elsewhere", "holds no sandbox", "tieout sandbox serve")),
        Case(name="service port in use", edits=((SYNC, "port        = 9187", f"port = {port}"),), commands=(("run",),),
             says=("[service]", f"127.0.0.1:{port} cannot be listened on", "Address already in use", "another port")),
        Case(name="unknown plan", commands=(("apply", "0123456789ab", "--yes"),),
             says=("no plan has the hash '0123456789ab'", "tieout plan")),
        Case(name="used plan", commands=(("apply", used, "--yes"),),
             says=(f"plan {used} was carried out already", "tieout plan")),
        Case(name="plan of another mapping", commands=(("apply", known, "--yes"),),
             edits=(("mappings/sales_order.toml", 'otherRefNum = { from = "PO_Number__c" }',
                     'otherRefNum = { from = "PO_Number__c" }\nmemo = { from = "NextStep" }'),),
             says=(f"plan {known} was made with another version of the mapping", "tieout plan")),
        Case(name="alerts to nobody", commands=(("alerts", "test"),),
             says=("no way to tell an alert is configured", "[alerts.smtp]", "webhook")),
        Case(name="unreachable mail server", commands=(("alerts", "test"),), code=3, result=True,
             edits=((SYNC, SMTP_HEAD, f'[alerts.smtp]\nhost = "127.0.0.1"\nport = {nobody}\n'
                     'sender = "t@acme.example"\ntls = "none"\n#'),
                    (SYNC, '# operators          = [', "operators = [")),
             says=("alerts.smtp", f"127.0.0.1:{nobody}", "Connection refused", "Check alerts.smtp.host and port")),
        Case(name="unreachable webhook", commands=(("alerts", "test"),), code=3, result=True,
             spoil=lambda folder: hook(folder, nobody),
             says=("alerts.webhook", "127.0.0.1", "connection refused", "Check the address"), hidden=("hook-token",)),
        Case(name="torn state", edits=((SYNC, '"state/tieout.db"', '"state/torn.db"'),), spoil=torn,
             says=("torn.db", "backup"), commands=(("status",), ("sync",), ("run", "--once", "status"))),
        Case(name="state of a newer version", edits=((SYNC, '"state/tieout.db"', '"state/newer.db"'),), spoil=newer,
             says=("newer.db", "has schema 9999", "newer tieout"),
             commands=(("status",), ("sync",), ("pause", *because))),
        Case(name="state below a file", edits=((SYNC, '"state/tieout.db"', f'"{SYNC}/tieout.db"'),),
             says=("sync.toml", "[state] path"), commands=(("status",), ("sync",))),
    ]  # fmt: skip
    return cases + clerks(stage) + hidden_from_us()


def plans(stage: Stage) -> tuple[str, str]:
    """Return the hash of a plan that was carried out, and of one that still waits."""
    person = Person(stage)
    second = person.deals()["Second"]
    person.edit("Opportunity", second, PO_Number__c="PO-2-CHANGED")
    stage.step("10m")
    used = hash_of(stage, "--deal", second)
    stage.tieout("apply", used, "--yes", check=0)
    stage.step("10m")
    return used, hash_of(stage)


def hash_of(stage: Stage, *arguments: str) -> str:
    """Return the hash that a plan prints."""
    return str(stage.json("plan", *arguments)["hash"])


def closed_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def hook(admin: Path, port: str) -> None:
    """Point the webhook at a port where nobody listens."""
    path = admin / "secrets" / "hook"
    path.write_text(f"http://127.0.0.1:{port}/hook-token")
    path.chmod(0o600)
    text = (admin / SYNC).read_text()
    old = '# webhook            = "env:TIEOUT_WEBHOOK"'
    (admin / SYNC).write_text(text.replace(old, f'webhook = "file:{path}"', 1))


def torn(admin: Path) -> None:
    """Leave a state database whose pages were overwritten."""
    data = bytearray((admin / "state/tieout.db").read_bytes())
    data[100:] = b"\x5a" * (len(data) - 100)
    (admin / "state/torn.db").write_bytes(data)


def newer(admin: Path) -> None:
    """Leave a state database of a later version."""
    target = admin / "state/newer.db"
    shutil.copy(admin / "state/tieout.db", target)
    with closing(sqlite3.connect(target)) as db:
        db.execute("UPDATE alembic_version SET version_num = '9999'")
        db.commit()


def clerks(stage: Stage) -> list[Case]:
    """The clerk given a wrong phase, no plan, a wrong plan, no sandbox."""
    there = ("--dir", str(stage.sandbox))
    plans_ = {
        "operation": ({"phase": "late", "op": "sing"}, ("action 1", "unknown op 'sing'", "approve")),
        "key": ({"phase": "late", "op": "approve"}, ("action 1", "order is missing")),
        "share": ({"phase": "late", "op": "bill", "order": "SO1", "share": "2"}, ("share is '2'", 'such as "0.5"')),
        "order": ({"phase": "late", "op": "approve", "order": "SO-nobody"}, ("action 1", "SO-nobody")),
    }
    cases = [
        Case(name="clerk in no phase", commands=(("sandbox", "clerk", "noon", *there),),
             says=("tieout sandbox clerk", "unknown phase 'noon'", "approve, collect, late")),
        Case(name="clerk without a plan", commands=(("sandbox", "clerk", "late", *there),), says=("clerk.json",)),
        Case(name="clerk without a sandbox", commands=(("sandbox", "clerk", "late", "--dir", "elsewhere"),),
             says=("tieout sandbox clerk",)),
    ]  # fmt: skip
    for name, (action, says) in plans_.items():
        book = stage.folder / f"plan-{name}"
        book.mkdir()
        (book / "clerk.json").write_text(json.dumps({"version": 1, "actions": [action]}))
        command = ("sandbox", "clerk", "late", *there, "--book", str(book))
        cases.append(Case(name=f"clerk with a wrong {name}", commands=(command,), says=says))
    return cases


def hidden_from_us() -> list[Case]:
    """What an administrator forgot to create or to permit in Salesforce."""
    guide = "prepare-salesforce.md"
    return [
        without("a figure of the deal is missing", {"Opportunity": ["Tieout_Paid__c"]},
                "Opportunity lacks the fields that Tieout writes", "Tieout_Paid__c", guide),
        without("the key of the documents is missing", {"Tieout_Financial__c": ["Tieout_Key__c"]},
                "lacks the object Tieout_Financial__c", "receivables = false", guide),
        without("the key of the balances is missing", {"Tieout_Account_Balance__c": ["Tieout_Key__c"]},
                "lacks the object Tieout_Account_Balance__c", "receivables = false", guide),
        without("a figure of the documents is missing", {"Tieout_Financial__c": ["Tieout_Amount__c"]},
                "Tieout_Financial__c", "Tieout_Amount__c", guide),
        without("a figure of the balances is missing", {"Tieout_Account_Balance__c": ["Tieout_Unapplied__c"]},
                "Tieout_Account_Balance__c", "Tieout_Unapplied__c", guide),
    ]  # fmt: skip


def without(name: str, fields: dict[str, list[str]], *says: str) -> Case:
    """Salesforce hides these fields from the integration user."""
    rule = {"system": "salesforce", "operation": "", "action": "hide_fields", "times": None, "body": fields}
    return Case(name=name, rules=(rule,), says=("Salesforce", *says), commands=LOOK)
