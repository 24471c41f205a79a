"""Reading a property's chart of accounts, and flagging what is no longer in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils.module_loading import import_string

from integrations.models import (
    AccountKind,
    ChartAccount,
    ChartReading,
    PropertyLink,
    ReviewItem,
    ReviewKind,
)
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsChargeCode
from portfolios.models import Property, User
from portfolios.operations.audit import record_event

ChartListener = Callable[[Property, datetime], None]

_LONGEST = {"remote_id": 100, "code": 100, "gl_account": 100}
_LONGEST_NAME = 200
_LONGEST_LABEL = 200
_LONGEST_REMOTE_ID = 100
# After so long a chart is read again before it is relied on.
CHART_AGES_AFTER = timedelta(hours=1)
_COLUMNS = ("code", "name", "gl_account", "missing_since")


@dataclass(frozen=True, slots=True)
class ChartChanges:
    """What a reading found.

    Shape: counts of entries; `unreadable` ones were left out and flagged.
    """

    created: int
    changed: int
    vanished: int
    unreadable: int


@dataclass(frozen=True, slots=True)
class _Reading:
    """A whole chart as the PMS shows it, by kind and id."""

    entries: dict[tuple[str, str], PmsChargeCode]
    unreadable: tuple[MalformedRecord, ...]

    def may_still_have(self, account: ChartAccount) -> bool:
        """Tell whether an entry is there, or may be one of those that could not be read."""
        if (account.kind, account.remote_id) in self.entries:
            return True
        return any(row.remote_id in ("", account.remote_id) for row in self.unreadable)


def read_chart(*, place: Property, gateway: PmsGateway, now: datetime) -> ChartChanges:
    """Read a property's whole chart of accounts and store what is new, changed or gone.

    Errors: those of `integrations.pms.errors` when it cannot be read whole; nothing is stored then.
    Effects: entries, the time of the reading, review items for unreadable rows, an audit event when
        anything changed; then what `PMS_CHART_LISTENERS` do, all in one transaction.
    """
    reading = _read(place, gateway)
    with transaction.atomic():
        # The row lock makes two readings at once take turns.
        Property.objects.select_for_update().get(pk=place.pk)
        changes = _store(place, reading, now)
        ChartReading.objects.update_or_create(
            property=place, defaults={"read_at": now, "failed_at": None, "error": ""}
        )
        if changes.created or changes.changed or changes.vanished:
            record_event(
                verb="chart.read",
                subject=place,
                by=None,
                now=now,
                after={
                    "created": changes.created,
                    "changed": changes.changed,
                    "vanished": changes.vanished,
                },
            )
        for listener in _listeners():
            listener(place, now)
    return changes


def refresh_chart(*, place: Property, gateway: PmsGateway, now: datetime) -> bool:
    """Read a chart in passing, such as after a sync: a failure is written down and goes no further.

    Shape: tells whether the chart was read.
    Effects: those of `read_chart`, or the error on the property's `ChartReading`.
    """
    try:
        read_chart(place=place, gateway=gateway, now=now)
    except PmsError as error:
        ChartReading.objects.update_or_create(
            property=place, defaults={"failed_at": now, "error": error.message}
        )
        return False
    return True


def read_aging_chart(*, place: Property, gateway: PmsGateway, now: datetime) -> None:
    """Read a chart that was not read for a while, so that what has gone from it is known.

    Shape: once it was read, a PMS that cannot be reached stands in nobody's way.
    Errors: those of `read_chart`, for a chart that was never read whole.
    """
    reading = ChartReading.objects.filter(property=place, read_at__isnull=False).first()
    if reading is None:
        read_chart(place=place, gateway=gateway, now=now)
    elif reading.read_at is not None and now - reading.read_at > CHART_AGES_AFTER:
        refresh_chart(place=place, gateway=gateway, now=now)


def flag_vanished(
    *, place: Property, used: Mapping[ChartAccount, str], by: User | None, now: datetime
) -> None:
    """Put the entries that are used and gone before a person, and take back what is over.

    Shape: `used` are all entries of the property's chart that are used though they are gone, each
        with the sentence that says for what.
    Effects: a review item for each; every other one of this kind is closed.
    """
    for account, message in used.items():
        _flag(
            place,
            kind=ReviewKind.VANISHED,
            record_kind=account.kind,
            remote_id=_item_id(account),
            label=f"{account.get_kind_display()} {account}",
            message=message,
            raw="",
            now=now,
        )
    over = ReviewItem.objects.filter(
        property=place,
        kind=ReviewKind.VANISHED,
        record_kind__in=AccountKind.values,
        resolved_at=None,
    ).exclude(remote_id__in=[_item_id(account) for account in used])
    over.update(
        resolved_at=now,
        resolved_by=by,
        note="It is in the chart of accounts again, or no charge code needs it any more.",
    )


def _listeners() -> list[ChartListener]:
    return [import_string(path) for path in settings.PMS_CHART_LISTENERS]


def _item_id(account: ChartAccount) -> str:
    # The PMS's own id is only unique within a property, review items are within a connection.
    return f"{account.pk}:{account.remote_id}"[:_LONGEST_REMOTE_ID]


def _read(place: Property, gateway: PmsGateway) -> _Reading:
    entries: dict[tuple[str, str], PmsChargeCode] = {}
    unreadable: list[MalformedRecord] = []
    for row in gateway.list_charge_codes(property_id=place.propexo_property_id):
        if isinstance(row, MalformedRecord):
            unreadable.append(row)
        elif problems := _too_long(row):
            unreadable.append(MalformedRecord("charge_code", row.remote_id, problems, repr(row)))
        else:
            entries[row.kind, row.remote_id] = row
    return _Reading(entries, tuple(unreadable))


def _too_long(row: PmsChargeCode) -> tuple[str, ...]:
    return tuple(
        f"Its {field.replace('_', ' ')} is longer than {most} characters."
        for field, most in _LONGEST.items()
        if len(getattr(row, field)) > most
    )


def _store(place: Property, reading: _Reading, now: datetime) -> ChartChanges:
    known = {
        (account.kind, account.remote_id): account
        for account in ChartAccount.objects.filter(property=place)
    }
    new = [
        ChartAccount(
            property=place,
            kind=kind,
            remote_id=remote_id,
            first_seen_at=now,
            **_columns_of(row),
        )
        for (kind, remote_id), row in reading.entries.items()
        if (kind, remote_id) not in known
    ]
    changed = [
        account
        for key, account in known.items()
        if key in reading.entries and _take(account, reading.entries[key])
    ]
    gone = [
        account
        for account in known.values()
        if account.missing_since is None and not reading.may_still_have(account)
    ]
    for account in gone:
        account.missing_since = now
    ChartAccount.objects.bulk_create(new)
    ChartAccount.objects.bulk_update([*changed, *gone], _COLUMNS)
    _flag_unreadable(place, reading.unreadable, now)
    return ChartChanges(len(new), len(changed), len(gone), len(reading.unreadable))


def _columns_of(row: PmsChargeCode) -> dict[str, str]:
    return {"code": row.code, "name": row.name[:_LONGEST_NAME], "gl_account": row.gl_account}


def _take(account: ChartAccount, row: PmsChargeCode) -> bool:
    """Take over what the PMS shows of a known entry; tell whether anything changed."""
    after = {**_columns_of(row), "missing_since": None}
    before = {column: getattr(account, column) for column in _COLUMNS}
    for column, value in after.items():
        setattr(account, column, value)
    return before != after


def _flag_unreadable(place: Property, rows: Iterable[MalformedRecord], now: datetime) -> None:
    found = []
    for row in rows:
        remote_id = f"{place.propexo_property_id}:{row.remote_id}"[:_LONGEST_REMOTE_ID]
        label = f"Entry {row.remote_id or 'without an id'} of the chart of accounts"
        found.append(remote_id)
        _flag(
            place,
            kind=ReviewKind.UNREADABLE,
            record_kind="charge_code",
            remote_id=remote_id,
            label=label,
            message=f"{label} could not be read and was left out: {' '.join(row.problems)}",
            raw=row.raw,
            now=now,
        )
    over = ReviewItem.objects.filter(
        ~Q(remote_id__in=found),
        property=place,
        kind=ReviewKind.UNREADABLE,
        record_kind="charge_code",
        resolved_at=None,
    )
    over.update(resolved_at=now, note="No longer found when the chart was read.")


def _flag(
    place: Property,
    *,
    kind: ReviewKind,
    record_kind: str,
    remote_id: str,
    label: str,
    message: str,
    raw: str,
    now: datetime,
) -> None:
    link = PropertyLink.objects.get(property=place)
    seen = {
        "portfolio_id": place.portfolio_id,
        "property": place,
        "label": label[:_LONGEST_LABEL],
        "message": message,
        "raw": raw,
        "last_found_at": now,
    }
    ReviewItem.objects.update_or_create(
        connection_id=link.connection_id,
        kind=kind,
        record_kind=record_kind,
        remote_id=remote_id,
        resolved_at=None,
        defaults=seen,
        create_defaults=seen | {"found_at": now},
    )
