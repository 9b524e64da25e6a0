"""Lines of deals and of orders: quantities, prices, discounts and the totals that follow from them."""

from __future__ import annotations

from decimal import Decimal

from sandbox.book.dice import Random
from sandbox.book.ids import Ids
from sandbox.book.nouns import Deal, Line, OrderLine, Product, minor_digits, money

DISCOUNTS = ("5", "7.5", "10", "12", "15", "20", "33.33")
_COUNTS = (16, 22, 20, 14, 10, 8, 6, 4)
"""How often a deal has one, two … eight lines."""
_RATE_DIGITS = Decimal("0.00000001")


def make_lines(products: list[Product], currency: str, ids: Ids, dice: Random) -> tuple[Line, ...]:
    """Return one to eight lines in the currency; now and then the same product twice."""
    count = dice.choices(range(1, 9), _COUNTS)[0]
    return tuple(make_line(dice.choice(products), currency, ids, dice) for _ in range(count))


def make_line(product: Product, currency: str, ids: Ids, dice: Random) -> Line:
    """Return a line whose exact total is no tie between two roundings."""
    while True:
        quantity, price, discount = _quantity(product, dice), _price(product, currency, dice), _discount(dice)
        exact = quantity * price * (1 - (discount or Decimal(0)) / 100)
        if exact > 1 and not _tie(exact, currency):
            break
    return Line(
        id=ids.salesforce("OpportunityLineItem"),
        product_id=product.id,
        entry_id=product.entries[currency],
        quantity=quantity,
        price=price,
        discount=discount,
        total=money(exact, currency),
        description=dice.choice(("", "", f"{product.name}, as offered")),
    )


def order_lines(deal: Deal, items: dict[str, str]) -> tuple[OrderLine, ...]:
    """Return the deal's lines as a person enters them in NetSuite; ``items`` maps product ids to item ids."""
    return tuple(order_line(items[line.product_id], line.quantity, line.total, line.description) for line in deal.lines)


def order_line(item: str, quantity: Decimal, amount: Decimal, description: str = "") -> OrderLine:
    """Return an order line with the rate that yields the amount."""
    rate = (amount / quantity).quantize(_RATE_DIGITS).normalize()
    return OrderLine(item=item, quantity=quantity, rate=rate, amount=amount, description=description)


def _quantity(product: Product, dice: Random) -> Decimal:
    if product.family == "Services" and dice.random() < 0.5:
        return Decimal(dice.randint(2, 60)) / 4
    if product.family == "Supplies":
        return Decimal(dice.randint(5, 200))
    return Decimal(dice.randint(1, 12))


def _price(product: Product, currency: str, dice: Random) -> Decimal:
    listed = product.prices[currency]
    if dice.random() < 0.7:
        return listed
    return money(listed * dice.randint(80, 98) / 100, currency)


def _discount(dice: Random) -> Decimal | None:
    return Decimal(dice.choice(DISCOUNTS)) if dice.random() < 0.3 else None


def _tie(exact: Decimal, currency: str) -> bool:
    rest = exact.scaleb(minor_digits(currency)) % 1
    return rest == Decimal("0.5")
