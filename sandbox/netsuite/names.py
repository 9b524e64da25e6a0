"""NetSuite's XML name spaces for the endpoint version that the sandbox speaks (Oracle: SOAP schema 2025.2)."""

from __future__ import annotations

VERSION = "2025_2"
SOAP_PATH = f"/services/NetSuitePort_{VERSION}"
SUITEQL_PATH = "/services/rest/query/v1/suiteql"
WSDL_PATH = f"/wsdl/v{VERSION}_0/netsuite.wsdl"

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
XSD = "http://www.w3.org/2001/XMLSchema"

PLATFORM = f"urn:platform_{VERSION}.webservices.netsuite.com"
MESSAGES = f"urn:messages_{VERSION}.platform.webservices.netsuite.com"
CORE = f"urn:core_{VERSION}.platform.webservices.netsuite.com"
COMMON = f"urn:common_{VERSION}.platform.webservices.netsuite.com"
FAULTS = f"urn:faults_{VERSION}.platform.webservices.netsuite.com"
SALES = f"urn:sales_{VERSION}.transactions.webservices.netsuite.com"
CUSTOMERS = f"urn:customers_{VERSION}.transactions.webservices.netsuite.com"
GENERAL = f"urn:general_{VERSION}.transactions.webservices.netsuite.com"
RELATIONSHIPS = f"urn:relationships_{VERSION}.lists.webservices.netsuite.com"
ACCOUNTING = f"urn:accounting_{VERSION}.lists.webservices.netsuite.com"
EMPLOYEES = f"urn:employees_{VERSION}.lists.webservices.netsuite.com"

PREFIXES = {
    "soapenv": ENVELOPE,
    "xsi": XSI,
    "xsd": XSD,
    "platformMsgs": MESSAGES,
    "platformCore": CORE,
    "platformCommon": COMMON,
    "platformFaults": FAULTS,
    "tranSales": SALES,
    "tranCust": CUSTOMERS,
    "tranGeneral": GENERAL,
    "listRel": RELATIONSHIPS,
    "listAcct": ACCOUNTING,
    "listEmp": EMPLOYEES,
}
"""Prefix by which an answer names each name space."""


def tag(namespace: str, name: str) -> str:
    """Return the name in lxml's ``{namespace}name`` form."""
    return f"{{{namespace}}}{name}"
