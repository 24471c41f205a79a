"""The failures as a file for a spreadsheet."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime

from django.http import HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from billing.failures import in_tab
from billing.models import Posting
from billing.views.failure_filters import filter_of, tab_of
from billing.views.failure_rows import FailureRow, light, roles_of, rows_of
from meterbase.lib.money import dollars_from_cents
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import User

_HEADER = (
    *("reference", "property", "unit", "resident", "utility", "billing month", "amount"),
    *("who has to act", "cause", "code", "what is wrong", "state", "since", "attempts"),
    *("waits", "owner", "snoozed until", "job", "connection", "what was done", "by", "at", "note"),
)
_BATCH = 500


@require_safe
@signed_in
def failure_csv(request: SignedInRequest) -> HttpResponse:
    """Give all of a list, as it is narrowed down, as a file."""
    now = timezone.now()
    tab = tab_of(request.GET)
    name = f"failures-{tab.value}-{timezone.localtime(now):%Y%m%d-%H%M}.csv"
    response = HttpResponse(
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )
    writer = csv.writer(response)
    writer.writerow(_HEADER)
    listed = access.rows(Posting, user=request.user).filter(
        pk__in=in_tab(tab, now=now).values("pk")
    )
    found = filter_of(request.GET).narrow(listed, user=request.user, now=now)
    ids = list(found.order_by("state_at", "pk").values_list("pk", flat=True))
    for row in _rows(ids, user=request.user, now=now):
        writer.writerow([_plain(cell) for cell in _cells(row)])
    return response


def _rows(ids: list[int], *, user: User, now: datetime) -> Iterator[FailureRow]:
    roles = roles_of(user)
    for start in range(0, len(ids), _BATCH):
        batch = Posting.objects.filter(pk__in=ids[start : start + _BATCH])
        postings = list(light(batch).order_by("state_at", "pk"))
        yield from rows_of(postings, roles=roles, now=now)


def _cells(row: FailureRow) -> list[str]:
    posting, bill = row.posting, row.posting.job.calculation.bill
    return [
        posting.reference,
        str(bill.property),
        posting.charge.unit_label,
        posting.charge.resident_name,
        bill.get_utility_display(),
        row.month,
        str(dollars_from_cents(posting.amount_cents)),
        row.kind.label,
        row.cause.title,
        posting.error_code,
        posting.error,
        row.badge.label,
        _moment(posting.state_at),
        str(row.attempts),
        " ".join(row.waits),
        str(row.owner or ""),
        row.rests_until.isoformat() if row.rests_until else "",
        posting.job.public_id,
        str(posting.connection),
        row.how,
        str(row.who or ""),
        _moment(row.at),
        posting.resolution,
    ]


def _moment(at: datetime | None) -> str:
    return timezone.localtime(at).isoformat(timespec="seconds") if at else ""


def _plain(text: str) -> str:
    """Keep a spreadsheet from taking somebody's text for a formula; a number stays one."""
    is_number = text.removeprefix("-").replace(".", "", 1).isdecimal()
    risky = text.lstrip().startswith(("=", "+", "-", "@")) or text.startswith(("\t", "\r", "\n"))
    return f"'{text}" if risky and not is_number else text
