"""What fields an object has, as the integration user sees them: hidden ones are absent.

Source: Salesforce REST API, sObject Describe.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from connectors.errors import ConnectorError, SchemaError
from connectors.ports import Clock
from connectors.records import FieldSchema, ObjectSchema
from connectors.salesforce import soql
from connectors.salesforce.client import SalesforceClient
from connectors.salesforce.faults import missing_column

KEPT_FOR = timedelta(minutes=10)


class Schemas:
    """Describes objects, keeping each answer for ten minutes so that a run asks once.

    Args:
        client: the way to the org.
        clock: tells how old a kept answer is.
    """

    def __init__(self, client: SalesforceClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._kept: dict[str, tuple[datetime, ObjectSchema]] = {}

    def fresh(self, type_: str) -> ObjectSchema:
        """Return the object's fields as of now.

        Raises:
            SchemaError: the object does not exist for the integration user.
        """
        what = f"describing {type_}"
        try:
            soql.name(type_)
            answer = self._client.read(f"sobjects/{type_}/describe", what=what)
        except ValueError as error:
            raise self._unknown(type_) from error
        except ConnectorError as error:
            if error.code != "NOT_FOUND":
                raise
            raise self._unknown(type_) from error
        schema = self._parse(answer, what)
        self._kept[type_.lower()] = (self._clock.now(), schema)
        return schema

    def get(self, type_: str) -> ObjectSchema:
        """Return the object's fields, possibly as of some minutes ago."""
        kept = self._kept.get(type_.lower())
        if kept is not None and self._clock.now() - kept[0] < KEPT_FOR:
            return kept[1]
        return self.fresh(type_)

    def forget(self) -> None:
        """Drop the kept answers: the org was found to differ from them."""
        self._kept.clear()

    def missing(self, type_: str, column: str) -> SchemaError:
        """Return the error for a field that the integration user does not see."""
        why, fix = missing_column(type_, column)
        return SchemaError(
            connection=self._client.connection, what=f"reading {type_}", why=why, fix=fix, code="INVALID_FIELD"
        )

    def _unknown(self, type_: str) -> SchemaError:
        return SchemaError(
            connection=self._client.connection,
            what=f"describing {type_}",
            why=f"the org has no object {type_}, or the integration user may not see it.",
            fix="Correct the object's API name, or grant read access to it in the permission set.",
            code="INVALID_TYPE",
        )

    def _parse(self, answer: Any, what: str) -> ObjectSchema:  # noqa: ANN401  JSON
        try:
            fields = [_field(entry) for entry in answer["fields"]]
            return ObjectSchema(name=str(answer["name"]), fields={field.name.lower(): field for field in fields})
        except (KeyError, TypeError) as error:
            raise self._client.protocol_error(what, "the answer is no describe answer.") from error


def _field(entry: Mapping[str, Any]) -> FieldSchema:
    return FieldSchema(
        name=str(entry["name"]),
        type=str(entry["type"]),
        length=int(entry.get("length") or 0),
        updateable=bool(entry.get("updateable", True)),
        filterable=bool(entry.get("filterable", True)),
        calculated=bool(entry.get("calculated", False)),
        picklist=tuple(str(item["value"]) for item in entry.get("picklistValues") or () if item.get("active", True)),
        reference_to=tuple(str(target) for target in entry.get("referenceTo") or ()),
        relationship=entry.get("relationshipName") or None,
    )
