"""Statements on paper: the frozen words, and nothing that was not frozen."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from billing.models import Statement
from billing.statements.content import Content, Section, content_from_json
from billing.statements.sheet import Cell, Sheet
from meterbase.lib.money import format_dollars

# Told of a charge that is in the resident's favor.
IN_FAVOR = ", in your favor"


def print_statements(
    statements: Iterable[Statement],
    *,
    title: str,
    made_at: datetime,
    each_done: Callable[[], None] = lambda: None,
) -> bytes:
    """Print statements one after the other, each on pages of its own, as one PDF.

    Shape: the same statements give the same bytes, whenever they are printed.
    """
    sheet = Sheet(title=title, made_at=made_at)
    for statement in statements:
        write_statement(sheet, statement)
        each_done()
    return sheet.bytes()


def print_statement(statement: Statement) -> bytes:
    """Print one statement; the same bytes every time."""
    return print_statements([statement], title=title_of(statement), made_at=statement.issued_at)


def title_of(statement: Statement) -> str:
    """Name a statement."""
    return f"Utility statement {statement.pk}, {statement.content['month']}"


def write_statement(sheet: Sheet, statement: Statement) -> None:
    """Write a statement on sheets of its own."""
    content = content_from_json(statement.content)
    version = f", version {statement.version}" if statement.version > 1 else ""
    sheet.begin(f"{content.property_name}, unit {content.unit}, statement {statement.pk}{version}")
    sheet.heading("Utility statement", size=17, beside=content.month)
    sheet.row("Resident", content.resident or "—")
    sheet.row("Unit", content.unit)
    sheet.row("Property", ", ".join(filter(None, (content.property_name, content.address))))
    sheet.row("Statement", f"{statement.pk}{version}, issued {content.issued_on}")
    if content.due_on:
        sheet.row("Due", content.due_on)
    _print_total(sheet, content)
    for section in content.sections:
        _print_section(sheet, section)
    _print_end(sheet, content)


def _print_total(sheet: Sheet, content: Content) -> None:
    sheet.heading("What you pay")
    sheet.table_row(
        [
            Cell("For", 0.4),
            Cell("Your share", 0.2, is_amount=True),
            Cell("Administrative fee", 0.2, is_amount=True),
            Cell("Amount", 0.2, is_amount=True),
        ],
        bold=True,
    )
    for section in content.sections:
        sheet.table_row(
            [
                Cell(section.utility, 0.4),
                Cell(_dollars(section.share_cents), 0.2, is_amount=True),
                Cell(_dollars(section.fee_cents), 0.2, is_amount=True),
                Cell(_dollars(section.total_cents), 0.2, is_amount=True),
            ]
        )
    total = f"Total{IN_FAVOR}" if content.total_cents < 0 else "Total"
    sheet.table_row(
        [Cell(total, 0.8), Cell(_dollars(content.total_cents), 0.2, is_amount=True)], bold=True
    )


def _print_section(sheet: Sheet, section: Section) -> None:
    sheet.heading(section.utility, beside=_dollars(section.total_cents))
    sheet.row("The utility's bill", _dollars(section.bill_cents))
    for label, text in section.rows:
        sheet.row(label, text)
    if section.lines:
        sheet.note("The lines of the utility's bill", bold=True)
        for line in section.lines:
            sheet.table_row(
                [
                    Cell(line.name, 0.4),
                    Cell(line.who_pays, 0.4),
                    Cell(_dollars(line.cents), 0.2, is_amount=True),
                ]
            )
        sheet.ln(2)
    sheet.note("Your share, step by step", bold=True)
    for number, (label, text) in enumerate(section.steps, start=1):
        sheet.row(f"{number}. {label}", text)
    if section.sum:
        sheet.note(section.sum)
    sheet.row("Reference", ", ".join(section.references))
    if section.document:
        sheet.row(
            "Copy of the bill", f"{section.document} (SHA-256 {section.document_sha256[:16]}…)"
        )


def _print_end(sheet: Sheet, content: Content) -> None:
    if content.contacts:
        sheet.heading("Whom to ask")
        for label, text in content.contacts:
            sheet.row(label, text)
    sheet.ln(2)
    for sentence in content.sentences:
        sheet.note(sentence)
    if content.gaps:
        sheet.note(gaps_sentence(content))


def gaps_sentence(content: Content) -> str:
    """Name what the place asks for and this statement does not tell."""
    return f"Not stated here, though this place asks for it: {'; '.join(content.gaps)}."


def _dollars(cents: int | None) -> str:
    return "none" if cents is None else format_dollars(cents)
