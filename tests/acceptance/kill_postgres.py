"""A PostgreSQL server of one proof, with the durability of production: it may crash and come back under the work."""

from __future__ import annotations

import psycopg

from tests.postgres_server import Server, binaries

DATABASE = "tieout_state"
SHORT_LEASE = """
import datetime
import journal.leases
journal.leases.LASTS = datetime.timedelta(seconds=3)
journal.leases.RENEWED_EVERY = 0.7
from console.main import run
run()
"""
"""The command with a lease of seconds: a killed holder is soon followed, and one that only sleeps loses it."""


class StateServer:
    """The server that holds a state database; ``url`` is its address."""

    def __init__(self):
        self._server = Server(binaries(), options=())

    def start(self):
        self._server.start()
        with psycopg.connect(self._server.url("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {DATABASE}")
        self.url = self._server.url(DATABASE)
        return self

    def restart(self):
        """Let the server crash (as `pg_ctl restart -m immediate`) and come back."""
        self._server.restart()

    def stop(self):
        self._server.remove()
