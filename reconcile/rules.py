"""Every rule of the deal-to-order reconciliation, in the order in which they explain the bridge."""

from __future__ import annotations

from reconcile.rule import Rule
from reconcile.rules_accuracy import ACCURACY, LIFECYCLE
from reconcile.rules_existence import EXISTENCE
from reconcile.rules_identity import IDENTITY

RULES: tuple[Rule, ...] = (*EXISTENCE, *IDENTITY, *ACCURACY, *LIFECYCLE)
