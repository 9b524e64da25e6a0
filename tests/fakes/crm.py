"""An in-memory CRM behind the reader's and writer's ports: stamps in whole seconds, deletes kept."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from connectors.records import (
    FieldSchema,
    ObjectSchema,
    Page,
    Position,
    Record,
    RecordRef,
    WriteOutcome,
    salesforce_id,
)


def meets(value, condition):
    """Say whether a field's value meets one condition of a query."""
    return value in condition.value if condition.op == "in" else (value == condition.value) == (condition.op == "=")


class FakeCrm:
    """Holds records by type and id; every write bumps the stamp, as Salesforce does."""

    connection = "salesforce"

    def __init__(self, clock, page_size=3):
        self.clock = clock
        self.page_size = page_size
        self.records = {"Opportunity": {}, "OpportunityLineItem": {}, "Account": {}}
        self.rows = {"Tieout_Financial__c": {}, "Tieout_Account_Balance__c": {}}
        self.upserts = []
        self.writes = []
        self.refuse = {}
        self.org = "00D000000000001AAA"

    # what tests do

    def put(self, type_, id_, deleted=False, **fields):
        id_ = salesforce_id(id_)
        old = self.records[type_].get(id_, {"fields": {}})
        merged = {**old["fields"], **{name.replace("__dot__", "."): value for name, value in fields.items()}, "Id": id_}
        self.records[type_][id_] = {"fields": merged, "modified": self._stamp(), "deleted": deleted}
        return id_

    def put_deal(self, number, *, lines=(("PLAT-100", "2", "200.00"),), account="001000000000001", **fields):
        values = {
            "Name": f"Deal {number}",
            "StageName": "Closed Won",
            "IsWon": True,
            "IsClosed": True,
            "AccountId": salesforce_id(account) if account else None,
            "CloseDate": date(2026, 11, 10),
            "LastStageChangeDate": self._stamp(),
            "CurrencyIsoCode": "USD",
            "Account.BillingCountryCode": "US",
            "PO_Number__c": f"PO-{number}",
            **fields,
        }
        deal = self.put("Opportunity", f"006{number:012d}", **values)
        for index, (code, quantity, total) in enumerate(lines):
            self.put_line(deal, number * 10 + index, code, quantity, total, index)
        return deal

    def put_line(self, deal, number, code, quantity, total, order=0):
        return self.put(
            "OpportunityLineItem",
            f"00k{number:012d}",
            **{
                "OpportunityId": deal,
                "Product2.ProductCode": code,
                "Quantity": Decimal(quantity),
                "TotalPrice": Decimal(total),
                "SortOrder": Decimal(order),
                "CurrencyIsoCode": "USD",
            },
        )

    def put_account(self, number, name, **fields):
        values = {"Name": name, "CurrencyIsoCode": "USD", "BillingCountryCode": "US", **fields}
        return self.put("Account", f"001{number:012d}", **values)

    def field(self, deal, name):
        return self.records["Opportunity"][deal]["fields"].get(name)

    def _stamp(self):
        return self.clock.now().replace(microsecond=0)

    # the ports

    def server_time(self):
        return self._stamp()

    def organization(self):
        return self.org

    def describe(self, type_):
        names = {name for record in self.records[type_].values() for name in record["fields"]}
        fields = {name.lower(): FieldSchema(name=name, type="string", length=255) for name in names}
        return ObjectSchema(name=type_, fields=fields)

    def changed(self, type_, fields, window, after=None):
        found = sorted(
            (self._record(type_, id_, fields) for id_ in self.records[type_]),
            key=lambda record: (record.modified, record.ref.id),
        )
        inside = [
            record
            for record in found
            if (window.low is None or record.modified >= window.low) and record.modified <= window.high
        ]
        for start in range(0, len(inside), self.page_size):
            rows = inside[start : start + self.page_size]
            yield Page(rows, Position(rows[-1].modified, rows[-1].ref.id))

    def by_ids(self, type_, fields, ids):
        return [self._record(type_, id_, fields) for id_ in ids if id_ in self.records[type_]]

    def children(self, type_, fields, parent_field, parent_ids):
        return [
            self._record(type_, id_, fields)
            for id_, record in sorted(self.records[type_].items())
            if record["fields"][parent_field] in parent_ids and not record["deleted"]
        ]

    def scan(self, type_, fields, where=(), *, include_deleted=False):
        if type_ in self.rows:
            yield from (self._row(type_, key, values) for key, values in sorted(self.rows[type_].items()))
            return
        for id_, record in sorted(self.records[type_].items()):
            matches = all(meets(record["fields"].get(condition.field), condition) for condition in where)
            if matches and (include_deleted or not record["deleted"]):
                yield self._record(type_, id_, fields)

    def record_url(self, ref):
        return f"https://crm.example/{ref.id}"

    def update(self, updates):
        outcomes = []
        for update in updates:
            if update.ref.id in self.refuse:
                code, message = self.refuse[update.ref.id]
                outcomes.append(WriteOutcome(status="rejected", code=code, message=message))
                continue
            self.writes.append((update.ref.id, dict(update.values)))
            self.put(update.ref.type, update.ref.id, **update.values)
            outcomes.append(WriteOutcome(status="success", target_id=update.ref.id))
        return outcomes

    def upsert(self, rows):
        outcomes = []
        for row in rows:
            if row.key in self.refuse:
                code, message = self.refuse[row.key]
                outcomes.append(WriteOutcome(status="rejected", code=code, message=message))
                continue
            self.upserts.append((row.key, dict(row.values)))
            self.rows[row.type][row.key] = {**self.rows[row.type].get(row.key, {}), **row.values}
            outcomes.append(WriteOutcome(status="success", target_id=row.key))
        return outcomes

    def _row(self, type_, key, values):
        ref = RecordRef(connection=self.connection, type=type_, id=key)
        return Record(ref=ref, fields={**values, "Tieout_Key__c": key}, modified=self._stamp())

    def _record(self, type_, id_, fields):
        held = self.records[type_][id_]
        return Record(
            ref=RecordRef(connection=self.connection, type=type_, id=id_),
            fields={name: held["fields"].get(name) for name in fields},
            modified=held["modified"],
            deleted=held["deleted"],
        )
