"""Statements, and the files that are made in the background, as they may not be."""

from __future__ import annotations

from datetime import date
from typing import Any

from billing.models import PreparedFile, Statement, StatementCharge, StatementContact
from billing.tests.constraints.rows import Offence, Rows

MARCH = date(2026, 3, 1)


def file(rows: Rows, **changes: Any) -> PreparedFile:
    """Ask for the statements of a month."""
    facts = {
        "property": rows.bill.property,
        "kind": "statements_pdf",
        "month": MARCH,
        "requested_by": rows.job.created_by,
        "requested_at": rows.now,
        "continue_at": rows.now,
    }
    return PreparedFile.objects.create(**facts | changes)


def files(rows: Rows, **changes: Any) -> None:
    """Ask for the same twice."""
    for _ in range(2):
        file(rows, **changes)


def statement(rows: Rows, **changes: Any) -> Statement:
    """Issue a statement."""
    facts = {
        "property": rows.bill.property,
        "lease": rows.charge.lease,
        "month": MARCH,
        "version": 1,
        "content": {},
        "digest": "0" * 64,
        "total_cents": 1,
        "issued_by": rows.job.created_by,
        "issued_at": rows.now,
    }
    return Statement.objects.create(**facts | changes)


def statements(rows: Rows) -> None:
    """Issue the same version twice."""
    for _ in range(2):
        statement(rows)


def lines(rows: Rows) -> None:
    """Tell of a charge twice."""
    told = statement(rows)
    for _ in range(2):
        StatementCharge.objects.create(statement=told, charge=rows.charge, amount_cents=1)


def contact(rows: Rows, **changes: Any) -> None:
    """Say whom residents may ask."""
    StatementContact.objects.create(
        portfolio=rows.bill.property.portfolio,
        set_by=rows.job.created_by,
        set_at=rows.now,
        **changes,
    )


def contacts(rows: Rows) -> None:
    """Say it twice for the same portfolio."""
    for _ in range(2):
        contact(rows)


OFFENCES: list[Offence] = [
    ("prepared_file_is_about_one_thing", lambda r: file(r, kind="luck")),
    ("prepared_file_is_about_one_thing", lambda r: file(r, month=None)),
    ("prepared_file_is_about_one_thing", lambda r: file(r, lease=r.charge.lease)),
    ("prepared_file_is_about_one_thing", lambda r: file(r, kind="lease_records")),
    ("prepared_file_month_is_a_first", lambda r: file(r, month=date(2026, 3, 2))),
    ("prepared_file_goes_on_or_is_over", lambda r: file(r, continue_at=None)),
    ("prepared_file_goes_on_or_is_over", lambda r: file(r, finished_at=r.now)),
    (
        "prepared_file_goes_on_or_is_over",
        lambda r: file(r, finished_at=r.now, error="No.", sha256="0" * 64),
    ),
    ("prepared_file_done", lambda r: file(r, done=2, total=1)),
    ("prepared_file_one_of_month_at_a_time", files),
    (
        "prepared_file_one_of_lease_at_a_time",
        lambda r: files(r, kind="lease_records", month=None, lease=r.charge.lease),
    ),
    (
        "prepared_file_one_of_calculation_at_a_time",
        lambda r: files(r, kind="calculation_records", month=None, calculation=r.calculation),
    ),
    ("statement_contact_one_per_portfolio", contacts),
    ("statement_contact_due_days_bounded", lambda r: contact(r, due_days=181)),
    ("statement_version_once", statements),
    ("statement_month_is_a_first", lambda r: statement(r, month=date(2026, 3, 2))),
    ("statement_version_from_one", lambda r: statement(r, version=0)),
    ("statement_has_digest", lambda r: statement(r, digest="")),
    ("statement_charge_once", lines),
]
