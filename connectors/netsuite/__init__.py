"""NetSuite: reads by SuiteQL, writes by SOAP. Importing this package loads neither zeep nor the schema."""

from connectors.netsuite.connection import NetSuiteConnection, connect

__all__ = ["NetSuiteConnection", "connect"]
