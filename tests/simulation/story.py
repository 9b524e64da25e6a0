"""What people do during a seed: win, edit, reopen, delete; finance approves, edits and deletes orders.

The first line of a deal tells which edit it is: edit ``k`` has the amount 100 + k. So an order's content alone says
which state of the deal it carries, and a stale one is seen without asking Tieout.
"""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal

from connectors.records import salesforce_id
from tests.simulation.scheduler import START

FIRST = Decimal(100)


class Deal:
    """One deal as Salesforce really has it."""

    def __init__(self, number, account):
        self.id = salesforce_id(f"006{number:012d}")
        self.number = number
        self.account = account
        self.edit = 0
        self.won = False
        self.deleted = False
        self.lines = 1
        self.changed_at = 0.0
        self.reopened = False


class Story:
    """Plans everything people do in a seed."""

    def __init__(self, options, scheduler, salesforce, netsuite):
        self.options = options
        self.scheduler = scheduler
        self.salesforce = salesforce
        self.netsuite = netsuite
        self.rng = random.Random(f"story {options.seed}")
        self.deals = []
        self.finance_touched = set()

    def begin(self):
        """Make accounts and customers, and plan the rest."""
        rng = self.rng
        accounts = [self._account(number) for number in range(1, self.options.deals // 2 + 2)]
        for number in range(1, self.options.deals + 1):
            deal = Deal(number, rng.choice(accounts))
            self.deals.append(deal)
            self._make(deal)
            if not self.options.scripted:
                self._plan(deal)
        for _ in range(0 if self.options.scripted else self.options.deals // 3):
            self.scheduler.at(rng.uniform(600, self.options.story), self._finance)

    def _account(self, number):
        id_ = salesforce_id(f"001{number:012d}")
        name = f"{WORDS[number % len(WORDS)]} {WORDS[(number * 7 + 3) % len(WORDS)]} {number}"
        self.salesforce.put(
            "Account", id_, late=False, Name=name, CurrencyIsoCode="USD", BillingCountryCode="US"
        )  # fmt: skip
        if self.rng.random() < self.options.known_customers:
            self.netsuite.existing_customer(name)
        elif self.rng.random() < self.options.clashes:
            self.netsuite.clashing.add(f"tieout-cust-{id_}".lower())
        return id_

    def _plan(self, deal):
        rng, last = self.rng, self.options.story
        won = rng.uniform(0, last * 0.6)
        self.scheduler.at(won, lambda: self.win(deal))
        for _ in range(rng.choice((0, 0, 1, 1, 2, 3))):
            self.scheduler.at(rng.uniform(won * 0.5, last), lambda: self.edit(deal))
        if rng.random() < 0.15:
            reopened = rng.uniform(won, last)
            self.scheduler.at(reopened, lambda: self.reopen(deal))
            if rng.random() < 0.6:
                self.scheduler.at(rng.uniform(reopened, last), lambda: self.win(deal))
        elif rng.random() < 0.1:
            self.scheduler.at(rng.uniform(won * 0.8, last), lambda: self.delete(deal))

    # Salesforce

    def _make(self, deal):
        self.salesforce.put(
            "Opportunity", deal.id, late=False, Name=f"Deal {deal.number}", StageName="Prospecting", IsWon=False,
            IsClosed=False, AccountId=deal.account, CloseDate=date(2026, 11, 10), CurrencyIsoCode="USD",
            LastStageChangeDate=self._moment(),
            **{"Account.BillingCountryCode": "US", "PO_Number__c": f"PO-{deal.number}"},
        )  # fmt: skip
        for index in range(self.rng.choice((1, 1, 2, 3))):
            self._line(deal, index, FIRST if index == 0 else Decimal(10 * index))
            deal.lines = index + 1

    def _line(self, deal, index, amount):
        parent = deal.id[:15] if (deal.number + index) % 3 == 0 else deal.id
        self.salesforce.put(
            "OpportunityLineItem", f"00k{deal.number * 100 + index:012d}", OpportunityId=parent,
            Quantity=Decimal(1), TotalPrice=amount, SortOrder=Decimal(index), CurrencyIsoCode="USD",
            **{"Product2.ProductCode": "PLAT-100"},
        )  # fmt: skip

    def win(self, deal):
        if not deal.deleted:
            deal.won = True
            self._stage(deal, StageName="Closed Won", IsWon=True, IsClosed=True)

    def reopen(self, deal):
        if deal.won and not deal.deleted:
            deal.won, deal.reopened = False, True
            self._stage(deal, StageName="Negotiation/Review", IsWon=False, IsClosed=False)

    def delete(self, deal):
        if not deal.deleted:
            deal.deleted = True
            self._stage(deal, deleted=True)
            for index in range(deal.lines):
                self.salesforce.put("OpportunityLineItem", f"00k{deal.number * 100 + index:012d}", deleted=True)

    def edit(self, deal):
        if not deal.deleted:
            deal.edit += 1
            deal.changed_at = self.scheduler.now
            self._line(deal, 0, FIRST + deal.edit)

    def _stage(self, deal, **values):
        deal.changed_at = self.scheduler.now
        self.salesforce.put("Opportunity", deal.id, LastStageChangeDate=self._moment(), **values)

    def _moment(self):
        return START + timedelta(seconds=int(self.scheduler.now))

    # NetSuite

    def _finance(self):
        orders = self.netsuite.live("salesOrder")
        if not orders:
            return
        order = self.rng.choice(orders)
        self.finance_touched.add(order.deal_id)
        self.rng.choice((self.netsuite.approve, self.netsuite.approve, self.netsuite.edit, self.netsuite.delete))(order)


WORDS = ("Harbor", "Quartz", "Nimbus", "Falcon", "Timber", "Velvet", "Zephyr", "Cobalt", "Magnet", "Orchid", "Walnut")
