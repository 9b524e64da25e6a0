"""NetSuite's SOAP types through zeep. Importing this module loads zeep; nothing else in Tieout does."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

import zeep
from lxml import etree
from zeep.transports import Transport

from connectors.netsuite.fields import FOLDER

WRITTEN_FOR = "2025_2"
"""The endpoint version that the shipped schema spells out."""

NAME_SPACES = {
    "core": "urn:core_{}.platform.webservices.netsuite.com",
    "common": "urn:common_{}.platform.webservices.netsuite.com",
    "relationships": "urn:relationships_{}.lists.webservices.netsuite.com",
    "sales": "urn:sales_{}.transactions.webservices.netsuite.com",
}

_loading = Lock()


class _ShippedFiles(Transport):
    """Gives zeep the shipped schema and nothing from anywhere else; zeep itself never sends a request."""

    def __init__(self, endpoint: str) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._endpoint = endpoint

    def load(self, url: str) -> bytes:
        """Return a shipped file with the endpoint's version in its name spaces."""
        path = Path(url)
        if path.parent != FOLDER:
            raise ValueError(f"{url} is not part of the shipped schema")
        return path.read_bytes().replace(WRITTEN_FOR.encode(), self._endpoint.encode())


class Suitetalk:
    """The types and messages of one endpoint version. Safe to share between threads."""

    def __init__(self, endpoint: str) -> None:
        settings = zeep.Settings(
            strict=True, forbid_dtd=True, forbid_entities=True, forbid_external=True, xml_huge_tree=False
        )
        wsdl = str(FOLDER / "suitetalk.wsdl")
        self._client: Any = zeep.Client(wsdl, transport=_ShippedFiles(endpoint), settings=settings)  # type: ignore[no-untyped-call]
        self._names = {short: space.format(endpoint) for short, space in NAME_SPACES.items()}

    def new(self, type_name: str, **values: Any) -> Any:  # noqa: ANN401  zeep's values are untyped
        """Return a value of a schema type.

        Args:
            type_name: ``schema:Type``, such as ``core:RecordRef``.
            values: its elements and attributes.

        Raises:
            TypeError: a name is not in the schema.
        """
        schema, _, name = type_name.partition(":")
        return self._client.get_type(f"{{{self._names[schema]}}}{name}")(**values)

    def envelope(self, operation: str, headers: dict[str, object], **parameters: Any) -> bytes:  # noqa: ANN401
        """Return the SOAP message of an operation, ready to post."""
        message = self._client.create_message(self._client.service, operation, _soapheaders=headers, **parameters)
        return bytes(etree.tostring(message, xml_declaration=True, encoding="utf-8"))


@cache
def _load(endpoint: str) -> Suitetalk:
    return Suitetalk(endpoint)


def load(endpoint: str) -> Suitetalk:
    """Return the endpoint's types, loaded once per process."""
    with _loading:
        return _load(endpoint)
