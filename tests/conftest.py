"""What every test starts from."""

from __future__ import annotations

import pytest
import structlog


@pytest.fixture(autouse=True)
def _log_of_its_own():
    """Forget the log that a test set up: it writes into a file that is closed with the test."""
    yield
    structlog.reset_defaults()
