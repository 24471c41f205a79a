"""The statements of a month as a file."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from billing.models import Statement
from billing.statements.month import LeaseTotal
from billing.views.wording import Badge
from meterbase.lib.sheets import Column, Kind, Sheet
from portfolios.models import Property


def statement_sheet(
    place: Property,
    month: date,
    rows: Iterable[tuple[LeaseTotal, Statement | None, Badge]],
) -> Sheet:
    """Set out the residents of a month with their statements."""
    return Sheet(
        title=f"Statements of {place.name}",
        filters=(("Month", f"{month:%B %Y}"),),
        columns=(
            Column("Unit"),
            Column("Resident"),
            Column("State"),
            Column("Statement", Kind.NUMBER),
            Column("Version", Kind.NUMBER),
            Column("Issued", Kind.MOMENT),
            Column("Amount", Kind.CENTS),
        ),
        rows=(
            (
                total.unit_label,
                total.resident_name,
                badge.label,
                statement.pk if statement else None,
                statement.version if statement else None,
                statement.issued_at if statement else None,
                total.total_cents,
            )
            for total, statement, badge in rows
        ),
    )
