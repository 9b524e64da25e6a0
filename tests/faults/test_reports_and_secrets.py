"""What leaves Tieout for people: workbooks, screens, logs, alerts. Nothing in it acts, misleads, or tells a secret."""

from __future__ import annotations

import io
import json
import logging
import traceback
from functools import partial

import openpyxl
import pytest
import responses
import structlog
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

import config.logging as tieout_logging
from config.secrets import Secret
from connectors.alerting.webhook import Webhook
from connectors.errors import ConnectorError
from connectors.transport import RouteError, is_inner_address
from console.output import Output
from console.readable import isolated, readable
from console.service.failures import Failures
from journal.database import open_journal
from reconcile.sheet import Sheet, Styles
from tests.acceptance.leaks import Scan
from tests.fakes.run import sync
from tests.fakes.world import make_world
from tests.unit.connectors import netsuite_account, salesforce_org
from tests.unit.connectors.netsuite_account import FakeAccount, add_order, refusal, soap_fault
from tests.unit.connectors.salesforce_org import FakeOrg, StillClock, js

# workbooks


BEGINNINGS = ["=", "+", "-", "@", "\t=", "\r=", " =", "\u00a0=", "\n=", "'=", "|", "%0A=", "＝", "{="]
FORMULA = '1+HYPERLINK("http://evil.example","x")'


def written(texts):
    """Return the cells of a sheet with these texts, as a spreadsheet reads them."""
    held = io.BytesIO()
    book = xlsxwriter.Workbook(held, {"in_memory": True})
    sheet = Sheet(book.add_worksheet("X"), Styles(book))
    for row, text in enumerate(texts):
        sheet.text(row, 0, text)
    book.close()
    read = openpyxl.load_workbook(held)
    found = [row[0] for row in read["X"].iter_rows(min_row=1, max_row=len(texts))]
    read.close()
    return found


def test_no_beginning_of_a_text_makes_it_a_formula():
    for cell in written([begin + FORMULA for begin in BEGINNINGS]):
        assert cell.data_type == "s"
        assert "HYPERLINK" in cell.value


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(BEGINNINGS), st.text(st.characters(codec="utf-8"), max_size=20)), min_size=1))
def test_any_text_of_a_customer_stays_a_text(pairs):
    cells = written([begin + rest for begin, rest in pairs])
    assert {cell.data_type for cell in cells} <= {"s"}


# screens


def printed(call):
    held = io.StringIO()
    call(Output(console=Console(file=held, force_terminal=False, width=200, highlight=False)))
    return held.getvalue()


HOSTILE = "Acme \x1b[2J\x1b]0;owned\x07 \u202e001 \x9b1A\r\u2066x"


def test_a_name_neither_moves_the_cursor_nor_turns_the_reading_direction():
    for text in (printed(lambda out: out.line(HOSTILE)), printed(lambda out: out.table(["name"], [[HOSTILE]]))):
        assert not set(text) & set("\x1b\x07\x9b\r\u202e\u2066")
        assert "U+202E" in text
        assert "\\x1b[2J" in text


def test_a_name_written_from_right_to_left_is_kept_apart_from_what_stands_beside_it():
    text = printed(lambda out: out.table(["name", "amount"], [["חברת אקמה", "100.00"]]))
    assert "\u2068חברת אקמה\u2069" in text
    assert "100.00" in text


@given(st.text(max_size=40))
def test_ordinary_texts_are_shown_as_they_are(text):
    if text.isprintable():
        assert readable(text) == text
    assert "\u202e" not in isolated(text)


def test_json_output_keeps_a_text_as_it_is_within_its_quotes(capsys):
    held = io.StringIO()
    Output(as_json=True, console=Console(file=held)).json("x", {"name": HOSTILE})
    assert held.getvalue().count("\n") == 1
    assert json.loads(held.getvalue())["name"] == HOSTILE


# logs


@pytest.fixture
def restored():
    before = structlog.get_config()
    yield
    structlog.configure(**before)


@pytest.mark.parametrize("form", ["json", "console"])
def test_no_value_forges_a_line_of_the_log_or_reaches_the_terminal_raw(form, capsys, restored):
    tieout_logging.set_up(verbose=True, form=form)
    structlog.get_logger("x").warning("write_answered", record='x\r\n{"event": "forged"}', name=HOSTILE)
    text = capsys.readouterr().err
    assert text.count("\n") == 1
    assert not set(text) & set("\x1b\x07\x9b\r")
    if form == "json":
        assert json.loads(text)["event"] == "write_answered"
    else:
        assert "\u202e" not in text


def test_a_librarys_message_comes_without_its_traceback(capsys, restored):
    tieout_logging.set_up_service("json")
    try:
        raise ValueError("token=CANARY-traceback")
    except ValueError:
        logging.getLogger("urllib3.x").warning("retrying", exc_info=True)
    finally:
        root = logging.getLogger()
        for handler in [one for one in root.handlers if type(one).__name__ == "_Forwarding"]:
            root.removeHandler(handler)
    assert "CANARY-traceback" not in capsys.readouterr().err


# secrets


CANARIES = {
    "SF_ID": "canary-sf-client-id-7731", "SF_SECRET": "canary-sf-secret-8842", "NS_CK": "canary-ns-consumer-9953",
    "NS_CS": "canary-ns-consumer-secret-1064", "NS_TK": "canary-ns-token-2175", "NS_TS": "canary-ns-token-secret-3286",
}  # fmt: skip
TOKEN = "canary-session-token-4397"


def told(error):
    """Return everything that an error is printed as: itself, its values, its causes and the traceback."""
    return "\n".join([repr(error), repr(vars(error)), *traceback.format_exception(error)])


def test_no_secret_shows_in_anything_that_failures_leave_behind(tmp_path, capsys, monkeypatch, restored):
    monkeypatch.setattr(netsuite_account, "ENVIRON", CANARIES)
    monkeypatch.setattr(salesforce_org, "ENVIRON", CANARIES)
    tieout_logging.set_up(verbose=True, form="json")
    scan = Scan({**CANARIES, "token": TOKEN})
    failures = Failures()
    echo = " ".join([CANARIES["SF_ID"], CANARIES["SF_SECRET"], TOKEN])
    own = " ".join(CANARIES[name] for name in ("NS_CK", "NS_CS", "NS_TK", "NS_TS"))
    errors = []
    for script in (
        [js([{"message": f"bad header {TOKEN}", "errorCode": "X"}], 400)],
        [(500, {}, "<html>oops</html>")] * 9,
        [js({"error": "x", "error_description": echo}, 401)] * 3,
    ):
        org = FakeOrg(script=script, sign_ins=[js({"access_token": TOKEN, "instance_url": salesforce_org.URL})] * 9)
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            org.install(mock)
            errors += caught(
                lambda: salesforce_org.connection().reader.by_ids("Opportunity", ["Name"], [salesforce_org.DEAL])
            )
    refused = FakeOrg(sign_ins=[js({"error": "invalid_client", "error_description": echo.removesuffix(TOKEN)}, 400)])
    with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
        refused.install(mock)
        errors += caught(lambda: salesforce_org.connection().reader.organization())
    for reply in (refusal(400, "X", own), (500, {}, "x"), soap_fault("unexpectedErrorFault", "U", own)):
        account = FakeAccount(replies=[reply])
        with responses.RequestsMock(assert_all_requests_are_fired=False) as mock:
            account.install(mock)
            opened = netsuite_account.connection()
            errors += caught(partial(opened.reader.references, "term", "name"))
            outcomes = list(opened.writer.write([add_order()]))
            scan.text("outcome", "a write's outcome", repr(outcomes))
    assert len(errors) >= 6
    for error in errors:
        failures.note("orders", error)
        scan.text("error", type(error).__name__, told(error))
    for value in CANARIES.values():
        scan.text("repr", "a secret's own text", f"{Secret(value)} {Secret(value)!r} {[Secret(value)]}")
    world = make_world(tmp_path)
    world.crm.put_account(1, "Blue Harbor Inc.")
    world.crm.put_deal(1)
    sync(world)
    world.journal.close()
    open_journal(world.settings.state, "salesforce>netsuite").close()
    scan.folder(tmp_path)
    output = capsys.readouterr()
    scan.text("log", "standard error", output.err)
    scan.text("output", "standard output", output.out)
    assert scan.found == []
    assert scan.looked["error"] == len(errors)


def caught(call):
    try:
        call()
    except ConnectorError as error:
        return [error]
    return []


def test_the_scan_itself_finds_a_secret_however_it_is_written():
    scan = Scan({"x": "canary-0123456789"})
    for text in ("canary-0123456789", "Y2FuYXJ5LTAxMjM0NTY3ODk=", "63616e6172792d30313233343536373839"):
        scan.text("t", text, f"before {text} after")
    assert len(scan.found) == 3


# addresses


INNER = [
    "169.254.169.254", "10.0.0.1", "172.16.0.1", "192.168.1.1", "0.0.0.0", "100.64.0.1", "224.0.0.1", "fd00::1",
    "fe80::1", "::ffff:169.254.169.254", "::",
]  # fmt: skip


@pytest.mark.parametrize("host", INNER)
def test_a_webhook_cannot_be_pointed_at_an_inner_address(host):
    assert is_inner_address(host)
    shown = f"[{host}]" if ":" in host else host
    with pytest.raises(RouteError, match="inner network") as caught_:
        Webhook(Secret(f"https://{shown}/hook/canary"), StillClock())
    assert "canary" not in str(caught_.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "8.8.8.8", "chat.acme.example"])
def test_this_machine_and_public_hosts_are_no_inner_addresses(host):
    assert not is_inner_address(host)
