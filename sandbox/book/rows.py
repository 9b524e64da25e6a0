"""Which rows a noun fills, in one or more files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sandbox.book import rows_netsuite, rows_salesforce
from sandbox.book.nouns import Account, Contact, Customer, Deal, Item, ListEntry, Noun, Order, Product, Rep
from sandbox.book.row import Row

_WRITERS: Mapping[type[Noun], tuple[Callable[[Any], Iterator[Row]], ...]] = {
    Rep: (rows_salesforce.user, rows_netsuite.employee),
    Product: (rows_salesforce.product,),
    Item: (rows_netsuite.item,),
    Account: (rows_salesforce.account,),
    Contact: (rows_salesforce.contact,),
    Deal: (rows_salesforce.deal,),
    Customer: (rows_netsuite.customer,),
    Order: (rows_netsuite.order,),
    ListEntry: (rows_netsuite.entry,),
}


def rows_of(noun: Noun) -> list[Row]:
    """Return the rows that the noun fills."""
    return [row for write in _WRITERS[type(noun)] for row in write(noun)]
