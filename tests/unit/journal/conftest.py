"""Every test of the journal runs on both databases."""

from __future__ import annotations

import pytest

from tests import postgres_server


@pytest.fixture(params=["postgresql"] if postgres_server.wanted() else ["sqlite", "postgresql"])
def opened(request):
    """Open the state database that lies at a path, of the kind whose turn it is; closed after the test."""
    journals = []

    def open_at(path, pair="salesforce>netsuite"):
        journals.append(postgres_server.opened(path, pair, postgresql=request.param == "postgresql"))
        return journals[-1]

    yield open_at
    for journal in journals:
        journal.close()


@pytest.fixture
def state(tmp_path):
    return tmp_path / "state" / "tieout.db"


@pytest.fixture
def journal(opened, state):
    return opened(state)
