"""Writes the first sheet from top to bottom: lines, headings, and tables with a pair of columns a currency."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from reconcile.bridge import Sum
from reconcile.sheet import Sheet

WIDTHS = (38, 17, 8, 17, 8, 17, 8, 17, 8, 17)
ABREAST = 4
"""Currencies side by side; further ones follow in a table below."""
Figure = Callable[[str], Sum]
"""Gives a row's items and amount in a currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One row of a table: its words, where its rows are (sheet and row), and its figures by currency.

    ``quiet`` rows are left out where no currency has a figure. ``items`` False: amounts alone. ``remark`` stands in
    the second column where there is no link.
    """

    label: str
    of: Figure
    target: tuple[str, int] | None = None
    remark: str = ""
    total: bool = False
    quiet: bool = True
    items: bool = True


@dataclass(slots=True)
class Pen:
    """The sheet and the next row to write."""

    sheet: Sheet
    row: int = 0

    def line(self, text: str, style: str = "plain") -> None:
        """Write one line of text over the whole width and move on."""
        self.sheet.text(self.row, 0, text, style)
        for column in range(1, len(WIDTHS)):
            self.sheet.page.write_blank(self.row, column, None, self.sheet.styles.of(style))
        self.row += 1

    def section(self, text: str) -> None:
        """Begin a part of the page."""
        self.row += 1
        self.line(text, "section")

    def heads(self, names: Sequence[str]) -> None:
        """Write column headings and move on."""
        self.sheet.header(self.row, names)
        self.row += 1

    def table(self, currencies: Sequence[str], rows: Sequence[Figures], heading: str = "") -> None:
        """Write rows of figures, ``ABREAST`` currencies at a time."""
        for some in _slices(currencies):
            pairs = [name for code in some for name in ("Items", code or "(none)")]
            self.sheet.header(self.row, (heading, ""))
            for column, name in enumerate(pairs, start=2):
                self.sheet.text(self.row, column, name, "head_right")
            self.row += 1
            for one in rows:
                if not one.quiet or any(one.of(code) for code in some):
                    self._figures(some, one)

    def _figures(self, currencies: Sequence[str], one: Figures) -> None:
        style = "total" if one.total else "plain"
        self.sheet.text(self.row, 0, one.label, style)
        if one.target is not None:
            sheet, row = one.target
            self.sheet.link(self.row, 1, f"#'{sheet}'!A{row}", f"see {sheet}")
        else:
            self.sheet.text(self.row, 1, one.remark, style)
        for index, currency in enumerate(currencies):
            figure, at = one.of(currency), 2 + 2 * index
            if one.items:
                self.sheet.count(self.row, at, figure.items, "total_count" if one.total else "count")
            else:
                self.sheet.text(self.row, at, "", style)
            self.sheet.money(self.row, at + 1, figure.amount, currency, total=one.total)
        self.row += 1


def _slices(currencies: Sequence[str]) -> Iterator[Sequence[str]]:
    return (currencies[at : at + ABREAST] for at in range(0, len(currencies), ABREAST))
