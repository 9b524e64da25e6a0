"""To which deal an invoice belongs: by binding, by the order that it was made from, or by the admin's field.

A stamp of ours alone proves nothing: NetSuite copies custom fields to the next document, Salesforce clones copy them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from connectors.receivables import Invoice
from connectors.records import salesforce_id
from journal import bindings
from journal.database import Tx
from journal.nouns import KIND_INVOICE, KIND_ORDER


@dataclass(frozen=True, slots=True, kw_only=True)
class Owners:
    """Deals by the NetSuite id of their order and of the invoices that Tieout made for them."""

    of_order: Mapping[str, str]
    of_invoice: Mapping[str, str]
    deal_field: str | None = None

    @classmethod
    def read(cls, tx: Tx, deal_field: str | None) -> Owners:
        """Read the bindings."""
        return cls(
            of_order={binding.target_id: binding.source_id for binding in bindings.all_of(tx, KIND_ORDER)},
            of_invoice={binding.target_id: binding.source_id for binding in bindings.all_of(tx, KIND_INVOICE)},
            deal_field=deal_field,
        )

    def deal_of(self, invoice: Invoice) -> str | None:
        """Return the id of the deal that an invoice belongs to, or None."""
        bound = self.of_invoice.get(invoice.id)
        if bound is not None:
            return bound
        ordered = self.of_order.get(invoice.order_id) if invoice.order_id is not None else None
        return self._named(invoice) if ordered is None else ordered

    def _named(self, invoice: Invoice) -> str | None:
        text = invoice.stamps.get(self.deal_field, "").strip() if self.deal_field else ""
        try:
            return salesforce_id(text) if text.startswith("006") else None
        except ValueError:
            return None

    def by_deal(self, invoices: Iterable[Invoice]) -> dict[str, list[Invoice]]:
        """Return the invoices of each deal; those of no deal are left out."""
        found: dict[str, list[Invoice]] = {}
        for invoice in invoices:
            deal = self.deal_of(invoice)
            if deal is not None:
                found.setdefault(deal, []).append(invoice)
        return found
