"""A month's statements of a whole property as a file: one PDF, or a PDF for each resident."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from billing.models import BillDocument, PreparedFile, Statement
from billing.operations.documents import document_folder
from billing.statements.archive import Archive, safe_name
from billing.statements.issue import issue_month, latest_statements
from billing.statements.kept import statement_pdf
from billing.statements.month import standing_calculations
from billing.statements.pdf import print_statements
from billing.words import natural_order
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class Made:
    """A file that is made, in a place where it does not stay."""

    path: Path
    name: str
    content_type: str


# Called with how many are done of how many.
Step = Callable[[int, int], None]


def make_statements_pdf(file: PreparedFile, path: Path, *, step: Step) -> Made:
    """Issue what is not issued yet, and print all statements of the month one after the other.

    Errors: NothingToIssue, NotComplete; what `step` raises.
    """
    statements = _issued(file)
    counted = iter(range(1, len(statements) + 1))
    printed = print_statements(
        statements,
        title=f"Utility statements of {file.property.name}, {_month(file):%B %Y}",
        made_at=max(statement.issued_at for statement in statements),
        each_done=lambda: step(next(counted), len(statements)),
    )
    path.write_bytes(printed)
    return Made(path, f"{_stem(file)}.pdf", "application/pdf")


def make_statements_zip(file: PreparedFile, path: Path, *, step: Step) -> Made:
    """Issue what is not issued yet, and put a PDF for each resident and the bills into a zip.

    Shape: a statement that was printed before is taken from where it is kept, so that work that
        was interrupted goes on where it stopped.
    Errors: NothingToIssue, NotComplete, NotTheSame; what `step` raises.
    """
    statements = _issued(file)
    with Archive(path) as archive:
        archive.add_table("statements.csv", _table(statements))
        for number, statement in enumerate(statements, start=1):
            archive.add(statement_path(statement), statement_pdf(statement))
            step(number, len(statements))
        add_bills(archive, bills_of(file.property, _month(file)))
    return Made(path, f"{_stem(file)}.zip", "application/zip")


def statement_path(statement: Statement) -> str:
    """Name a statement's file; nobody's name is in it."""
    unit = safe_name(statement.content["unit"])
    return f"statements/unit-{unit}-statement-{statement.pk}.pdf"


def bills_of(place: Property, month: date) -> list[BillDocument]:
    """Find the copies of the bills that a month's statements tell of."""
    bills = [calculation.bill_id for calculation in standing_calculations(place, month)]
    return list(BillDocument.objects.filter(bill__in=bills).select_related("bill").order_by("pk"))


def add_bills(archive: Archive, documents: list[BillDocument]) -> None:
    """Add copies of bills; one whose file is lost is named and left out."""
    for document in documents:
        name = bill_path(document)
        try:
            archive.add(name, (document_folder() / document.stored_as).read_bytes())
        except FileNotFoundError:
            archive.add(f"{name}.missing.txt", "The file of this bill is not where it was kept.\n")


def bill_path(document: BillDocument) -> str:
    """Name the copy of a bill."""
    return f"bills/{document.bill.utility}-bill-{document.bill_id}-{safe_name(document.name)}"


def _issued(file: PreparedFile) -> list[Statement]:
    month = _month(file)
    place = file.property
    standing = issue_month(place=place, month=month, by=file.requested_by, now=file.requested_at)
    statements = [
        statement
        for lease, statement in latest_statements(place, month).items()
        if lease in standing.leases
    ]
    return sorted(statements, key=lambda each: (natural_order(each.content["unit"]), each.pk))


def _table(statements: list[Statement]) -> Sheet:
    return Sheet(
        title="Statements",
        filters=(),
        columns=(
            Column("Unit"),
            Column("Resident"),
            Column("Statement", Kind.NUMBER),
            Column("Version", Kind.NUMBER),
            Column("Issued", Kind.MOMENT),
            Column("Total", Kind.CENTS),
            Column("File"),
        ),
        rows=_rows(statements),
    )


def _rows(statements: list[Statement]) -> Iterator[tuple[Cell, ...]]:
    for statement in statements:
        yield (
            statement.content["unit"],
            statement.content["resident"],
            statement.pk,
            statement.version,
            statement.issued_at,
            statement.total_cents,
            statement_path(statement),
        )


def _month(file: PreparedFile) -> date:
    if file.month is None:
        raise ValueError("A file of statements is about a month.")
    return file.month


def _stem(file: PreparedFile) -> str:
    return f"{safe_name(file.property.name)}-{_month(file):%Y-%m}-statements"
