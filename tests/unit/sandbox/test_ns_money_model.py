"""Whatever finance does with money, the local NetSuite agrees to the cent with a small model of its own."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from sandbox.netsuite.failure import RecordError
from tests.unit.sandbox.ns_ledger import Books, row

CENTS = st.integers(1, 15_000).map(lambda cents: Decimal(cents) / 100)
PICK = st.integers(0, 1_000)
ZERO = Decimal(0)


@dataclass
class Source:
    """Money or credit: how much it holds, and what of it lies on which invoice."""

    type: str
    held: Decimal
    on: dict[str, tuple[Decimal, Decimal]] = field(default_factory=dict)
    elsewhere: Decimal = ZERO
    live: bool = True

    @property
    def free(self) -> Decimal:
        return self.held - sum((amount for amount, _ in self.on.values()), ZERO) - self.elsewhere


class Money(RuleBasedStateMachine):
    """Invoices, payments, credits and deposits of one customer."""

    def __init__(self) -> None:
        super().__init__()
        self.books = Books()
        self.totals: dict[str, Decimal] = {}
        self.sources: dict[str, Source] = {}

    def open(self, invoice: str) -> Decimal:
        applied = (source.on.get(invoice, (ZERO, ZERO)) for source in self.sources.values())
        return self.totals[invoice] - sum((amount + disc for amount, disc in applied), ZERO)

    def pick(self, number: int, *types: str) -> str | None:
        found = [id_ for id_, source in self.sources.items() if source.type in types and source.live]
        return found[number % len(found)] if found else None

    def invoice_of(self, number: int) -> str:
        return list(self.totals)[number % len(self.totals)]

    @rule(amount=CENTS)
    def bill(self, amount: Decimal) -> None:
        self.totals[self.books.invoice(str(amount))] = amount

    @precondition(lambda self: self.totals)
    @rule(number=PICK, amount=CENTS, over=st.sampled_from([ZERO, Decimal("12.34")]), disc=st.booleans())
    def pay(self, number: int, amount: Decimal, over: Decimal, disc: bool) -> None:
        invoice = self.invoice_of(number)
        share = min(Decimal("0.50"), self.open(invoice)) if disc else ZERO
        rows = [row(invoice, amount, share)]
        wanted = {"customer": "501", "payment": amount + over, "applyList": rows}
        if amount + share > self.open(invoice):
            self.refused("customerPayment", wanted)
            return
        payment = self.books.add("customerPayment", **wanted)
        self.sources[payment] = Source("customerPayment", amount + over, {invoice: (amount, share)})

    @rule(amount=CENTS)
    def receive(self, amount: Decimal) -> None:
        payment = self.books.add("customerPayment", customer="501", payment=amount)
        self.sources[payment] = Source("customerPayment", amount)

    @precondition(lambda self: self.totals)
    @rule(number=PICK, other=PICK, amount=CENTS)
    def apply_more(self, number: int, other: int, amount: Decimal) -> None:
        source_id, invoice = self.pick(number, "customerPayment", "creditMemo"), self.invoice_of(other)
        if source_id is None:
            return
        source = self.sources[source_id]
        before = source.on.get(invoice, (ZERO, ZERO))
        fits = amount + before[1] <= self.open(invoice) + sum(before) and amount <= source.free + before[0]
        try:
            self.books.update(source.type, source_id, applyList=[row(invoice, amount)])
        except RecordError:
            assert not fits
            return
        assert fits
        source.on[invoice] = (amount, before[1])

    @rule(number=PICK, zero=st.booleans())
    def unapply(self, number: int, zero: bool) -> None:
        source_id = self.pick(number, "customerPayment", "creditMemo")
        if source_id is None or not self.sources[source_id].on:
            return
        source = self.sources[source_id]
        invoice, _ = source.on.popitem()
        how = {"amount": ZERO, "disc": ZERO, "apply": True} if zero else {"apply": False}
        self.books.update(source.type, source_id, applyList=[{"doc": Decimal(invoice), **how}])

    @precondition(lambda self: self.totals)
    @rule(number=PICK, amount=CENTS, applied=st.booleans())
    def credit(self, number: int, amount: Decimal, applied: bool) -> None:
        invoice = self.invoice_of(number)
        used = min(amount, self.open(invoice)) if applied else ZERO
        rows = [row(invoice, used)] if used else []
        lines = [{"item": "5", "quantity": Decimal(1), "amount": amount}]
        memo = self.books.add("creditMemo", entity="501", lines=lines, applyList=rows)
        self.sources[memo] = Source("creditMemo", amount, {invoice: (used, ZERO)} if used else {})

    @precondition(lambda self: self.totals)
    @rule(number=PICK, other=PICK)
    def use_credit_in_a_payment(self, number: int, other: int) -> None:
        memo, invoice = self.pick(number, "creditMemo"), self.invoice_of(other)
        if memo is None:
            return
        amount = min(self.sources[memo].free, self.open(invoice))
        if not amount:
            return
        rows = {"applyList": [row(invoice, amount)], "creditList": [row(memo, amount)]}
        payment = self.books.add("customerPayment", customer="501", payment=ZERO, **rows)
        self.sources[memo].elsewhere += amount
        self.sources[payment] = Source("uses credit", amount, {invoice: (amount, ZERO)})

    @rule(amount=CENTS)
    def deposit(self, amount: Decimal) -> None:
        id_ = self.books.add("customerDeposit", customer="501", payment=amount)
        self.sources[id_] = Source("customerDeposit", amount)

    @precondition(lambda self: self.totals)
    @rule(number=PICK, other=PICK, amount=CENTS)
    def apply_deposit(self, number: int, other: int, amount: Decimal) -> None:
        deposit, invoice = self.pick(number, "customerDeposit"), self.invoice_of(other)
        if deposit is None:
            return
        wanted = {"deposit": deposit, "applyList": [row(invoice, amount)]}
        if amount > self.sources[deposit].free or amount > self.open(invoice):
            self.refused("depositApplication", wanted)
            return
        applied = self.books.add("depositApplication", **wanted)
        self.sources[deposit].elsewhere += amount
        self.sources[applied] = Source("depositApplication", amount, {invoice: (amount, ZERO)})

    @rule(number=PICK, share=st.sampled_from([Decimal("0.25"), Decimal(1), Decimal(2)]))
    def refund(self, number: int, share: Decimal) -> None:
        source_id = self.pick(number, "customerPayment", "creditMemo", "customerDeposit")
        if source_id is None or not self.sources[source_id].free:
            return
        source = self.sources[source_id]
        amount = (source.free * share).quantize(Decimal("0.01"))
        name = "depositList" if source.type == "customerDeposit" else "applyList"
        wanted = {"customer": "501", name: [row(source_id, amount)]}
        if amount > source.free:
            self.refused("customerRefund", wanted)
        elif amount:
            self.books.add("customerRefund", **wanted)
            source.elsewhere += amount

    @rule(number=PICK)
    def void_money(self, number: int) -> None:
        source_id = self.pick(number, "customerPayment", "creditMemo", "customerDeposit")
        if source_id is None:
            return
        source = self.sources[source_id]
        try:
            self.books.void(source.type, source_id)
        except RecordError:
            assert source.elsewhere
            return
        assert not source.elsewhere
        self.sources[source_id] = Source(source.type, ZERO, live=False)

    @precondition(lambda self: self.totals)
    @rule(number=PICK)
    def void_invoice(self, number: int) -> None:
        invoice = self.invoice_of(number)
        try:
            self.books.void("invoice", invoice)
        except RecordError:
            assert self.open(invoice) != self.totals[invoice]
            return
        assert self.open(invoice) == self.totals[invoice]
        del self.totals[invoice]

    def refused(self, type_: str, values: dict[str, object]) -> None:
        count = len(self.books.store.all(type_))
        try:
            self.books.add(type_, **values)
        except RecordError:
            assert len(self.books.store.all(type_)) == count
            return
        raise AssertionError(f"{type_} {values} was accepted")

    @invariant()
    def invoices_agree(self) -> None:
        for invoice, total in self.totals.items():
            body = self.books.get("invoice", invoice)
            assert body["total"] == total == body["amountPaid"] + body["amountRemaining"]
            assert body["amountRemaining"] == self.open(invoice)
            assert body["status"] == ("A" if self.open(invoice) else "B")

    @invariant()
    def money_agrees(self) -> None:
        for id_, source in self.sources.items():
            if source.type not in ("customerPayment", "creditMemo", "customerDeposit"):
                continue
            body = self.books.get(source.type, id_)
            held = body["total" if source.type == "creditMemo" else "payment"]
            assert held == source.held == body["applied"] + body["unapplied"]
            assert body["unapplied"] == source.free
            assert body["voided"] is not source.live


TestMoney = Money.TestCase
TestMoney.settings = settings(max_examples=30, stateful_step_count=25, deadline=None)
