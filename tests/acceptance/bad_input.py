"""The kinds of bad input that the proof tries: what is spoilt, and what the message must say of it."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SYNC, ORDERS, CUSTOMERS = "sync.toml", "mappings/sales_order.toml", "mappings/customer.toml"
PO = 'otherRefNum = { from = "PO_Number__c" }'
SCOPE = 'scope   = "IsWon" '
ALL = (("check",), ("plan",), ("sync",))
RUNS = (("check",), ("sync",), ("reconcile",))
SECRET = "s3cret-value-nobody-may-see"
NO_DEAL = "006000000000999AAA"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of bad input.

    ``edits``: file, old text, new text. ``at``: the message must name the line of the first edited file that holds
    this text. ``says``: further parts of the message: the place where it is no line, the cause, the fix. ``result``:
    the message is the command's own result, on standard output.
    """

    name: str
    says: Sequence[str]
    edits: Sequence[tuple[str, str, str]] = ()
    at: str | None = None
    spoil: Callable[[Path], None] | None = None
    commands: Sequence[Sequence[str]] = ALL
    code: int = 2
    rules: Sequence[Mapping[str, Any]] = ()
    hidden: Sequence[str] = ()
    result: bool = False


def order(name: str, new: str, *says: str, at: str | None = None, old: str = PO) -> Case:
    """A fault in the mapping of orders."""
    return Case(name=name, edits=((ORDERS, old, new),), at=at or new.splitlines()[0], says=says)


def setting(name: str, old: str, new: str, *says: str, **more: Any) -> Case:
    """A fault in sync.toml, which every command notices."""
    more = {"commands": RUNS, "at": new.splitlines()[-1], **more}
    return Case(name=name, edits=((SYNC, old, new),), says=says, **more)


def mapping_cases() -> list[Case]:
    """Faults in the mapping files."""
    extends = 'extends = "order_to_cash/opportunity_to_sales_order"'
    return [
        order("unknown source field", 'otherRefNum = { from = "PO_Numbr__c" }',
              "Opportunity has no field 'PO_Numbr__c'", "Did you mean 'PO_Number__c'?"),
        order("unknown source relationship", 'otherRefNum = { from = "Acount.Name" }',
              "Opportunity has no relationship 'Acount'", "Did you mean 'Account'?"),
        order("unknown NetSuite field", f'{PO}\nmemmo = {{ from = "Name" }}',
              "salesOrder has no field 'memmo'", "Did you mean 'memo'?", at="memmo"),
        order("unknown key of a field", 'otherRefNum = { form = "PO_Number__c" }',
              "unknown key 'form'", "Did you mean 'from'?"),
        order("unknown table of a mapping", "[tabels.terms]", "unknown table 'tabels'", "Did you mean 'tables'?",
              old="[tables.terms]"),
        order("unknown value table", 'terms       = { from = "Payment_Terms__c", table = "term" }',
              "no value table 'term'", "Did you mean 'terms'?",
              old='terms       = { from = "Payment_Terms__c", table = "terms" }'),
        order("unknown field in a rule", 'when  = "PO_Requird__c and empty(PO_Number__c)"',
              "no field 'PO_Requird__c'", "Did you mean 'PO_Required__c'?",
              old='when  = "PO_Required__c and empty(PO_Number__c)"'),
        order("unknown base map", 'extends = "order_to_cash/opportunity_to_sales_ordr"',
              "no base map", "Did you mean 'order_to_cash/opportunity_to_sales_order'?", old=extends),
        Case(name="unknown field in the mapping of customers", at="[match]",
             edits=((CUSTOMERS, "netsuite_conn__NetSuite_Id__c", "netsuite_conn__NetSuite_Idd__c"),),
             says=("Account has no field 'netsuite_conn__NetSuite_Idd__c'",
                   "Did you mean 'netsuite_conn__NetSuite_Id__c'?")),
        order("failing example", 'expect = { tranDate = 2026-11-03, terms = "Net 31", otherRefNum = "PO-4711" }',
              "terms is expected to be 'Net 31', got 'Net 30'", "Correct the example",
              at="[[examples]]", old='expect = { tranDate = 2026-11-03, terms = "Net 30", otherRefNum = "PO-4711" }'),
        order("malformed mapping", 'otherRefNum = { from = "PO_Number__c }', "not valid TOML",
              "every quote and bracket"),
        Case(name="missing mapping file", spoil=lambda folder: (folder / ORDERS).unlink(),
             says=("sync.toml:", "no file 'mappings/sales_order.toml'", "Create"), commands=RUNS),
        Case(name="mapping file is a folder", spoil=_to_folder,
             says=("sync.toml:", "mappings/sales_order.toml", "Create"), commands=RUNS),
        Case(name="mapping file is not text", spoil=lambda folder: (folder / ORDERS).write_bytes(b"\xff\xfe\x00" * 9),
             says=("mappings/sales_order.toml", "not UTF-8", "Save it as UTF-8"), commands=RUNS),
    ]  # fmt: skip


def _to_folder(admin: Path) -> None:
    (admin / ORDERS).unlink()
    (admin / ORDERS).mkdir()


def setting_cases(admin: Path) -> list[Case]:
    """Faults in sync.toml."""
    client = f'client_id = "file:{admin}/secrets/sf_client_id"'
    base = 'base_url  = "http://127.0.0.1'
    return [
        setting("unknown key", 'wait    = "0s"', 'wiat    = "0s"', "unknown key 'wiat'", "Did you mean 'wait'?"),
        setting("unknown table", "[jobs.orders]", "[jobs.ordres]", "unknown table 'ordres'", "Did you mean 'orders'?"),
        setting("malformed sync.toml", "slots     = 2", "slots     = ", "not valid TOML", "Texts stand in quotes"),
        setting("mandatory key absent", "go_live   = 2026-11-01", "#", "'go_live' is missing in [company]",
                "go_live = 2026-11-01", at="[company]"),
        setting("literal secret", client, f'client_id = "{SECRET}"', "auth] client_id", "never the value itself",
                "env:NAME", at=SECRET, hidden=(SECRET,)),
        setting("literal secret with a colon", client, f'client_id = "abc:{SECRET}"', "never the value itself",
                "env:NAME", at=SECRET, hidden=(SECRET,)),
        setting("environment variable not set", client, 'client_id = "env:TIEOUT_NO_SUCH"',
                "client_id", "TIEOUT_NO_SUCH is not set", "Set it before"),
        setting("secret file absent", client, f'client_id = "file:{admin}/secrets/nope"', "client_id",
                "secrets/nope", "No such file"),
        Case(name="secret file open to others", spoil=lambda folder: (folder / "secrets/sf_client_id").chmod(0o644),
             says=("sync.toml:", "client_id", "can be read by others", "chmod 600"), commands=RUNS),
        setting("unknown time zone", '"America/New_York"', '"America/New_Yrok"', "no time zone 'America/New_Yrok'",
                '"America/New_York"'),
        setting("bad duration", 'wait    = "0s"', 'wait    = "0 seconds"', "a duration is expected", '"30s"'),
        setting("bad scope", SCOPE, 'scope   = "IsWon and and IsClosed" ', "column 11 of the condition",
                "cannot be read", "Allowed are"),
        setting("scope with an unknown field", SCOPE, 'scope   = "IsWonn" ', "no field 'IsWonn'", "'IsWon'"),
        setting("address not on this machine", base, 'base_url  = "http://sandbox.example', "[connections.netsuite]",
                "only an address on this machine", "http://127.0.0.1:PORT"),
        setting("foreign Salesforce address", 'url  = "https://tieout-demo.my.salesforce.com"\nbase_url',
                'url  = "https://tieout-demo.example"\n# base_url', "connections.salesforce.url",
                "not a host of Salesforce", "My Domain", at=None),
        setting("transport rest", 'transport = "soap"', 'transport = "rest"', "REST is not supported", '"soap"'),
        setting("account as a number", '"7654321_SB1"', "7654321", "the account is a text", 'quotes: "7654321"'),
        setting("state is no database", '"state/tieout.db"', f'"{SYNC}"', "sync.toml: ", "is not a database",
                "Check [state] path",
                at=None),
        Case(name="no sync.toml", spoil=lambda folder: (folder / SYNC).unlink(),
             says=("sync.toml", "No such file", "Check the path"), commands=(*RUNS, ("status",), ("holds",))),
        Case(name="no such configuration", says=("elsewhere/sync.toml", "No such file", "Check the path"),
             commands=(("sync", "-c", "elsewhere/sync.toml"),)),
        Case(name="unknown job", commands=(("sync", "ordrs"),),
             says=("tieout sync", "no job 'ordrs'", "customers, orders, invoices, status")),
        Case(name="unknown deal", says=(NO_DEAL, "no opportunity", "Check the id"),
             commands=(("sync", "--deal", NO_DEAL), ("plan", "--deal", NO_DEAL), ("trace", NO_DEAL))),
        Case(name="no deal id", says=("'SO-no-such' names no deal", "begin with 006"),
             commands=(("sync", "--deal", "SO-no-such"), ("plan", "--deal", "SO-no-such"), ("trace", "SO-no-such"))),
        Case(name="unknown option", says=("No such option: --forse", "tieout sync --help"),
             commands=(("sync", "--forse"),)),
    ]  # fmt: skip


def remote_cases(ready: Mapping[str, Any]) -> list[Case]:
    """Refused credentials, closed ports, web pages."""
    cases = [
        Case(
            name=f"wrong {file}",
            spoil=lambda folder, file=file: _wrong(folder / "secrets" / file),
            says=("salesforce: ", "Salesforce refused the credentials", f"connections.salesforce.auth.{file[3:]}"),
            code=3,
            commands=RUNS,
            hidden=("wrong-value",),
        )
        for file in ("sf_client_id", "sf_client_secret")
    ]
    cases += [
        Case(
            name=f"wrong {file}",
            spoil=lambda folder, file=file: _wrong(folder / "secrets" / file),
            says=("netsuite: ", "NetSuite refused the login", "connections.netsuite.auth", "Login Audit Trail"),
            code=3,
            commands=(("check",), ("sync",)),
            hidden=("wrong-value",),
        )
        for file in ("ns_consumer_key", "ns_consumer_secret", "ns_token_id", "ns_token_secret")
    ]
    refused = ("netsuite: ", "NetSuite refused the login", "connections.netsuite.account")
    cases.append(
        setting("wrong account", '"7654321_SB1"', '"7654321_SB2"', *refused, at=None, code=3, commands=(("sync",),))
    )
    for system in ("salesforce", "netsuite"):
        base = ready[system]["base_url"]
        cases.append(unreachable(system, base))
        cases.append(page(system, "", "a page instead of every answer"))
    cases.append(page("salesforce", "token", "a page instead of the token"))
    cases.append(page("salesforce", "query", "a page instead of a query's JSON"))
    cases.append(page("netsuite", "suiteql", "a page instead of SuiteQL's JSON"))
    return cases


def _wrong(path: Path) -> None:
    path.write_text("wrong-value")


def unreachable(system: str, base: str) -> Case:
    """Nobody listens at the address."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        closed = f"http://127.0.0.1:{probe.getsockname()[1]}"
    says = (f"{system}: ", f"cannot reach {closed}: connection refused", f"Check connections.{system}.base_url")
    return setting(f"{system} unreachable", base, closed, *says, at=None, code=3)


def page(system: str, operation: str, name: str) -> Case:
    """The system answers with a web page."""
    return Case(
        name=f"{system}: {name}",
        rules=({"system": system, "operation": operation, "action": "html", "times": None},),
        says=(f"{system}: ", " page", f"Check connections.{system}.base_url"),
        code=3,
        commands=(("plan",), ("sync",), ("reconcile",)) if operation else RUNS,
    )


def lasting_failure(system: str, operation: str = "") -> Case:
    """The system answers 503 for longer than anybody waits."""
    return Case(
        name=f"{system}: lasting 503 {operation}".strip(),
        rules=({"system": system, "operation": operation, "action": "status", "status": 503, "times": None},),
        says=(f"{system}: ", "HTTP 503", "Usually passes by itself"),
        code=3,
        commands=(("sync",),),
    )
