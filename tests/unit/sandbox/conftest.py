from __future__ import annotations

from tests.unit.sandbox.ns_account import account, saved

__all__ = ["account", "saved"]
