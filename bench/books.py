"""Books for the sandbox with many deals, all invented, one currency."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

SMALL = Path(__file__).parent.parent / "tests" / "books" / "small"
STAMP = "2026-11-20T10:00:00Z"
DEAL = ["Id", "Name", "AccountId", "StageName", "CloseDate", "OwnerId", "CurrencyIsoCode", "PO_Number__c",
        "Payment_Terms__c", "SystemModstamp", "LastStageChangeDate"]  # fmt: skip
LINE = ["Id", "OpportunityId", "PricebookEntryId", "Quantity", "UnitPrice", "Discount", "Description", "SortOrder",
        "SystemModstamp"]  # fmt: skip


def checked(text: str) -> str:
    """Add the three characters that make a 15-character Salesforce id an 18-character one."""
    parts = (text[start : start + 5] for start in (0, 5, 10))
    return text + "".join(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[sum(char.isupper() << n for n, char in enumerate(part))] for part in parts
    )


def book(folder: Path, deals: int, lines: int) -> Path:
    """Write a book of won deals of one customer, each with so many lines, and return its folder."""
    shutil.copytree(SMALL, folder)
    ids = [checked(f"006{number:012d}") for number in range(1, deals + 1)]
    _write(folder / "salesforce/Opportunity.csv", DEAL, (
        [id_, f"Deal {number}", "Granite Group", "Closed Won", "2026-11-10", "rep@acme.example", "USD", f"PO-{number}",
         "30 days", STAMP, STAMP]
        for number, id_ in enumerate(ids, 1)
    ))  # fmt: skip
    _write(folder / "salesforce/OpportunityLineItem.csv", LINE, (
        [checked(f"00k{number * 10 + line:012d}"), id_, checked(f"01u{1 + line % 2:012d}"), line + 1,
         f"{100 + number}.00" if line % 2 else f"{55 + number}.50", "", f"Line {line}", line + 1, STAMP]
        for number, id_ in enumerate(ids, 1)
        for line in range(lines)
    ))  # fmt: skip
    return folder


def _write(path, heading, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(heading)
        writer.writerows(rows)
