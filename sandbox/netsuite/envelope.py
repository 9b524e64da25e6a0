"""The SOAP envelope of a request: who asks (passport), how (preferences), what (operation)."""

from __future__ import annotations

from dataclasses import dataclass

from lxml import etree

from sandbox.netsuite import names
from sandbox.netsuite.failure import SoapFaultError
from sandbox.netsuite.login import Passport
from sandbox.netsuite.names import tag

MALFORMED = "soapenv:Client"


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One SOAP request, parsed.

    Args:
        passport: the token passport, or None when the header has none.
        has_application: whether the header carries ``applicationInfo`` (which token logins refuse).
        ignore_read_only: whether fields that only NetSuite sets may be sent and are skipped.
        operation: the element in the body.
    """

    passport: Passport | None
    has_application: bool
    ignore_read_only: bool
    operation: etree._Element

    @property
    def name(self) -> str:
        """The operation's name, such as ``add``."""
        return etree.QName(self.operation).localname


def parse_xml(body: bytes) -> etree._Element:
    """Return the root of an XML text; no DTD, no entity, no network, no unbounded tree.

    Raises:
        SoapFaultError: the text is no well-formed XML, or it has a document type.
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
        parser.feed(body)
        root = parser.close()
    except etree.XMLSyntaxError as error:
        raise SoapFaultError(f"org.xml.sax.SAXParseException: {error.msg}", faultcode=MALFORMED) from error
    if root.getroottree().docinfo.internalDTD is not None:
        raise SoapFaultError("org.xml.sax.SAXParseException: DOCTYPE is not allowed", faultcode=MALFORMED)
    return root


def read_call(body: bytes) -> Call:
    """Return the request in a SOAP 1.1 envelope.

    Raises:
        SoapFaultError: it is not well-formed, no envelope, or without an operation of this endpoint version.
    """
    root = parse_xml(body)
    if root.tag != tag(names.ENVELOPE, "Envelope"):
        raise SoapFaultError("Bad envelope tag: the request is no SOAP 1.1 envelope", faultcode=MALFORMED)
    soap_body = root.find(tag(names.ENVELOPE, "Body"))
    if soap_body is None or len(soap_body) != 1:
        raise SoapFaultError("The envelope's body must hold exactly one operation", faultcode=MALFORMED)
    operation = soap_body[0]
    if etree.QName(operation).namespace != names.MESSAGES:
        raise SoapFaultError(f"No such operation '{etree.QName(operation).localname}'", faultcode=MALFORMED)
    header = root.find(tag(names.ENVELOPE, "Header"))
    return Call(
        passport=None if header is None else _passport(header),
        has_application=header is not None and header.find(tag(names.MESSAGES, "applicationInfo")) is not None,
        ignore_read_only=header is not None and _preference(header, "ignoreReadOnlyFields"),
        operation=operation,
    )


def _passport(header: etree._Element) -> Passport | None:
    element = header.find(tag(names.MESSAGES, "tokenPassport"))
    if element is None:
        return None
    signature = element.find(tag(names.CORE, "signature"))

    def text(name: str) -> str:
        return element.findtext(tag(names.CORE, name), "")

    return Passport(
        account=text("account"),
        consumer_key=text("consumerKey"),
        token=text("token"),
        nonce=text("nonce"),
        timestamp=text("timestamp"),
        signature=text("signature"),
        algorithm="" if signature is None else signature.get("algorithm", ""),
    )


def _preference(header: etree._Element, name: str) -> bool:
    path = f"{tag(names.MESSAGES, 'preferences')}/{tag(names.MESSAGES, name)}"
    return header.findtext(path, "").strip() in ("true", "1")
