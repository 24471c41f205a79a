"""Sheets of paper: headings, rows of a label and a text, and tables, from the top to the bottom."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from fpdf import FPDF
from fpdf.enums import Align, XPos, YPos

from billing.statements.fonts import BOLD, REGULAR, font_file

_FONT = "Inter"
_MARGIN = 18.0
_BOTTOM = 20.0
_LINE = 4.6
_LABEL_WIDTH = 46.0
_GREY, _BLACK, _RULE = (85, 85, 85), (0, 0, 0), (190, 190, 190)
_BODY = 9.0


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table.

    Shape: `part` is its part of the width; amounts stand at the right.
    """

    text: str
    part: float
    is_amount: bool = False


class Sheet(FPDF):
    """A document of Letter size that grows from top to bottom; it comes out the same every time."""

    def __init__(self, *, title: str, made_at: datetime) -> None:
        super().__init__(format="letter", unit="mm")
        self.set_title(title)
        self.set_lang("en-US")
        self.set_creator("MeterBase")
        # Neither the clock nor the machine may show in the bytes.
        self.set_creation_date(made_at)
        self.set_margin(_MARGIN)
        self.set_auto_page_break(auto=True, margin=_BOTTOM)
        self.add_font(_FONT, "", font_file(REGULAR))
        self.add_font(_FONT, "B", font_file(BOLD))
        self._foot = ""
        self._first_page = 1

    def begin(self, foot: str) -> None:
        """Begin a paper of its own on a new page; its pages are counted from 1."""
        # A new page first: it writes the foot of the page before, which is another paper's.
        self.add_page()
        self._foot = foot
        self._first_page = self.page_no()

    def footer(self) -> None:
        """Write the foot of a page; called by fpdf2."""
        self.set_y(-_BOTTOM + 6)
        self._style(7.5, colour=_GREY)
        page = self.page_no() - self._first_page + 1
        self._write(self.epw, f"{self._foot}, page {page}", line=4)

    def heading(self, text: str, *, size: float = 12.0, beside: str = "") -> None:
        """Write a heading, which never stands alone at the foot of a page."""
        self._room_for(26)
        self.ln(3)
        top = self.get_y()
        self._style(size, bold=True)
        self._write(self.epw * (0.72 if beside else 1), text, line=size * 0.5)
        bottom = self.get_y()
        if beside:
            self.set_xy(self.l_margin + self.epw * 0.72, top)
            self._write(self.epw * 0.28, beside, line=size * 0.5, align=Align.R)
        self.set_y(max(bottom, self.get_y()) + 1)

    def note(self, text: str, *, bold: bool = False) -> None:
        """Write a paragraph over the whole width."""
        self._room_for(_LINE)
        self._style(_BODY, bold=bold)
        self._write(self.epw, text)
        self.ln(1)

    def row(self, label: str, text: str) -> None:
        """Write a label with its text beside it."""
        self._room_for(2 * _LINE)
        page, top = self.page_no(), self.get_y()
        self._style(_BODY, colour=_GREY)
        self._write(_LABEL_WIDTH - 2, label)
        bottom = self.get_y()
        self.set_xy(self.l_margin + _LABEL_WIDTH, top)
        self._style(_BODY)
        self._write(self.epw - _LABEL_WIDTH, text)
        if self.page_no() == page:
            self.set_y(max(bottom, self.get_y()))
        self.ln(0.8)

    def table_row(self, cells: Sequence[Cell], *, bold: bool = False) -> None:
        """Write a row of a table, with a rule below it."""
        self._room_for(3 * _LINE)
        self._style(_BODY, bold=bold)
        top, bottom, left = self.get_y() + 0.8, self.get_y(), self.l_margin
        for cell in cells:
            width = self.epw * cell.part
            self.set_xy(left, top)
            align = Align.R if cell.is_amount else Align.L
            self._write(width if cell.is_amount else width - 2, cell.text, align=align)
            bottom = max(bottom, self.get_y())
            left += width
        self.set_draw_color(*_RULE)
        self.line(self.l_margin, bottom + 0.8, self.l_margin + self.epw, bottom + 0.8)
        self.set_xy(self.l_margin, bottom + 0.8)

    def bytes(self) -> bytes:
        """Give the finished document."""
        return bytes(self.output())

    def _style(
        self, size: float, *, bold: bool = False, colour: tuple[int, int, int] = _BLACK
    ) -> None:
        self.set_font(_FONT, "B" if bold else "", size)
        self.set_text_color(*colour)

    def _write(
        self, width: float, text: str, *, line: float = _LINE, align: Align = Align.L
    ) -> None:
        self.multi_cell(width, line, text, align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _room_for(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()
