"""What the company sells: Salesforce products with prices in four currencies, and NetSuite items."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.book.dice import Random
from sandbox.book.nouns import CURRENCIES, Item, Product
from sandbox.ids import salesforce_id

ALIASES = {"GTX-PRO-OLD": "GTX-PRO", "PLAT-1": "PLAT-100"}
"""Product codes that NetSuite knows under another item id; the admin's mapping table holds the same pairs."""

STANDARD_BOOK = salesforce_id("01s", 1)

_WARES = (
    ("PLAT-100", "Platform, 100 seats", "Platform", "4800"),
    ("GTX-PRO", "GTX Professional gateway", "Gateway", "2499.95"),
    ("PLAT-1", "Platform, single seat (former code)", "Platform", "59"),
    ("GTX-PRO-OLD", "GTX Professional gateway, 2024 model", "Gateway", "1999.95"),
    ("SUP-GOLD", "Gold support, year", "Support", "3600"),
    ("SCAN-H2", "Hand scanner H2", "Devices", "389.5"),
    ("SVC-DAY", "Consulting day", "Services", "1450"),
    ("LBL-ROLL", "Label rolls, box of 12", "Supplies", "38.4"),
    ("GTX-LITE", "GTX Lite gateway", "Gateway", "799.90"),
    ("PLAT-500", "Platform, 500 seats", "Platform", "19500"),
    ("SUP-SILV", "Silver support, year", "Support", "1800"),
    ("SVC-HOUR", "Consulting hour", "Services", "195"),
    ("SCAN-R4", "Ring scanner R4", "Devices", "612.25"),
    ("DOCK-6", "Charging dock, six bays", "Devices", "249"),
    ("KIOSK-21", "Kiosk, 21 inch", "Devices", "2890"),
    ("PRN-LBL", "Label printer", "Devices", "545.45"),
    ("CBL-KIT", "Cable kit", "Supplies", "24.75"),
    ("BAT-H2", "Battery for H2", "Supplies", "47.8"),
    ("EDGE-16", "Edge server, 16 cores", "Servers", "6240"),
    ("EDGE-32", "Edge server, 32 cores", "Servers", "10980"),
    ("RACK-12", "Rack, 12 units", "Servers", "1340"),
    ("UPS-1500", "Power back-up 1500 VA", "Servers", "879"),
    ("LIC-ANLT", "Analytics licence, year", "Licences", "7200"),
    ("LIC-FCST", "Forecasting licence, year", "Licences", "5400"),
    ("LIC-API", "Interface licence, year", "Licences", "2160"),
    ("TRN-ADM", "Administrator training", "Services", "2250"),
    ("TRN-USR", "User training", "Services", "980"),
    ("MIG-STD", "Data migration, standard", "Services", "8500"),
    ("SUP-PLAT", "Platinum support, year", "Support", "7900"),
    ("HOT-SITE", "Hot site, month", "Services", "1275"),
    ("PLAT-2K", "Platform, 2000 seats", "Platform", "68000"),
    ("PLAT-TEST", "Platform, test environment", "Platform", "2400"),
    ("GTX-MAX", "GTX Maximum gateway", "Gateway", "5899.95"),
    ("LIC-MAPS", "Mapping licence, year", "Licences", "3150"),
    ("SUP-BRNZ", "Bronze support, year", "Support", "940"),
    ("SVC-ARCH", "Architecture review", "Services", "4800"),
    ("TRN-DEV", "Developer training", "Services", "2650"),
    ("MIG-PLUS", "Data migration, extended", "Services", "16200"),
    ("TAB-10", "Rugged tablet, 10 inch", "Devices", "1249.5"),
    ("MNT-ARM", "Mounting arm", "Supplies", "86.9"),
)
GOODS_FAMILIES = frozenset({"Devices", "Supplies", "Servers"})
"""What is kept in stock and delivered: about a third of the wares. Gateways, like the platform, are hosted."""
_RATES = {"USD": Decimal(1), "EUR": Decimal("0.92"), "GBP": Decimal("0.79"), "JPY": Decimal(150)}


def make_products(count: int, now: datetime) -> list[Product]:
    """Return the first wares of the catalogue, and numbered variants of them once they run out."""
    wares = [_ware(index) for index in range(count)]
    created = now.replace(microsecond=0) - timedelta(days=400)
    return [
        _product(index, code, name, family, Decimal(price), created)
        for index, (code, name, family, price) in enumerate(wares, 1)
    ]


def make_items(products: list[Product], dice: Random) -> list[Item]:
    """Return NetSuite's items for these products, in an order and under display names of NetSuite's own."""
    codes = sorted({product.item for product in products})
    dice.shuffle(codes)
    names = {product.item: product.name for product in products if product.code == product.item}
    goods = {product.item for product in products if product.goods}
    return [
        Item(
            id=str(200 + 3 * index),
            code=code,
            name=_display(names.get(code, code)),
            external_id=f"erp-item-{code.lower()}",
            goods=code in goods,
        )
        for index, code in enumerate(codes)
    ]


def new_product(number: int, code: str, like: Product) -> Product:
    """Return another product, priced as ``like``; the number makes its ids."""
    return _product(number, code, f"{code} (special)", like.family, like.prices["USD"], like.created)


def _ware(index: int) -> tuple[str, str, str, str]:
    code, name, family, price = _WARES[index % len(_WARES)]
    series = index // len(_WARES)
    if series == 0:
        return code, name, family, price
    return f"{code}-S{series}", f"{name}, series {series}", family, price


def _product(number: int, code: str, name: str, family: str, price: Decimal, created: datetime) -> Product:
    return Product(
        id=salesforce_id("01t", number),
        code=code,
        name=name,
        family=family,
        item=ALIASES.get(code, code),
        prices={currency: _price(price, currency) for currency in CURRENCIES},
        entries={
            currency: salesforce_id("01u", number * len(CURRENCIES) + place)
            for place, currency in enumerate(CURRENCIES)
        },
        created=created,
        goods=family in GOODS_FAMILIES,
    )


def _price(price: Decimal, currency: str) -> Decimal:
    digits = Decimal(1) if currency == "JPY" else Decimal("0.01")
    return (price * _RATES[currency]).quantize(digits)


def _display(name: str) -> str:
    """NetSuite's people wrote the names in their own way."""
    return name.replace(",", " -").upper() if len(name) % 2 else f"ACME {name}"
