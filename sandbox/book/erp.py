"""What NetSuite holds before the first sync: customers under ids of its own, and orders that people entered."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sandbox.book.accounts import make_address
from sandbox.book.book import Book
from sandbox.book.dice import Random, portions
from sandbox.book.lines import order_line, order_lines
from sandbox.book.names import as_finance_writes, company_name
from sandbox.book.nouns import Account, Address, Customer, Deal, Order, OrderLine, money
from sandbox.book.words import MEMOS, PLACE_WEIGHTS, PLACES

LINKED_SHARE = 0.5
STORED_ID_SHARE = 0.3
LINKED_PROSPECTS_SHARE = 0.1
OFFICE_HOURS = time(18)
"""When people enter orders, in UTC: the same day in every zone from California to Berlin."""
UNDELIVERED, UNBILLED = "B", "F"
"""States of an approved order with goods to deliver, and of one with services alone. People entered them; none was
delivered or billed before the first sync."""


def add_customers(book: Book, dice: Random) -> None:
    """Put the customers that half of the buyers already are on the shelf, and NetSuite's own ones."""
    for account in _accounts_to_link(book, dice):
        link(book, account, dice)
    for _ in range(book.shape.erp_customers):
        place = dice.choices(PLACES, PLACE_WEIGHTS)[0]
        name = company_name(place.code, book.names, dice)
        book.strangers.add(add_customer(book, name, make_address(place.code, dice), place.currency).id)


def link(book: Book, account: Account, dice: Random) -> None:
    """Make the account a NetSuite customer, found by the id that it stores or by its normalised name."""
    parent_id = book.links.get(account.parent_id or "")
    name = as_finance_writes(account.name, account.country_code, dice)
    customer = add_customer(book, name, address_of(account), account.currency, parent_id=parent_id, phone=account.phone)
    if dice.random() < STORED_ID_SHARE:
        book.accounts.put(replace(account, stored_id=customer.id))
    book.link(account.id, customer.id)


def address_of(account: Account) -> Address:
    """Return the account's billing address."""
    return Address(
        street=account.street,
        city=account.city,
        state=account.state,
        postal_code=account.postal_code,
        country_code=account.country_code,
    )


def add_customer(
    book: Book, name: str, address: Address, currency: str, *, parent_id: str | None = None, phone: str = ""
) -> Customer:
    """Put a customer of the address's subsidiary on the shelf, under NetSuite's own number."""
    id_ = book.ids.netsuite("customer")
    return book.customers.put(
        Customer(
            id=id_,
            entity_id=book.ids.number("customer"),
            name=name,
            external_id="",
            email="",
            phone=phone,
            subsidiary=book.subsidiary(address.country_code),
            currency=currency,
            address=address,
            created=book.latest - timedelta(days=300, hours=-(int(id_) % 1000)),
            parent_id=parent_id,
        )
    )


def add_orders(book: Book, dice: Random) -> None:
    """Put the orders of deals from before go-live on the shelf, and those that nobody's deal asked for."""
    before = [deal for deal in book.deals if deal.won and not book.in_scope(deal)]
    linked = [deal for deal in before if deal.account_id in book.links]
    for deal in linked[: max(0, len(before) - book.shape.unmatched_before)]:
        number = deal.po_number or book.ids.purchase_order("PO-OLD")
        matched = book.deals.put(replace(deal, po_number=number))
        order = add_order(
            book,
            customer_id=book.links[deal.account_id],
            currency=deal.currency,
            day=deal.close_date,
            lines=order_lines(deal, items_by_product(book)),
            po_number=number,
            memo=deal.name,
        )
        book.pairs.add((deal.id, order.id))
        if dice.random() < STORED_ID_SHARE:
            book.deals.put(replace(matched, stored_id=order.id))
    for _ in range(book.shape.erp_orders):
        _add_own_order(book, dice)


def items_by_product(book: Book) -> dict[str, str]:
    """Return NetSuite's item id (``itemid``) by Salesforce product id."""
    return {product.id: product.item for product in book.products}


def add_order(
    book: Book,
    *,
    customer_id: str,
    currency: str,
    day: date,
    lines: tuple[OrderLine, ...],
    po_number: str = "",
    memo: str = "",
) -> Order:
    """Put an order that a person entered on the shelf."""
    return book.orders.put(
        Order(
            id=book.ids.netsuite("salesOrder"),
            number=book.ids.number("salesOrder"),
            customer_id=customer_id,
            currency=currency,
            subsidiary=book.customers[customer_id].subsidiary,
            date=day,
            entered=min(book.latest, datetime.combine(day, OFFICE_HOURS, UTC)),
            status=open_status(book, lines),
            lines=lines,
            po_number=po_number,
            memo=memo,
        )
    )


def unlike_lines(book: Book, dice: Random, family: str, currency: str) -> tuple[OrderLine, ...]:
    """Return one to three lines whose sum no other document of the family has."""
    items = sorted(item.code for item in book.items if not item.inactive)
    while True:
        lines = tuple(_own_line(dice, items, currency) for _ in range(dice.randint(1, 3)))
        net = sum((line.amount for line in lines), Decimal(0))
        if book.ledger.free(family, currency, net):
            book.ledger.take(family, currency, net)
            return lines


def order_for(book: Book, deal: Deal, dice: Random, *, same_amount: bool) -> Order:
    """Enter by hand an order for the deal: with its amount and day, or with its PO number only."""
    customer_id = book.links[deal.account_id]
    family = book.family(deal.account_id)
    lines = (
        order_lines(deal, items_by_product(book)) if same_amount else unlike_lines(book, dice, family, deal.currency)
    )
    order = add_order(
        book,
        customer_id=customer_id,
        currency=deal.currency,
        day=deal.close_date if same_amount else deal.close_date + timedelta(days=1),
        lines=lines,
        po_number="" if same_amount else deal.po_number,
        memo=dice.choice(MEMOS),
    )
    book.pairs.add((deal.id, order.id))
    return order


def _accounts_to_link(book: Book, dice: Random) -> list[Account]:
    solo = list(book.solo)
    prospects = [account.id for account in book.accounts if account.id not in set(book.buyers)]
    chosen = (
        dice.sample(solo, portions(len(solo), LINKED_SHARE))
        + book.veterans
        + dice.sample(prospects, portions(len(prospects), LINKED_PROSPECTS_SHARE))
    )
    return [book.accounts[id_] for id_ in sorted(chosen)]


def _add_own_order(book: Book, dice: Random) -> None:
    customer = dice.choice(list(book.customers))
    day = book.go_live + timedelta(days=dice.randint(-120, book.shape.live_days - 2))
    add_order(
        book,
        customer_id=customer.id,
        currency=customer.currency,
        day=day,
        lines=unlike_lines(book, dice, book.customer_family(customer.id), customer.currency),
        po_number=book.ids.purchase_order("PO-ERP") if dice.random() < 0.6 else "",
        memo=dice.choice(MEMOS),
    )


def open_status(book: Book, lines: tuple[OrderLine, ...]) -> str:
    """Return the state of an approved order with these lines, nothing of which is delivered or billed."""
    goods = {item.code for item in book.items if item.goods}
    return UNDELIVERED if any(line.item in goods for line in lines) else UNBILLED


def _own_line(dice: Random, items: list[str], currency: str) -> OrderLine:
    quantity = Decimal(dice.randint(1, 20))
    price = money(Decimal(dice.randint(2_000, 400_000)) / (1 if currency == "JPY" else 100), currency)
    return order_line(dice.choice(items), quantity, quantity * price)
