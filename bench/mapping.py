"""Turn deals of four lines into sales orders, on one core: mapping and fingerprint, as every run does them."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from decimal import Decimal

from bench.measure import ROOT, tell, timed

ORDER_MAPPING = "mappings/sales_order.toml"


def main(deals: int) -> None:
    from config.document import read_document
    from config.maps import base_document
    from connectors.records import Reference, salesforce_id
    from mappings.apply import apply
    from mappings.fingerprint import fingerprint
    from mappings.parse import parse

    class Lookups:
        def find(self, *_names, **_more):
            return Reference(type="item", id="7", name="x")

        def __getattr__(self, _name):
            return self.find

    document = read_document(ROOT / "config/templates" / ORDER_MAPPING, ORDER_MAPPING)
    mapping = parse(document, base_document, "salesOrder")
    won = datetime(2026, 11, 20, 10, tzinfo=UTC)
    known = {
        "Amount": Decimal("1000.00"), "CloseDate": date(2026, 11, 10), "LastStageChangeDate": won,
        "CurrencyIsoCode": "USD", "IsWon": True, "IsClosed": True, "StageName": "Closed Won",
        "AccountId": salesforce_id("001000000000001"), "Payment_Terms__c": "30 days", "PO_Number__c": "PO-1",
        "Owner.Email": "rep@acme.example", "Name": "Deal", "Account.BillingCountryCode": "US",
    }  # fmt: skip
    own = {
        "Quantity": Decimal(3), "UnitPrice": Decimal("100.25"), "TotalPrice": Decimal("300.75"), "ProductCode": "P-1",
        "Product2.ProductCode": "P-1", "Description": "Seats", "ServiceDate": None, "CurrencyIsoCode": "USD",
    }  # fmt: skip
    fields = {name: known.get(name) for name in mapping.source_fields()} | known
    lines = []
    for number in range(4):
        line = {name: own.get(name) for name in mapping.line_source_fields()} | own
        lines.append({**line, "Id": salesforce_id(f"00k{number:012d}"), "SortOrder": number + 1})
    lookups = Lookups()
    problems = set()
    with timed({}) as figures:
        for number in range(deals):
            fields["Id"] = salesforce_id(f"006{number:012d}")
            mapped = apply(mapping, fields, lines, lookups)
            if mapped.problems:
                problems.update(problem.cause for problem in mapped.problems)
            else:
                fingerprint(mapped.payload, mapped.create_only)
    if problems:
        raise SystemExit(f"the mapping refused the deals: {problems}")
    tell({**figures, "deals": deals, "lines": len(mapped.payload.lines)})


if __name__ == "__main__":
    main(int(sys.argv[1]))
