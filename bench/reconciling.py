"""Compare a synthetic snapshot: deals, their orders, an invoice and a payment each, one in a hundred defective."""

from __future__ import annotations

import sys
from decimal import Decimal

from bench.measure import tell, timed


def main(deals: int) -> None:
    from dataclasses import replace

    from reconcile.run import evaluate
    from tests.unit.reconcile.planted import OPTIONS, binding, customer, deal, order, snapshot
    from tests.unit.reconcile.planted_money import PERIODS, applied, invoice, receipt

    numbers = range(1, deals + 1)
    price = "1000.00"
    invoices, receipts = [], []
    for number in numbers:
        paid = applied(str(7000 + number), "1100.00", source=str(8_000_000 + number))
        invoices.append(replace(invoice(number, price, paid), id=str(1_000_000 + number)))
        receipts.append(replace(receipt(number, number, "1100.00"), id=str(8_000_000 + number)))
    invoices = [
        replace(one, applications=tuple(replace(part, invoice_id=one.id) for part in one.applications))
        for one in invoices
    ]
    orders = [
        order(number, price if number % 100 else "900.00", status="G", id=str(2_000_000 + number),
              billed_net=Decimal(price))
        for number in numbers
    ]  # fmt: skip
    invoices = [replace(one, order_id=str(2_000_000 + number)) for number, one in zip(numbers, invoices, strict=True)]
    world = snapshot(
        [deal(number, price) for number in numbers],
        orders,
        bindings=[binding(number, str(2_000_000 + number)) for number in numbers],
        customer_bindings=[customer(number) for number in numbers],
    )
    world = replace(world, invoices=invoices, receipts=receipts, periods=PERIODS)
    with timed({}) as figures:
        report = evaluate(world, OPTIONS)
    tell({**figures, "deals": deals, "exceptions": len(report.exceptions)})


if __name__ == "__main__":
    main(int(sys.argv[1]))
