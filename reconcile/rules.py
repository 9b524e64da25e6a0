"""Every rule, in the order in which they explain the bridge and the chain behind it."""

from __future__ import annotations

from reconcile.rule import Rule
from reconcile.rules_accuracy import ACCURACY, LIFECYCLE
from reconcile.rules_billing import BILLING_RULES
from reconcile.rules_cash import CASH_RULES
from reconcile.rules_existence import EXISTENCE
from reconcile.rules_identity import IDENTITY
from reconcile.rules_rollup import ROLLUP_RULES

RULES: tuple[Rule, ...] = (*EXISTENCE, *IDENTITY, *ACCURACY, *LIFECYCLE, *BILLING_RULES, *CASH_RULES, *ROLLUP_RULES)
