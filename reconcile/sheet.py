"""One worksheet under construction: every cell is written by its type, so that no text can become a formula."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from connectors.records import MINOR_DIGITS
from reconcile.exceptions import plain

if TYPE_CHECKING:
    from xlsxwriter.format import Format
    from xlsxwriter.workbook import Workbook
    from xlsxwriter.worksheet import Worksheet

TEXT_LIMIT = 32_767
LINK_LIMIT = 255
EXACT_DIGITS = 15
"""Excel keeps numbers as doubles: beyond 15 digits an amount is written as text rather than changed."""

BASE = {"font_name": "Calibri", "font_size": 10, "valign": "top"}
STYLES: dict[str, dict[str, object]] = {
    "plain": {},
    "wrap": {"text_wrap": True},
    "bold": {"bold": True},
    "title": {"bold": True, "font_size": 14},
    "section": {"bold": True, "font_size": 11, "bottom": 1},
    "head": {"bold": True, "bg_color": "#DDE3EA", "border": 1, "text_wrap": True},
    "head_right": {"bold": True, "bg_color": "#DDE3EA", "border": 1, "align": "right"},
    "note": {"italic": True, "font_color": "#555555"},
    "good": {"bold": True, "bg_color": "#C6EFCE", "font_color": "#006100"},
    "bad": {"bold": True, "bg_color": "#FFC7CE", "font_color": "#9C0006"},
    "link": {"font_color": "#0563C1", "underline": 1},
    "input": {"bg_color": "#FFF9DB", "border": 1, "border_color": "#D9D2A6", "text_wrap": True},
    "count": {"num_format": "#,##0"},
    "total_count": {"num_format": "#,##0", "bold": True, "top": 1},
    "total": {"bold": True, "top": 1},
}


@dataclass(slots=True)
class Styles:
    """The workbook's cell formats, each made once."""

    book: Workbook
    made: dict[str, Format] = field(default_factory=dict)

    def of(self, name: str) -> Format:
        """Return a named format."""
        if name not in self.made:
            self.made[name] = self.book.add_format({**BASE, **STYLES[name]})
        return self.made[name]

    def money(self, currency: str, *, total: bool = False) -> Format:
        """Return the number format of a currency, by its ISO 4217 digits."""
        digits = MINOR_DIGITS.get(currency, 2)
        name = f"money {digits} {total}"
        if name not in self.made:
            number = "#,##0" + ("." + "0" * digits if digits else "")
            look = {"num_format": f"{number};[Red]-{number}"} | (STYLES["total"] if total else {})
            self.made[name] = self.book.add_format({**BASE, **look})
        return self.made[name]


@dataclass(slots=True)
class Sheet:
    """A worksheet and the formats of its workbook. Rows must be written from top to bottom."""

    page: Worksheet
    styles: Styles

    def text(self, row: int, column: int, value: str | None, style: str = "plain") -> None:
        """Write a text as a text, whatever it begins with."""
        self.page.write_string(row, column, (value or "")[:TEXT_LIMIT], self.styles.of(style))

    def count(self, row: int, column: int, value: int | None, style: str = "count") -> None:
        """Write a whole number; nothing when there is none."""
        if value is None:
            self.text(row, column, "")
        else:
            self.page.write_number(row, column, value, self.styles.of(style))

    def money(self, row: int, column: int, value: Decimal | None, currency: str, *, total: bool = False) -> None:
        """Write an amount as a number in its currency's format, or as text when Excel could not hold it exactly."""
        if value is None:
            self.text(row, column, "")
        elif len(value.normalize().as_tuple().digits) > EXACT_DIGITS:
            self.text(row, column, f"{plain(value, currency):f}")
        else:
            self.page.write_number(row, column, float(value), self.styles.money(currency, total=total))

    def link(self, row: int, column: int, address: str, label: str) -> None:
        """Write a HYPERLINK formula (real link objects are limited to 65,530 a sheet); plain text without address."""
        if not address or len(address) > LINK_LIMIT or len(label) > LINK_LIMIT:
            self.text(row, column, label)
            return
        formula = f"=HYPERLINK({quoted(address)},{quoted(label)})"
        self.page.write_formula(row, column, formula, self.styles.of("link"), label)

    def formula(self, row: int, column: int, formula: str, look: Format, value: float | str) -> None:
        """Write a live formula with its present value, for readers that do not calculate."""
        self.page.write_formula(row, column, formula, look, value)

    def header(self, row: int, names: Sequence[str]) -> None:
        """Write column headings."""
        for column, name in enumerate(names):
            self.text(row, column, name, "head")

    def columns(self, widths: Sequence[float]) -> None:
        """Set column widths in characters."""
        for column, width in enumerate(widths):
            self.page.set_column(column, column, width)

    def listing(self, header_row: int, last_row: int, n_columns: int) -> None:
        """Make a long list handy: frozen headings, filter, headings on every printed page, one page wide."""
        self.page.freeze_panes(header_row + 1, 0)
        self.page.autofilter(header_row, 0, max(last_row, header_row), n_columns - 1)
        self.page.repeat_rows(header_row)
        self.page.set_landscape()
        self.page.set_paper(9)
        self.page.fit_to_pages(1, 0)
        self.page.set_footer("&L&F&C&A&RPage &P of &N")


def quoted(value: str) -> str:
    """Return a text as a string constant of a formula."""
    return '"' + value.replace('"', '""') + '"'
