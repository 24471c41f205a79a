"""Reading the PMS's ledger back, page by page, and keeping what it shows.

Whoever reads holds the check by a token: each page is stored together with a conditional update on
it, so a reader that was taken for lost stores nothing any more, and another goes on at its page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet

from billing.models import (
    DifferenceKind,
    LedgerCheck,
    LedgerDifference,
    LedgerSighting,
    Posting,
    PostingJob,
)
from billing.operations.ledger_check_ends import finish_check
from billing.posting.readback import LedgerRow, compare_page
from billing.posting.timetable import next_gap
from integrations.gateways import NotConnected
from integrations.models import Connection, PropertyLink
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from portfolios.models import Property, User

Clock = Callable[[], datetime]

# Whoever stores no page for so long is lost: no request takes as long.
LOST_AFTER = timedelta(minutes=3)
# So often in a row a check rests without having read a page.
MOST_RESTS = 8
# Propexo says when its sync ended; what it read at the sync's beginning may be that much older.
_LONGEST_PMS_SYNC = timedelta(hours=24)


class TakenOver(Exception):
    """Somebody else reads this ledger by now, or it was read to its end."""


class _TimeIsUp(Exception):
    """This slice of work is over; the next one goes on with the next page."""


def check_ledger(
    *,
    place: Property,
    gateway: PmsGateway,
    by: User | None,
    clock: Clock,
    job: PostingJob | None = None,
) -> LedgerCheck:
    """Compare the charges of a property, or of one of its jobs, with the PMS's ledger, at once.

    Shape: a ledger that cannot be read gives a check with an error and no counts.
    Effects: reads the PMS; a check with its differences, as `read_on` leaves it.
    """
    check = request_check(place=place, by=by, now=clock(), job=job)
    return read_on(check=check, gateway=gateway, clock=clock, may_rest=False)


def request_check(
    *,
    place: Property,
    by: User | None,
    now: datetime,
    job: PostingJob | None = None,
    not_before: datetime | None = None,
) -> LedgerCheck:
    """Ask for a comparison; one that is under way already is as good.

    Effects: a check that a worker takes up, not before the time given.
    """
    under_way = LedgerCheck.objects.filter(property=place, job=job, finished_at=None)
    found = under_way.first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return LedgerCheck.objects.create(
                property=place,
                job=job,
                requested_by=by,
                started_at=now,
                continue_at=not_before or now,
            )
    except IntegrityError:
        return under_way.get()


def due_checks(*, now: datetime) -> QuerySet[LedgerCheck]:
    """Select the checks that a worker may take up, the ones that people wait for first."""
    due = LedgerCheck.objects.filter(finished_at=None, continue_at__lte=now)
    return due.order_by(F("requested_by").asc(nulls_last=True), "started_at", "pk")


def take_due(*, now: datetime) -> LedgerCheck | None:
    """Take up the next check that is due; None when there is none.

    Effects: it is this caller's until `LOST_AFTER` has passed without a page.
    """
    for check in due_checks(now=now)[:8]:
        token = secrets.token_hex(16)
        due = due_checks(now=now).filter(pk=check.pk, token=check.token)
        if due.order_by().update(token=token, continue_at=now + LOST_AFTER):
            check.token = token
            return check
    return None


def places_to_compare() -> QuerySet[Property]:
    """Select the properties for which charges were ever sent, or that were compared before.

    A database that was restored from a backup may have forgotten every charge of a property.
    """
    sent = Posting.objects.filter(job__post_to_pms=True)
    ids = sent.order_by().values("job__calculation__bill__property").distinct()
    compared = LedgerCheck.objects.filter(property=OuterRef("pk"))
    return Property.objects.filter(Q(pk__in=ids) | Exists(compared)).order_by("pk")


def connection_of(check: LedgerCheck) -> Connection:
    """Find the connection over which a check's ledger is read.

    Errors: NotConnected.
    """
    if check.job is not None:
        return check.job.connection
    link = PropertyLink.objects.select_related("connection").filter(property=check.property)
    found = link.first()
    if found is None:
        raise NotConnected(check.property)
    return found.connection


def read_on(
    *,
    check: LedgerCheck,
    gateway: PmsGateway,
    clock: Clock,
    out_of_time: Callable[[], bool] = lambda: False,
    may_rest: bool = True,
) -> LedgerCheck:
    """Read a ledger on from where its check stands, until it is over, has to rest, or time is up.

    Effects: reads the PMS; stores page after page; at the end the counts, review items of a whole
        property, and old clean checks are dropped. A reader before this one stores nothing more.
    """
    token = secrets.token_hex(16)
    LedgerCheck.objects.filter(pk=check.pk, finished_at=None).update(
        token=token, continue_at=clock() + LOST_AFTER
    )
    check.token = token
    try:
        if _read_pages(check, gateway, clock, out_of_time):
            finish_check(check=check, now=clock())
    except TakenOver:
        pass
    except errors.PmsError as error:
        _rest_or_fail(check, error, may_rest=may_rest, now=clock())
    check.refresh_from_db()
    return check


def fail_check(
    *, check: LedgerCheck, message: str, now: datetime, token: str | None = None
) -> None:
    """End a check whose ledger cannot be read; it counts nothing.

    Shape: with a `token`, only as long as whoever holds the check holds it by this one.
    Effects: what its pages had shown is dropped.
    """
    with transaction.atomic():
        open_one = LedgerCheck.objects.filter(pk=check.pk, finished_at=None)
        mine = open_one if token is None else open_one.filter(token=token)
        if mine.update(finished_at=now, error=message, waits_for="", token=""):
            check.sightings.all().delete()
            check.differences.all().delete()


def _read_pages(
    check: LedgerCheck, gateway: PmsGateway, clock: Clock, out_of_time: Callable[[], bool]
) -> bool:
    """Read and store pages; True after the last one."""
    if not check.mark:
        check.shown_until = _shown_until(check, gateway, now=clock())
        _drop_first_page(check)
    page: list[LedgerRow] = []

    def store(next_mark: str | None) -> None:
        # Before the next page is asked for: whatever becomes of that, this one is kept.
        with transaction.atomic():
            _store_page(check, page, mark=next_mark, now=clock())
        page.clear()
        if next_mark is not None and out_of_time():
            raise _TimeIsUp

    rows = gateway.list_charges(
        property_id=check.property.propexo_property_id,
        resume_at=check.mark or None,
        on_page=store,
    )
    try:
        for row in rows:
            page.append(row)  # noqa: PERF402 - it is emptied meanwhile, page by page
    except _TimeIsUp:
        _held(check).update(continue_at=clock(), token="")
        return False
    if page:
        store(None)
    return True


def _drop_first_page(check: LedgerCheck) -> None:
    """Begin anew; a page of which no mark was stored is read again."""
    with transaction.atomic():
        if not _held(check).update(shown_until=check.shown_until, rows_read=0):
            raise TakenOver
        check.sightings.all().delete()
        check.differences.all().delete()


def _shown_until(check: LedgerCheck, gateway: PmsGateway, *, now: datetime) -> datetime | None:
    """Tell from when on a charge may be in the PMS and not in what Propexo shows of it."""
    if gateway.shows_charges_at_once:
        return now
    connection = connection_of(check)
    remote = gateway.read_connection(connection_id=connection.propexo_connection_id)
    if remote.last_synced_at is None:
        return None
    return remote.last_synced_at - _LONGEST_PMS_SYNC


def _store_page(
    check: LedgerCheck, rows: Sequence[LedgerRow], *, mark: str | None, now: datetime
) -> None:
    found = compare_page(check, rows)
    still_held = _held(check).update(
        mark=mark or check.mark,
        rows_read=F("rows_read") + len(rows),
        rests=0,
        waits_for="",
        continue_at=now + LOST_AFTER,
    )
    if not still_held:
        raise TakenOver
    LedgerSighting.objects.bulk_create(
        LedgerSighting(check_run=check, posting_id=key, remote_charge_id=charge_id)
        for key, charge_id in found.sighted.items()
    )
    LedgerDifference.objects.bulk_create(
        LedgerDifference(
            check_run=check,
            kind=difference.kind,
            posting_id=difference.posting_id,
            reference=difference.reference,
            remote_charge_id=difference.remote_charge_id,
            message=difference.message,
        )
        for difference in found.differences
    )
    if any(difference.kind == DifferenceKind.EXTRA for difference in found.differences):
        # From now on each charge is looked for in what was found before it is sent.
        row = Connection.objects.filter(pk=connection_of(check).pk, ledger_showed_unknown=False)
        row.update(ledger_showed_unknown=True)


def _held(check: LedgerCheck) -> QuerySet[LedgerCheck]:
    return LedgerCheck.objects.filter(pk=check.pk, token=check.token, finished_at=None)


_PASSING = (errors.Throttled, errors.NeverSent, errors.Unavailable)


def _rest_or_fail(
    check: LedgerCheck, error: errors.PmsError, *, may_rest: bool, now: datetime
) -> None:
    standing = LedgerCheck.objects.get(pk=check.pk)
    if not (may_rest and isinstance(error, _PASSING) and standing.rests < MOST_RESTS):
        fail_check(check=check, message=error.message, now=now, token=check.token)
        return
    told = error.retry_after if isinstance(error, errors.Throttled) else None
    gap = max(next_gap(tries=standing.rests, told=told), timedelta(seconds=1))
    _held(check).update(
        continue_at=now + gap, token="", rests=F("rests") + 1, waits_for=error.message[:300]
    )
