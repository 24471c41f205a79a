"""A process with a database of its own that issues and prints statements and times them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import process_time
from typing import Any

import django


def main() -> None:
    """Measure so many statements so often, and print the figures as JSON."""
    django.setup()
    statements, rounds = (int(argument) for argument in sys.argv[1:])
    sys.stdout.write(json.dumps(_measure(statements, rounds)) + "\n")


@dataclass(slots=True)
class _Round:
    """The seconds of one round."""

    issue: float = 0.0
    print: float = 0.0
    bare: float = 0.0
    strokes: list[_Stroke] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return (self.issue + self.print) / self.bare


@dataclass(frozen=True, slots=True)
class _Stroke:
    """A text, or a rule, at a place of a page."""

    page: int
    x: float
    y: float
    width: float
    height: float
    text: str
    style: str
    size: float
    align: Any


def _measure(statements: int, rounds: int) -> dict[str, float]:
    from django.utils import timezone

    from billing.bench.stage import make_tables
    from billing.statements.fonts import BOLD, REGULAR, font_file

    make_tables()
    calculation = _approved(statements, timezone.now())
    for weight in (REGULAR, BOLD):
        font_file(weight)
    measured = [_measure_round(calculation) for _ in range(rounds + 1)][1:]
    return {
        "statements": calculation.charges.values("lease").distinct().count(),
        "pages": measured[0].strokes[-1].page,
        "ratio_to_bare_pdf": round(median(run.ratio for run in measured), 3),
        "seconds": round(median(run.issue + run.print for run in measured), 2),
        "issue_seconds": round(median(run.issue for run in measured), 2),
        "bare_pdf_seconds": round(median(run.bare for run in measured), 2),
    }


def _approved(statements: int, now: Any) -> Any:
    from billing.bench.portfolio import Size, make_portfolio
    from billing.operations.approvals import approve_calculation
    from portfolios.models import User

    size = Size(reviewed_units=statements, properties=1, units=1, failed_of=10)
    calculation = make_portfolio(size=size, now=now)
    accountant = User.objects.get(username="accountant")
    approve_calculation(calculation=calculation, by=accountant, now=now)
    return calculation


def _measure_round(calculation: Any) -> _Round:
    """Issue and print in a transaction that comes to nothing, then write the same words alone."""
    from django.db import transaction
    from django.utils import timezone

    from billing.models import Statement
    from billing.statements.issue import issue_month
    from billing.statements.pdf import print_statements, write_statement
    from billing.words import month_of
    from portfolios.models import User

    run, now = _Round(), timezone.now()
    bill = calculation.bill
    by = User.objects.get(username="manager")
    with transaction.atomic():
        run.issue = _time(
            lambda: issue_month(place=bill.property, month=month_of(bill.period), by=by, now=now)
        )
        run.print = _time(
            lambda: print_statements(
                Statement.objects.order_by("pk"), title="Statements", made_at=now
            )
        )
        recorder = _recorder(now)
        for statement in Statement.objects.order_by("pk"):
            write_statement(recorder, statement)
        recorder.bytes()
        run.strokes = recorder.strokes
        transaction.set_rollback(True)
    run.bare = _time(lambda: _bare(run.strokes))
    return run


def _time(work: Callable[[], object]) -> float:
    start = process_time()
    work()
    return process_time() - start


def _recorder(now: Any) -> Any:
    """Make a sheet that notes what is written where."""
    from billing.statements.sheet import Sheet

    class Recorder(Sheet):
        def __init__(self) -> None:
            super().__init__(title="Statements", made_at=now)
            self.strokes: list[_Stroke] = []

        def multi_cell(self, w: float, h: float | None = None, text: str = "", **more: Any) -> Any:  # type: ignore[override]
            style, size = self.font_style, self.font_size_pt
            self._note(self.x, self.y, w, h or 0, text, style, size, more.get("align"))
            return super().multi_cell(w, h, text, **more)

        def line(self, x1: float, y1: float, x2: float, y2: float) -> None:
            self._note(x1, y1, x2, y2, "", "", 0, None)
            super().line(x1, y1, x2, y2)

        def _note(self, *what: Any) -> None:
            self.strokes.append(_Stroke(self.page_no(), *what))

    return Recorder()


def _bare(strokes: list[_Stroke]) -> bytes:
    """Write texts and rules with fpdf2, and nothing else."""
    from fpdf import FPDF

    from billing.statements.fonts import BOLD, REGULAR, font_file

    pdf = FPDF(format="letter", unit="mm")
    pdf.set_auto_page_break(auto=False)
    pdf.add_font("Inter", "", font_file(REGULAR))
    pdf.add_font("Inter", "B", font_file(BOLD))
    for stroke in strokes:
        if stroke.page != pdf.page_no():
            pdf.add_page()
        if stroke.size:
            pdf.set_font("Inter", stroke.style, stroke.size)
            pdf.set_xy(stroke.x, stroke.y)
            pdf.multi_cell(stroke.width, stroke.height, stroke.text, align=stroke.align)
        else:
            pdf.line(stroke.x, stroke.y, stroke.width, stroke.height)
    return bytes(pdf.output())


if __name__ == "__main__":
    main()
