"""``tieout db``: what it says, and that a restored state is noticed by the next command that may write."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from config.load import load
from config.secrets import SecretRef
from config.system import SystemRandom
from console.main import app
from console.state import in_use, opened_for_writing, opened_journal
from journal import epoch, sqlite_file
from journal.database import recall, remember
from journal.errors import JournalError
from tests import postgres_server
from tests.fakes.time_and_chance import VirtualClock
from tests.fakes.world import make_settings

CONFIG = Path("sync.toml")
SYNC_TOML = """
[company]
time_zone = "UTC"
go_live = 2026-11-01
[connections.salesforce]
url = "https://acme.my.salesforce.com"
auth = { client_id = "env:A", client_secret = "env:B" }
[connections.netsuite]
account = "1234567"
auth = { consumer_key = "env:C", consumer_secret = "env:D", token_id = "env:E", token_secret = "env:F" }
[jobs.reconcile]
sla = "4h"
"""


@pytest.fixture(params=["sqlite", "postgresql"])
def admin(request, tmp_path, monkeypatch):
    """An admin's folder, with the state where the settings say."""
    more = ""
    if request.param == "postgresql":
        monkeypatch.setenv("TIEOUT_URL", postgres_server.databases().at(tmp_path))
        more = '[state]\nurl = "env:TIEOUT_URL"\n'
    (tmp_path / "sync.toml").write_text(SYNC_TOML + more)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tieout(*words, code=0):
    done = CliRunner().invoke(app, list(words))
    assert done.exit_code == code, done.output
    return done.output


def told(*words, code=0):
    return json.loads(tieout(*words, "--json", code=code))


def write(name):
    with opened_journal(load(CONFIG)) as journal, journal.begin() as tx:
        remember(tx, name, "1")


def test_backup_verify_restore_and_what_the_next_commands_say(admin):
    assert told("db", "upgrade")["schema"] == "0003"
    write("before")
    enter(load(CONFIG))
    made = told("db", "backup", str(admin / "b.db"))
    assert made["bytes"] == (admin / "b.db").stat().st_size
    write("after")
    assert "whole." in tieout("db", "verify")
    assert told("db", "verify", str(admin / "b.db"))["whole"] is True

    assert "Add --yes" in tieout("db", "restore", str(admin / "b.db"), code=2)
    kept = told("db", "restore", str(admin / "b.db"), "--yes")["replaced"]
    assert os.stat(kept).st_mode & 0o077 == 0

    with opened_journal(load(CONFIG)) as journal, journal.begin() as tx:
        assert (recall(tx, "before"), recall(tx, "after")) == ("1", None)
    assert "The next run begins a recovery: the state is a backup of" in tieout("status")
    assert enter(load(CONFIG)).startswith("the state is a backup of")
    for command in ("status", "holds"):
        assert "recovery since 2026-11-22 12:00 UTC: the state is a backup of" in tieout(command)
    assert "recovery since" in told("status")["recovery"]


def enter(settings):
    with opened_for_writing(settings, VirtualClock(), SystemRandom(), thorough=True) as journal, journal.begin() as tx:
        found = epoch.recovery(tx)
    return None if found is None else found.why


def test_a_recovery_can_be_begun_by_hand_with_a_reason(admin):
    assert "a reason is expected" in tieout("db", "recover", code=2)
    assert "recovery since" in told("db", "recover", "--reason", "snapshot of the machine")["recovery"]
    with opened_journal(load(CONFIG)) as journal, journal.begin() as tx:
        assert epoch.recovery(tx).why.startswith("snapshot of the machine (said by ")


def test_verify_exits_with_1_when_something_is_amiss(admin):
    (admin / "b.db").write_bytes(b"rubbish" * 999)
    assert "BAD" in tieout("db", "verify", str(admin / "b.db"), code=1)
    assert told("db", "verify", str(admin / "b.db"), code=1)["whole"] is False
    assert "Make another one: tieout db backup" in tieout("db", "verify", str(admin / "b.db"), code=1)


def test_verify_of_a_file_that_is_not_there_is_a_wrong_argument(admin):
    assert "there is no such file" in tieout("db", "verify", str(admin / "nowhere.db"), code=2)


def test_what_is_no_backup_is_refused_and_the_state_stays(admin):
    write("before")
    (admin / "b.db").write_bytes(b"rubbish" * 999)
    refused = tieout("db", "restore", str(admin / "b.db"), "--yes", code=2)
    assert "no whole backup" in refused
    assert "Choose a file that tieout db backup wrote" in refused
    with opened_journal(load(CONFIG)) as journal, journal.begin() as tx:
        assert recall(tx, "before") == "1"


def test_a_file_is_not_replaced_while_anybody_uses_it(tmp_path, monkeypatch):
    (tmp_path / "sync.toml").write_text(SYNC_TOML)
    monkeypatch.chdir(tmp_path)
    tieout("db", "backup", str(tmp_path / "b.db"))
    settings = load(CONFIG)
    with opened_journal(settings):
        assert "in use by a service" in tieout("db", "restore", str(tmp_path / "b.db"), "--yes", code=2)
    with (
        in_use(settings.state, alone=True),
        pytest.raises(JournalError, match="being restored"),
        opened_journal(settings),
    ):
        raise AssertionError("opened in the middle of a restore")
    tieout("db", "restore", str(tmp_path / "b.db"), "--yes")


def test_a_damaged_file_stops_what_may_write_before_it_writes(tmp_path):
    settings = make_settings(tmp_path)
    with opened_journal(settings) as journal, journal.begin() as tx:
        for number in range(400):
            remember(tx, f"key {number}", "x" * 500)
    with settings.state.open("r+b") as file:
        file.seek(settings.state.stat().st_size - 40 * 4096)
        file.write(os.urandom(30 * 4096))
    before = settings.state.read_bytes()
    with pytest.raises(JournalError, match=r"damaged|malformed"):
        enter(settings)
    assert settings.state.read_bytes() == before


def test_jobs_of_the_service_do_not_read_every_page_each_time(tmp_path, monkeypatch):
    settings, looked = make_settings(tmp_path), []
    monkeypatch.setattr(sqlite_file, "quick_check", lambda *_: looked.append(1))
    for thorough in (True, False, False):
        with opened_for_writing(settings, VirtualClock(), SystemRandom(), thorough=thorough):
            pass
    assert looked == [1]


def test_the_address_of_the_database_is_never_shown(tmp_path, monkeypatch):
    (tmp_path / "sync.toml").write_text(SYNC_TOML + '[state]\nurl = "env:TIEOUT_URL"\n')
    monkeypatch.chdir(tmp_path)
    for url in ("postgresql://me:s3cr3t@127.0.0.1:1/x?connect_timeout=2", "postgresql://me:s3cr3t@[x/y", "s3cr3t"):
        monkeypatch.setenv("TIEOUT_URL", url)
        for words in (["status"], ["status", "--json"], ["db", "verify"], ["db", "backup"]):
            done = CliRunner().invoke(app, words)
            assert done.exit_code in (2, 3)
            assert "s3cr3t" not in done.output
    assert "s3cr3t" not in repr(make_settings(tmp_path, database=SecretRef("env:TIEOUT_URL", "sync.toml:1")))


def test_commands_on_sqlite_load_neither_the_driver_of_postgresql_nor_the_migrations(tmp_path):
    (tmp_path / "sync.toml").write_text(SYNC_TOML)
    tieout_status = "from typer.testing import CliRunner; from console.main import app; import sys\n"
    tieout_status += "done = CliRunner().invoke(app, ['status']); assert done.exit_code == 0, done.output\n"
    script = tieout_status + "print([name for name in ('psycopg', 'alembic', 'structlog') if name in sys.modules])"
    environment = {**os.environ, "PYTHONPATH": os.getcwd()}
    first, again = (
        subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=environment, capture_output=True, text=True)
        for _ in range(2)
    )
    assert (first.returncode, again.stdout.strip()) == (0, "[]"), first.stderr + again.stderr
