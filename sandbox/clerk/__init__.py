"""The finance clerk: carries out a book's ``clerk.json`` through NetSuite's own SOAP and SuiteQL interfaces.

The clerk is a client like any other. It shares no code with Tieout's connectors nor with the sandbox's servers, so
that what it does in NetSuite is an independent account of what a finance department would have done.
"""

from sandbox.clerk.run import ClerkReport, carry_out

__all__ = ["ClerkReport", "carry_out"]
