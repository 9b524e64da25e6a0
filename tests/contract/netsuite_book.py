"""A small NetSuite account for tests over real HTTP: two subsidiaries, a few items, a customer, an order by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from config.secrets import SecretRef
from config.settings import NetSuiteSettings

FILES = {
    "currency": "id,symbol,name\n1,USD,US Dollar\n2,EUR,Euro\n3,JPY,Japanese Yen\n",
    "subsidiary": (
        "id,name,currency,country,taxRegime,taxRate\n1,Acme Inc,USD,US,us_sales_tax,\n2,Acme GmbH,EUR,DE,vat,19\n"
    ),
    "term": "id,name\n4,Net 30\n",
    "employee": "id,entityid,firstname,lastname,email\n5,Ann Rep,Ann,Rep,ann@acme.example\n",
    "item": "id,itemid,displayname,isinactive\n11,WID-1,Widget,F\n12,WID-2,Big widget,F\n13,OLD-1,Old thing,T\n",
    "customer": "id,companyname,subsidiary,currency,externalid\n21,Known Corp,Acme Inc,USD,\n",
    "salesOrder": (
        "tranId,entity,currency,subsidiary,tranDate,otherRefNum,memo\nSO500,21,USD,1,2026-11-02,PO-HAND,by hand\n"
    ),
    "salesOrder.lines": "salesOrder,item,quantity,rate,amount,description\nSO500,WID-1,2,10.00,20.00,two widgets\n",
}


def write(folder: Path) -> Path:
    """Write the book and return its folder."""
    target = folder / "netsuite"
    target.mkdir(parents=True)
    for name, text in FILES.items():
        (target / f"{name}.csv").write_text(text, encoding="utf-8")
    return folder


def settings(ready: dict[str, Any], **changes: Any) -> tuple[NetSuiteSettings, dict[str, str]]:
    """Return the settings for a running sandbox and the environment that holds its secrets."""
    keys = ("consumer_key", "consumer_secret", "token_id", "token_secret")
    environ = {f"NS_{key.upper()}": ready["netsuite"][key] for key in keys}
    values: dict[str, Any] = {key: SecretRef(f"env:NS_{key.upper()}") for key in keys}
    values |= {"account": ready["netsuite"]["account"], "base_url": ready["netsuite"]["base_url"]}
    return NetSuiteSettings(**(values | changes)), environ
