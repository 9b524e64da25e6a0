"""A stage for proofs: the installed command and the sandbox as processes, judged by the sandbox's own dumps."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

from console.commands.demo import write_files
from sandbox import control_client

TIEOUT = Path(sys.executable).parent / "tieout"
NOW = "2026-11-22T12:00:00Z"
BOOKS = Path(__file__).parent.parent / "books"


class Stage:
    """One admin folder and one sandbox folder.

    ``now``: where the sandbox's clock stands until it is stepped; None follows the machine's clock. ``environ`` is
    added to the environment of every command.
    """

    def __init__(self, folder, book, *, seed=1, now=NOW, environ=None):
        self.folder = Path(folder)
        self.sandbox = self.folder / "sandbox"
        self.admin = self.folder / "admin"
        self.book, self.seed, self.now = str(book), seed, now
        self.environ = dict(environ or {})
        self.process = None
        self.ready = None

    def start(self, ports=()):
        arguments = ["--dir", self.sandbox, "--book", self.book, "--seed", str(self.seed), *ports]
        if self.now is not None:
            arguments += ["--now", self.now]
        self.process = subprocess.Popen(
            [TIEOUT, "sandbox", "serve", *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"the sandbox did not start: {self.process.stderr.read()}")
        self.ready = json.loads(line)
        self.admin.mkdir(parents=True, exist_ok=True)
        if not (self.admin / "sync.toml").exists():
            write_files(self.admin, self.ready)
        return self

    def stop(self):
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            self.process.communicate(timeout=30)
            self.process = None

    def tieout(self, *arguments, check=None, environ=None):
        """Run the installed command in the admin's folder."""
        done = subprocess.run(
            [TIEOUT, *arguments],
            cwd=self.admin,
            capture_output=True,
            text=True,
            timeout=300,
            env={**os.environ, **self.environ, **(environ or {})},
        )
        if check is not None and done.returncode != check:
            raise AssertionError(f"tieout {arguments}: exit {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done

    def json(self, *arguments, check=0):
        """Run a command with --json and return what it prints."""
        return json.loads(self.tieout(*arguments, "--json", check=check).stdout)

    def background(self, *arguments, environ=None):
        """Start the installed command and return the process."""
        return subprocess.Popen(
            [TIEOUT, *arguments],
            cwd=self.admin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **self.environ, **(environ or {})},
        )

    def dump(self, system, type_):
        """Return what a server holds, by the sandbox's own command."""
        done = self.tieout("sandbox", "dump", "--dir", str(self.sandbox), system, type_, check=0)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def requests(self):
        """Return both servers' logs of requests."""
        return [entry for system in ("salesforce", "netsuite") for entry in self.dump(system, "requests")]

    def writes(self):
        """Return the requests that changed something, by the servers' logs."""
        return [entry for entry in self.requests() if entry["effect"]]

    def step(self, duration):
        self.tieout("sandbox", "step", duration, "--dir", str(self.sandbox), check=0)

    def control(self, action, body):
        return control_client.post(self.sandbox, action, body)

    def state(self):
        return control_client.get(self.sandbox, "state")


@contextmanager
def staged(folder, book, **options):
    """Run a block with the sandbox up."""
    stage = Stage(folder, book, **options).start()
    try:
        yield stage
    finally:
        stage.stop()


def verdict(proof, ok, **figures):
    """Print a proof's one JSON line and leave with its exit code."""
    print(json.dumps({"proof": proof, "ok": bool(ok), **figures}))
    raise SystemExit(0 if ok else 1)
