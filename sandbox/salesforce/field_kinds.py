"""Short ways to write down the fields of an object."""

from __future__ import annotations

from sandbox.salesforce.schema import Field, FieldType

CURRENCIES = ("USD", "EUR", "GBP", "JPY", "CHF", "CAD", "AUD")


def text(name: str, length: int, *, required: bool = False) -> Field:
    """Return a text field."""
    return Field(name=name, type="string", length=length, required=required)


def area(name: str, length: int) -> Field:
    """Return a text area."""
    return Field(name=name, type="textarea", length=length)


def flag(name: str, *, default: bool = False) -> Field:
    """Return a checkbox."""
    return Field(name=name, type="boolean", default=default)


def pick(name: str, *values: str, length: int = 255, restricted: bool = False, required: bool = False) -> Field:
    """Return a picklist."""
    return Field(
        name=name, type="picklist", length=length, picklist=values, restricted=restricted, required=required
    )  # fmt: skip


def look(name: str, to: str, via: str = "", *, children: str = "", required: bool = False) -> Field:
    """Return a lookup to another object."""
    return Field(
        name=name, type="reference", length=18, reference_to=to, relationship=via, children=children, required=required
    )


def kept(name: str, type_: FieldType, length: int = 0, default: object = None) -> Field:
    """Return a field that the org's rules keep and no API write may name."""
    return Field(
        name=name, type=type_, length=length, createable=False, updateable=False, computed=True, default=default
    )  # fmt: skip


def key(name: str, length: int) -> Field:
    """Return a text field by whose value records are upserted: an external id, unique without regard to case."""
    return Field(name=name, type="string", length=length, external_id=True, unique=True)


def money(name: str) -> Field:
    """Return a currency field with 16 digits before the point and two behind it."""
    return Field(name=name, type="currency")


def day(name: str) -> Field:
    """Return a date field."""
    return Field(name=name, type="date")


def formula(name: str, type_: FieldType, text: str, *, scale: int = 2, default: object = None) -> Field:
    """Return a calculated field; what it yields is computed whenever it is read."""
    return Field(
        name=name, type=type_, createable=False, updateable=False, computed=True, scale=scale, default=default,
        formula=text,
    )  # fmt: skip


def numbered(pattern: str) -> Field:
    """Return the name of a record that the org numbers (``FIN-{000000}``)."""
    return Field(
        name="Name", type="string", length=80, createable=False, updateable=False, computed=True, auto_number=pattern
    )  # fmt: skip


def currency_code() -> Field:
    """Return the record's currency of a multi-currency org."""
    return pick("CurrencyIsoCode", *CURRENCIES, length=3, restricted=True)


def address(kind: str) -> tuple[Field, ...]:
    """Return the parts of a compound address; country codes as with state and country picklists."""
    return (
        area(f"{kind}Street", 255),
        text(f"{kind}City", 40),
        text(f"{kind}State", 80),
        text(f"{kind}PostalCode", 20),
        text(f"{kind}Country", 80),
        text(f"{kind}CountryCode", 10),
    )
