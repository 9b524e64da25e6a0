"""Oracle's published schemas as the judge of SOAP messages. They are not part of the project; a folder names them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lxml import etree

VARIABLE = "TIEOUT_NETSUITE_WSDL"
ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
XSD = "{http://www.w3.org/2001/XMLSchema}"


def folder() -> Path | None:
    """Return the folder that holds Oracle's schemas, or None where there is none."""
    named = os.environ.get(VARIABLE)
    path = Path(named) if named else None
    return path if path is not None and (path / "netsuite.wsdl").is_file() else None


class OracleSchemas:
    """Validates whole SOAP messages: every header entry, and the body or the fault's detail."""

    def __init__(self, path: Path) -> None:
        imports = "".join(
            f'<import namespace="{space}" schemaLocation="{file.resolve().as_uri()}"/>'
            for space, file in _schemas(path)
        )
        wrapper = f'<schema xmlns="http://www.w3.org/2001/XMLSchema">{imports}</schema>'
        self._schema = etree.XMLSchema(etree.fromstring(wrapper))
        self.path = path

    def complaints(self, message: bytes) -> list[str]:
        """Return what is wrong with a message; an empty list means that it is valid."""
        try:
            root = etree.fromstring(message)
        except etree.XMLSyntaxError as error:
            return [str(error)]
        body = root.find(f"{ENVELOPE}Body")
        if root.tag != f"{ENVELOPE}Envelope" or body is None or len(body) != 1:
            return ["not a SOAP envelope with one body entry"]
        return [complaint for part in _parts(root, body) for complaint in self._of_part(part)]

    def enumeration(self, file: str, name: str) -> frozenset[str]:
        """Return the values of an enumeration."""
        tree = etree.parse(str(self.path / "xsd" / file))
        (found,) = (item for item in tree.iter(f"{XSD}simpleType") if item.get("name") == name)
        return frozenset(item.get("value", "") for item in found.iter(f"{XSD}enumeration"))

    def _of_part(self, part: etree._Element) -> list[str]:
        alone = etree.fromstring(etree.tostring(part))
        if self._schema.validate(alone):
            return []
        log: Any = self._schema.error_log
        return [f"{part.tag}: line {entry.line}: {entry.message}" for entry in log]


def _parts(root: etree._Element, body: etree._Element) -> Iterator[etree._Element]:
    header = root.find(f"{ENVELOPE}Header")
    if header is not None:
        yield from header
    if body[0].tag != f"{ENVELOPE}Fault":
        yield body[0]
        return
    detail = body[0].find("detail")
    if detail is not None:
        # Beside the platform fault the server adds entries of its own tooling, in other name spaces.
        yield from (item for item in detail if str(item.tag).startswith("{urn:faults_"))


def _schemas(path: Path) -> Iterator[tuple[str, Path]]:
    for file in sorted((path / "xsd").glob("*.xsd")):
        found = re.search(r'targetNamespace="([^"]+)"', file.read_text(encoding="utf-8")[:4000])
        if found:
            yield found[1], file
