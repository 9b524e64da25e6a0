from __future__ import annotations

import pytest

from tests.fakes.world import make_world


@pytest.fixture
def world(tmp_path):
    """One account, no deals, on a virtual clock."""
    world = make_world(tmp_path)
    world.crm.put_account(1, "Blue Harbor Inc.")
    yield world
    world.journal.close()
