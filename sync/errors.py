"""What a use case cannot do with what it was asked."""

from __future__ import annotations


class UnknownDeal(Exception):
    """The CRM has no opportunity with this id, or the integration user may not see it."""
