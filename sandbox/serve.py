"""Both servers on one clock and one folder, in this process."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from sandbox import book_load
from sandbox.book.generate import generate
from sandbox.book_edits import RecordedEdits
from sandbox.clock import SandboxClock
from sandbox.control import SandboxControl
from sandbox.credentials import Credentials, keep, write_private
from sandbox.errors import SandboxError
from sandbox.faults import Faults
from sandbox.http import App, Mount, Server
from sandbox.netsuite import edits as netsuite_edits
from sandbox.netsuite import server as netsuite
from sandbox.salesforce import edits as salesforce_edits
from sandbox.salesforce import server as salesforce
from sandbox.store import Store

DEMO, CLEAN, EMPTY = "demo", "clean", "empty"
DEMO_SEED = 1


def serve(
    folder: Path,
    book: str,
    *,
    announce: Callable[[str], None],
    salesforce_port: int = 0,
    netsuite_port: int = 0,
    seed: int | None = None,
    now: datetime | None = None,
    latency: float = 0.0,
) -> None:
    """Run both servers until SIGTERM or SIGINT.

    Args:
        folder: where stores, clock and credentials are kept; an existing one goes on where it stood.
        book: ``demo``, ``clean`` (the demo book without its defects), ``empty`` or a book folder; loaded into an
            empty folder only.
        announce: gets the ready line (JSON) once both servers answer.
        salesforce_port: 0 picks a free one.
        netsuite_port: 0 picks a free one.
        seed: makes credentials and demo book repeatable.
        now: sets the clock, which then moves by steps only.
        latency: seconds that every request takes.

    Raises:
        SandboxError: the folder is in use, or the book cannot be loaded.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    with running(
        folder, book, salesforce_port=salesforce_port, netsuite_port=netsuite_port, seed=seed, now=now, latency=latency
    ) as ready:
        announce(json.dumps(ready))
        stop.wait()


@contextmanager
def running(
    folder: Path,
    book: str = EMPTY,
    *,
    salesforce_port: int = 0,
    netsuite_port: int = 0,
    seed: int | None = None,
    now: datetime | None = None,
    latency: float = 0.0,
) -> Iterator[dict[str, Any]]:
    """Run both servers in threads of this process and yield the ready object; see :func:`serve`.

    The object is also written to ``sandbox.json`` in the folder, readable by its owner only.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        stack.enter_context(_locked(folder))
        clock = SandboxClock(now, path=folder / "clock.json")
        credentials = keep(folder, seed)
        stores = {
            name: stack.enter_context(closing(Store(folder / f"{name}.db"))) for name in ("salesforce", "netsuite")
        }
        if not book_load.is_loaded(stores["salesforce"]):
            source = _source(folder, book, seed, clock)
            organization = credentials.salesforce.organization
            book_load.load(source, stores["salesforce"], stores["netsuite"], clock, organization)
        ports = {"salesforce": salesforce_port, "netsuite": netsuite_port}
        servers = _servers(stores, clock, credentials, ports, latency)
        for server in servers.values():
            server.start()
            stack.callback(server.stop)
        ready = _ready(folder, servers, clock, credentials)
        write_private(folder / "sandbox.json", json.dumps(ready, indent=2) + "\n")
        yield ready


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise SandboxError(f"{folder} is in use by another sandbox. Stop it, or name another folder.") from error
        yield


def _source(folder: Path, book: str, seed: int | None, clock: SandboxClock) -> Path | None:
    if book == EMPTY:
        return None
    if book not in (DEMO, CLEAN):
        return Path(book)
    made = folder / "book"
    generate(made, seed=DEMO_SEED if seed is None else seed, now=clock.now(), defects=book == DEMO)
    return made


def _servers(
    stores: dict[str, Store], clock: SandboxClock, credentials: Credentials, ports: dict[str, int], latency: float
) -> dict[str, Server]:
    faults = Faults()
    salesforce_app = salesforce.make_app(stores["salesforce"], clock, credentials.salesforce)
    apps: dict[str, App] = {
        "salesforce": salesforce_app,
        "netsuite": netsuite.make_app(stores["netsuite"], clock, credentials.netsuite),
    }
    edits = RecordedEdits(
        stores,
        {
            "salesforce": lambda edit: salesforce_edits.apply(salesforce_app.org, edit),
            "netsuite": lambda edit: netsuite_edits.apply(stores["netsuite"], clock, edit),
        },
        clock,
    )
    control = SandboxControl(clock, faults, edits.apply)
    return {
        name: Server(
            Mount(
                system=name, app=app, store=stores[name], clock=clock, faults=faults, control=control, latency=latency
            ),
            ports[name],
        )
        for name, app in apps.items()
    }


def _ready(folder: Path, servers: dict[str, Server], clock: SandboxClock, credentials: Credentials) -> dict[str, Any]:
    org, account = credentials.salesforce, credentials.netsuite
    return {
        "ready": True,
        "version": 1,
        "pid": os.getpid(),
        "dir": str(folder.resolve()),
        "now": clock.now().isoformat().replace("+00:00", "Z"),
        "salesforce": {
            "base_url": servers["salesforce"].base_url,
            "url": org.url,
            "client_id": org.client_id,
            "client_secret": org.client_secret,
            "organization": org.organization,
        },
        "netsuite": {
            "base_url": servers["netsuite"].base_url,
            "account": account.account,
            "consumer_key": account.consumer_key,
            "consumer_secret": account.consumer_secret,
            "token_id": account.token_id,
            "token_secret": account.token_secret,
        },
    }
