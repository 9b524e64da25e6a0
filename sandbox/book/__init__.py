"""The demo book: a company's Salesforce and NetSuite on the day it starts with Tieout.

``generate`` writes a folder that ``sandbox.book_load`` reads:

* ``salesforce/<Object>.csv`` and ``netsuite/<recordType>.csv``: the records, with explicit ids;
* ``edits.json``: what people changed on the clean book. Edits of phase ``before`` are part of the files
  already, those of phase ``middle`` and ``after`` are applied by the sandbox's control endpoint later;
* ``clerk.json``: what finance does in NetSuite in the weeks after the first sync, in three phases: orders are
  approved, delivered and some of them billed (``approve``), money is collected and the month closed (``collect``),
  and afterwards some of it is taken back (``late``);
* ``truth.json``: what must show, as a set of (where, code, record), and the sizes of the populations.

The clean book holds a few labelled cases for a person and nothing else that may show: names, amounts and
PO numbers are made so that no two records look alike by accident, and ``check`` verifies that. The defective
book is the same book with the kinds of ``defects.catalogue`` planted on it.
"""

from sandbox.book.generate import generate
from sandbox.book.shape import DEMO, SMALL, Shape
from sandbox.book.truth import Expected, Truth

__all__ = ["DEMO", "SMALL", "Expected", "Shape", "Truth", "generate"]
