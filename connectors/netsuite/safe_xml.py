"""The one place where XML from outside is parsed: no DTD, no entities, no network, no giant trees."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lxml import etree


class XmlError(ValueError):
    """The bytes are not XML that may be read."""


class ForbiddenXmlError(XmlError):
    """The document declares a type, which no answer of NetSuite's does: somebody sits in between."""


PROLOG = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?.*?\?>\s*|<!--.*?-->\s*)*", re.DOTALL)
"""What may stand before a document type or the first element: declaration, processing instructions, comments."""
WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00")
"""How a document in UTF-16 or UTF-32 begins; NetSuite's are in UTF-8."""


def parse(body: bytes) -> etree._Element:
    """Return the root element of a document.

    Raises:
        ForbiddenXmlError: it declares a document type (hence possibly entities); it was not parsed.
        XmlError: it is malformed, or far too deep or large.
    """
    _refuse_document_type(body)
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
        raise ForbiddenXmlError("a document type is not allowed")
    return root


def _refuse_document_type(body: bytes) -> None:
    """Look at what stands before the first element: only there may a document type be declared (XML 1.0, 2.8)."""
    if body.startswith(WIDE) or b"\x00" in body[:4]:
        raise XmlError("not in UTF-8")
    prolog = PROLOG.match(body)
    start = prolog.end() if prolog else 0
    if body[start : start + 9].upper() == b"<!DOCTYPE":
        raise ForbiddenXmlError("a document type is not allowed")


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
