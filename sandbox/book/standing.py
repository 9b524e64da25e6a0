"""How one order stands while finance's month is played through: a small model of its own, in shares of the whole."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from sandbox.book.action import Action


@dataclass(slots=True, kw_only=True)
class Standing:
    """How an order stands while the month is played: shares of its goods and of what is billed of it."""

    goods: bool
    services: bool
    approved: bool = False
    scheduled: bool = False
    delivered: bool = False
    delivered_late: bool = False
    billable: Decimal = Decimal(0)
    billed: bool = False
    billed_by_tieout: bool = True
    open: Decimal = Decimal(0)
    payments: int = 0
    on_account: bool = False
    deposit: bool = False
    may_be_late: bool = False

    def approve(self, _step: Action) -> str:
        """An order is approved once."""
        if self.approved:
            return "it is approved already"
        self.approved = True
        self.billable = Decimal(self.services)
        return ""

    def schedule(self, _step: Action) -> str:
        """A schedule comes before the first bill."""
        self.scheduled = True
        return "it is approved already" if self.approved else ""

    def fulfil(self, step: Action) -> str:
        """Goods of an approved order are delivered once, and after the first days only where that is the case."""
        if not self.approved or not self.goods or self.delivered:
            return "nothing is to be delivered"
        if self.scheduled:
            return "it is billed much later"
        self.delivered = True
        self.billable = Decimal(1)
        if step.phase != "approve":
            self.billed_by_tieout = False
            return "" if self.may_be_late else "the goods leave too late to be billed"
        return ""

    def bill(self, step: Action) -> str:
        """Finance bills what is billable, in its first days."""
        share = Decimal(step.text("share") or 1)
        if step.phase != "approve" or self.scheduled or not self.approved or not 0 < share <= self.billable:
            return "nothing is to be billed"
        self.billable -= share
        self.billed, self.open = True, Decimal(1)
        return ""

    def bill_the_rest(self) -> None:
        """Tieout bills whatever is billable."""
        if self.approved and not self.scheduled and self.billable and self.billed_by_tieout:
            self.billable = Decimal(0)
            self.billed, self.open = True, max(self.open, Decimal(1))

    def pay(self, step: Action) -> str:
        """A payment takes at most what is open."""
        share = Decimal(step.text("share") or 1)
        if not self.open:
            return "nothing is open"
        if not 0 < share <= 1:
            return f"a share of {share}"
        self.open -= self.open * share
        self.payments += 1
        self.on_account = self.on_account or bool(step.text("over"))
        return ""

    def credit(self, step: Action) -> str:
        """A credit memo takes at most what is open of the invoice."""
        share = Decimal(step.text("share"))
        if not 0 < share <= self.open:
            return f"{share} credited of {self.open} open"
        self.open -= share
        return ""

    def take_deposit(self, step: Action) -> str:
        """A deposit is taken on an approved order, before it is billed."""
        self.deposit = True
        return "" if self.approved and not self.scheduled and step.phase == "approve" else "it is not to be billed"

    def apply_deposit(self, _step: Action) -> str:
        """A deposit is used on what is open; it is less than the whole."""
        return "" if self.deposit and self.open else "there is no deposit or nothing is open"

    def refund(self, _step: Action) -> str:
        """Only what is on account can be refunded."""
        return "" if self.on_account else "nothing is on account"

    def take_back(self, _step: Action) -> str:
        """A payment can be taken back if there is exactly one."""
        return "" if self.payments == 1 else f"it has {self.payments} payments"

    def void_invoice(self, _step: Action) -> str:
        """An invoice can be voided while nothing is settled."""
        return "" if self.billed and self.open == 1 and not self.payments else "something is settled or nothing billed"

    def other(self, _step: Action) -> str:
        """Money on account and invoices of their own need only the customer."""
        return ""


REPLAYS: Mapping[str, Callable[[Standing, Action], str]] = {
    "approve": Standing.approve,
    "schedule": Standing.schedule,
    "fulfil": Standing.fulfil,
    "bill": Standing.bill,
    "pay": Standing.pay,
    "credit": Standing.credit,
    "deposit": Standing.take_deposit,
    "apply_deposit": Standing.apply_deposit,
    "refund": Standing.refund,
    "void_payment": Standing.take_back,
    "unapply": Standing.take_back,
    "void_invoice": Standing.void_invoice,
    "invoice": Standing.other,
    "pay_on_account": Standing.other,
}
"""What each operation does to an order; it returns what is wrong with it, or nothing."""
