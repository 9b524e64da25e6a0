"""The sandbox's own WSDL: what it understands of NetSuite's, made from the same tables that read and write records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache

from sandbox.netsuite import fields, names
from sandbox.netsuite.custom_fields import WIRE_TYPES
from sandbox.netsuite.fields import Field
from sandbox.netsuite.record_types import RECORD_TYPES
from sandbox.netsuite.sublists import SUBLISTS

TYPE_OF: Mapping[str, str] = {
    "text": "xsd:string",
    "code": "xsd:string",
    "rate": "xsd:string",
    "status": "xsd:string",
    "flag": "xsd:boolean",
    "number": "xsd:double",
    "whole": "xsd:long",
    "day": "xsd:dateTime",
    "moment": "xsd:dateTime",
    "ref": "platformCore:RecordRef",
    "address": "platformCommon:Address",
    "custom": "platformCore:CustomFieldList",
    "absent": "xsd:anyType",
}
VALUE_OF: Mapping[str, str] = {
    "text": "xsd:string",
    "flag": "xsd:boolean",
    "moment": "xsd:dateTime",
    "day": "xsd:dateTime",
    "number": "xsd:double",
    "whole": "xsd:long",
    "select": "platformCore:ListOrRecordRef",
    "selects": "platformCore:ListOrRecordRef",
}
IDS = '<attribute name="internalId" type="xsd:string"/><attribute name="externalId" type="xsd:string"/>'
OPERATIONS = {
    **dict.fromkeys(("add", "update", "upsert"), ("record", "Record", "writeResponse")),
    **dict.fromkeys(("addList", "updateList", "upsertList"), ("record", "Record", "writeResponseList")),
    "get": ("baseRef", "BaseRef", "readResponse"),
    "getList": ("baseRef", "BaseRef", "readResponseList"),
    "initialize": ("initializeRecord", "InitializeRecord", "readResponse"),
}
"""Argument, its type and the answer's part, by operation."""

FAULTS = (
    "insufficientPermission",
    "invalidCredentials",
    "invalidSession",
    "exceededConcurrentRequestLimit",
    "exceededRequestLimit",
    "exceededRecordCount",
    "invalidVersion",
    "unexpectedError",
)


def document(host: str) -> str:
    """Return the WSDL whose service address is on the given host."""
    return _document().replace("@ADDRESS@", f"http://{host}{names.SOAP_PATH}")


@cache
def _document() -> str:
    prefixes = " ".join(f'xmlns:{prefix}="{uri}"' for prefix, uri in names.PREFIXES.items() if prefix != "xsi")
    schemas = "".join((_core(), _common(), _faults(), *_records(), _messages()))
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="http://schemas.xmlsoap.org/wsdl/" '
        f'xmlns:soap="http://schemas.xmlsoap.org/wsdl/soap/" xmlns:tns="{names.PLATFORM}" {prefixes} '
        f'targetNamespace="{names.PLATFORM}"><types>{schemas}</types>{_port()}</definitions>'
    )


def _schema(namespace: str, content: str) -> str:
    imports = "".join(
        f'<import namespace="{uri}"/>'
        for prefix, uri in names.PREFIXES.items()
        if uri != namespace and prefix.startswith(("platform", "tran", "list"))
    )
    return (
        f'<schema xmlns="{names.XSD}" targetNamespace="{namespace}" elementFormDefault="qualified">'
        f"{imports}{content}</schema>"
    )


def _elements(spec: Iterable[Field]) -> str:
    parts = (f'<element name="{field.name}" type="{_type_of(field)}" minOccurs="0"/>' for field in spec)
    return f"<sequence>{''.join(parts)}</sequence>"


def _type_of(field: Field) -> str:
    if field.kind not in ("items", "list", "book"):
        return TYPE_OF[field.kind]
    return f"{_prefix(SUBLISTS[field.target].namespace)}:{field.target}List"


def _prefix(namespace: str) -> str:
    return next(prefix for prefix, uri in names.PREFIXES.items() if uri == namespace)


def _record(name: str, spec: Mapping[str, Field], attributes: str = IDS) -> str:
    return (
        f'<complexType name="{name}"><complexContent><extension base="platformCore:Record">'
        f"{_elements(spec.values())}{attributes}</extension></complexContent></complexType>"
    )


def _list(name: str, member: str, type_: str, attributes: str = "") -> str:
    return (
        f'<complexType name="{name}"><sequence><element name="{member}" type="{type_}" minOccurs="0" '
        f'maxOccurs="unbounded"/></sequence>{attributes}</complexType>'
    )


def _core() -> str:
    customs = "".join(
        f'<complexType name="{wire}"><complexContent><extension base="platformCore:CustomFieldRef"><sequence>'
        f'<element name="value" type="{VALUE_OF[kind]}" maxOccurs="{"unbounded" if kind == "selects" else 1}"/>'
        "</sequence></extension></complexContent></complexType>"
        for kind, wire in WIRE_TYPES.items()
        if kind != "day"
    )
    content = f"""
<complexType name="BaseRef" abstract="true"><sequence><element name="name" type="xsd:string" minOccurs="0"/></sequence>
</complexType>
<complexType name="RecordRef"><complexContent><extension base="platformCore:BaseRef">{IDS}
<attribute name="type" type="xsd:string"/></extension></complexContent></complexType>
<complexType name="InitializeRef"><complexContent><extension base="platformCore:BaseRef">{IDS}
<attribute name="type" type="xsd:string"/></extension></complexContent></complexType>
<complexType name="InitializeRecord"><sequence><element name="type" type="xsd:string"/>
<element name="reference" type="platformCore:InitializeRef" minOccurs="0"/></sequence></complexType>
<complexType name="ListOrRecordRef"><sequence><element name="name" type="xsd:string" minOccurs="0"/></sequence>{IDS}
<attribute name="typeId" type="xsd:string"/></complexType>
{_list("NullField", "name", "xsd:string")}
<complexType name="Record" abstract="true"><sequence>
<element name="nullFieldList" type="platformCore:NullField" minOccurs="0"/></sequence></complexType>
<complexType name="CustomFieldRef" abstract="true"><attribute name="internalId" type="xsd:string"/>
<attribute name="scriptId" type="xsd:string"/></complexType>{customs}
{_list("CustomFieldList", "customField", "platformCore:CustomFieldRef")}
<complexType name="StatusDetail"><sequence><element name="code" type="xsd:string" minOccurs="0"/>
<element name="message" type="xsd:string" minOccurs="0"/>
<element name="afterSubmitFailed" type="xsd:boolean" minOccurs="0"/></sequence>
<attribute name="type" type="xsd:string"/></complexType>
{_list("Status", "statusDetail", "platformCore:StatusDetail", '<attribute name="isSuccess" type="xsd:boolean"/>')}
<element name="status" type="platformCore:Status"/>
<complexType name="TokenPassportSignature"><simpleContent><extension base="xsd:string">
<attribute name="algorithm" type="xsd:string" use="required"/></extension></simpleContent></complexType>
<complexType name="TokenPassport"><sequence><element name="account" type="xsd:string"/>
<element name="consumerKey" type="xsd:string"/><element name="token" type="xsd:string"/>
<element name="nonce" type="xsd:string"/><element name="timestamp" type="xsd:long"/>
<element name="signature" type="platformCore:TokenPassportSignature"/></sequence></complexType>
<complexType name="GetServerTimeResult"><sequence><element ref="platformCore:status"/>
<element name="serverTime" type="xsd:dateTime"/></sequence></complexType>
<element name="getServerTimeResult" type="platformCore:GetServerTimeResult"/>"""
    return _schema(names.CORE, content)


def _common() -> str:
    return _schema(names.COMMON, _record("Address", fields.ADDRESS, attributes=""))


def _faults() -> str:
    parts = "".join(
        f'<element name="{name}Fault" type="platformFaults:{name[0].upper()}{name[1:]}Fault"/>'
        f'<complexType name="{name[0].upper()}{name[1:]}Fault"><complexContent>'
        '<extension base="platformFaults:SoapFault"/></complexContent></complexType>'
        for name in FAULTS
    )
    base = (
        '<complexType name="SoapFault"><sequence><element name="code" type="xsd:string"/>'
        '<element name="message" type="xsd:string"/></sequence></complexType>'
    )
    return _schema(names.FAULTS, base + parts)


MANY = ' maxOccurs="unbounded"'
REPLACE_ALL = '<attribute name="replaceAll" type="xsd:boolean" default="true"/>'


def _records() -> Iterable[str]:
    """Yield one schema for each name space of records: the types and the lists inside them."""
    for namespace in dict.fromkeys(kind.namespace for kind in RECORD_TYPES.values()):
        kinds = (kind for kind in RECORD_TYPES.values() if kind.namespace == namespace)
        content = "".join(_record(kind.element, kind.fields) for kind in kinds)
        for sublist in SUBLISTS.values():
            if sublist.namespace == namespace:
                content += f'<complexType name="{sublist.type}">{_elements(sublist.fields.values())}</complexType>'
                type_ = f"{_prefix(namespace)}:{sublist.type}"
                content += _list(f"{sublist.type}List", sublist.member, type_, REPLACE_ALL)
        yield _schema(namespace, content)


def _messages() -> str:
    requests = "".join(
        f'<element name="{name}"><complexType><sequence><element name="{argument}" type="platformCore:{type_}"'
        f"{MANY if name.endswith('List') else ''}/></sequence></complexType></element>"
        f'<element name="{name}Response"><complexType><sequence><element ref="platformMsgs:{answer}"/></sequence>'
        "</complexType></element>"
        for name, (argument, type_, answer) in OPERATIONS.items()
    )
    lists = "".join(
        f'<element name="{name}List"><complexType><sequence><element ref="platformCore:status" minOccurs="0"/>'
        f'<element ref="platformMsgs:{name}" minOccurs="0"{MANY}/></sequence></complexType></element>'
        for name in ("writeResponse", "readResponse")
    )
    flags = (
        "warningAsError",
        "disableMandatoryCustomFieldValidation",
        "disableSystemNotesForCustomFields",
        "ignoreReadOnlyFields",
        "runServerSuiteScriptAndTriggerWorkflows",
    )
    preferences = "".join(f'<element name="{name}" type="xsd:boolean" minOccurs="0"/>' for name in flags)
    content = f"""{requests}{lists}
<element name="writeResponse"><complexType><sequence><element ref="platformCore:status"/>
<element name="baseRef" type="platformCore:BaseRef" minOccurs="0"/></sequence></complexType></element>
<element name="readResponse"><complexType><sequence><element ref="platformCore:status"/>
<element name="record" type="platformCore:Record" minOccurs="0"/></sequence></complexType></element>
<element name="getServerTime"><complexType><sequence/></complexType></element>
<element name="getServerTimeResponse"><complexType><sequence>
<element ref="platformCore:getServerTimeResult"/></sequence></complexType></element>
<element name="tokenPassport" type="platformCore:TokenPassport"/>
<element name="preferences"><complexType><sequence>{preferences}</sequence></complexType></element>
<element name="documentInfo"><complexType><sequence><element name="nsId" type="xsd:string"/></sequence></complexType>
</element>"""
    return _schema(names.MESSAGES, content)


def _port() -> str:
    headers = ("tokenPassport", "preferences", "documentInfo")
    parts = "".join(f'<part name="{name}" element="platformMsgs:{name}"/>' for name in headers)
    messages, operations, bindings = f'<message name="headers">{parts}</message>', "", ""
    for name in (*OPERATIONS, "getServerTime"):
        for suffix, element in (("Request", name), ("Response", f"{name}Response")):
            part = f'<part name="parameters" element="platformMsgs:{element}"/>'
            messages += f'<message name="{name}{suffix}">{part}</message>'
        ends = f'<input message="tns:{name}Request"/><output message="tns:{name}Response"/>'
        operations += f'<operation name="{name}">{ends}</operation>'
        header = "".join(
            f'<soap:header message="tns:headers" part="{part}" use="literal"/>'
            for part in ("tokenPassport", "preferences")
        )
        bindings += (
            f'<operation name="{name}"><soap:operation soapAction="{name}"/><input>{header}<soap:body use="literal"/>'
            '</input><output><soap:header message="tns:headers" part="documentInfo" use="literal"/>'
            '<soap:body use="literal"/></output></operation>'
        )
    return (
        f'{messages}<portType name="NetSuitePortType">{operations}</portType>'
        '<binding name="NetSuiteBinding" type="tns:NetSuitePortType">'
        '<soap:binding style="document" transport="http://schemas.xmlsoap.org/soap/http"/>'
        f'{bindings}</binding><service name="NetSuiteService"><port name="NetSuitePort" binding="tns:NetSuiteBinding">'
        '<soap:address location="@ADDRESS@"/></port></service>'
    )
