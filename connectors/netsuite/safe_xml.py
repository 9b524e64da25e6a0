"""The one place where XML from outside is parsed: no DTD, no entities, no network, no giant trees."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lxml import etree


class XmlError(ValueError):
    """The bytes are not XML that may be read."""


def parse(body: bytes) -> etree._Element:
    """Return the root element of a document.

    Raises:
        XmlError: it is malformed, carries a document type (hence possibly entities), or is far too deep or large.
    """
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)  # noqa: TID251  this is the hardened parser
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError(f"not well-formed XML: {error}") from error
    info: Any = root.getroottree().docinfo
    if info.doctype:
        raise XmlError("a document type is not allowed")
    return root


def is_web_page(body: bytes) -> bool:
    """Return whether an answer is an HTML page: a login or maintenance page, or another server."""
    return body.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


def local_name(element: etree._Element) -> str:
    """Return the element's name without its name space: endpoints differ in the version within it only."""
    return str(etree.QName(element).localname)


def child(element: etree._Element | None, name: str) -> etree._Element | None:
    """Return the first child of that local name, or None."""
    if element is None:
        return None
    return next((item for item in element if local_name(item) == name), None)


def children(element: etree._Element | None, name: str) -> Iterator[etree._Element]:
    """Yield the children of that local name."""
    return (item for item in (element if element is not None else ()) if local_name(item) == name)


def text_of(element: etree._Element | None, name: str) -> str | None:
    """Return the text of the first child of that name; None when it is absent or empty."""
    found = child(element, name)
    return found.text if found is not None and found.text else None
