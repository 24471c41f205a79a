"""A connection's list of properties: what is new in it, what changed, and what is gone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from integrations.models import (
    Connection,
    ListedProperty,
    PropertyLink,
    ReviewItem,
    ReviewKind,
)
from integrations.operations.property_facts import differs, take_facts
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsProperty
from portfolios.models import Property, User

_LONGEST_NAME = 200
_BACK = "The PMS shows it again."
_GONE_UNDECIDED = "The PMS no longer shows it."

Listed = Mapping[str, PmsProperty | MalformedRecord]


@dataclass(frozen=True, slots=True)
class PropertyNews:
    """What a list of properties brought: how many changed, are new, are gone."""

    updated: int = 0
    new: int = 0
    gone: int = 0


def list_by_id(rows: Iterable[PmsProperty | MalformedRecord]) -> Listed:
    """Order a list by the PMS's ids; a row without one is left out."""
    named = (
        (row.remote_id if isinstance(row, MalformedRecord) else row.property_id, row)
        for row in rows
    )
    return {remote_id: row for remote_id, row in named if remote_id}


def read_property_news(
    *, connection: Connection, gateway: PmsGateway, by: User | None, now: datetime
) -> PropertyNews:
    """Read a connection's list of properties once, and take over what is different now.

    Shape: the first list ever read only says what there is: people chose from it. An empty one
        is no proof that every property is gone.
    Errors: those of `integrations.pms.errors`; nothing is stored then.
    Effects: properties, the list as last read, review items, audit events.
    """
    listed = list_by_id(gateway.list_properties(connection_id=connection.propexo_connection_id))
    if not listed:
        return PropertyNews()
    updated = _take_changes(connection, listed, by, now)
    news = _news(connection, listed)
    if not (news.unknown or news.gone or news.back):
        return PropertyNews(updated=updated)
    with transaction.atomic():
        _flag_gone(connection, news.gone, now)
        _settle_back(connection, news.back, now)
        note_listed(connection=connection, listed=listed, now=now)
        new = 0
        for remote_id in () if news.is_first else _not_imported(news.unknown):
            row = listed[remote_id]
            new += flag_new_property(connection=connection, remote_id=remote_id, row=row, now=now)
    return PropertyNews(updated=updated, new=new, gone=len(news.gone))


def note_listed(*, connection: Connection, listed: Listed, now: datetime) -> None:
    """Note which properties a connection's list showed, so that later ones are known to be new.

    Effects: the list as last read.
    """
    rows = [
        ListedProperty(
            connection=connection,
            propexo_property_id=remote_id,
            name=_name(row, "")[:_LONGEST_NAME],
            first_listed_at=now,
        )
        for remote_id, row in listed.items()
    ]
    ListedProperty.objects.bulk_create(rows, ignore_conflicts=True)


def flag_new_property(
    *,
    connection: Connection,
    remote_id: str,
    now: datetime,
    row: PmsProperty | MalformedRecord | None = None,
) -> bool:
    """Ask a person whether a property is to be billed; whoever decided is not asked again.

    Shape: False when it was asked before.
    Effects: a review item.
    """
    asked = ReviewItem.objects.filter(
        connection=connection, kind=ReviewKind.NEW_PROPERTY, remote_id=remote_id
    )
    if asked.exists():
        return False
    label = _name(row, f"Property {remote_id}")
    is_off = isinstance(row, PmsProperty) and row.enabled is False
    off = " It is switched off in Propexo, which shows no units of it until that is changed."
    ReviewItem.objects.get_or_create(
        connection=connection,
        kind=ReviewKind.NEW_PROPERTY,
        record_kind="property",
        remote_id=remote_id,
        resolved_at=None,
        defaults={
            "portfolio_id": connection.portfolio_id,
            "label": label[:_LONGEST_NAME],
            "message": f"The PMS has a new property, {remote_id}. Import it through the connection "
            f"if MeterBase is to bill it, or resolve this if it is not.{off if is_off else ''}",
            "found_at": now,
            "last_found_at": now,
        },
    )
    return True


@dataclass(frozen=True, slots=True)
class _News:
    """How a list differs from the one before."""

    is_first: bool
    unknown: tuple[str, ...]
    gone: tuple[str, ...]
    back: tuple[str, ...]


def _news(connection: Connection, listed: Listed) -> _News:
    rows = ListedProperty.objects.filter(connection=connection)
    known = dict(rows.values_list("propexo_property_id", "missing_since"))
    imported = set(
        PropertyLink.objects.filter(connection=connection).values_list(
            "property__propexo_property_id", flat=True
        )
    )
    there = {remote_id for remote_id, missing_since in known.items() if missing_since is None}
    missing = known.keys() - there
    return _News(
        is_first=not known,
        unknown=tuple(remote_id for remote_id in listed if remote_id not in known),
        gone=tuple(sorted((there | imported) - missing - listed.keys())),
        back=tuple(sorted(missing & listed.keys())),
    )


def _take_changes(connection: Connection, listed: Listed, by: User | None, now: datetime) -> int:
    """Store what the PMS says of imported properties now; most of them say the same as before."""
    places = Property.objects.filter(link__connection=connection, archived_at=None)
    updated = 0
    for place in places:
        row = listed.get(place.propexo_property_id)
        if isinstance(row, PmsProperty) and differs(place, row):
            with transaction.atomic():
                locked = Property.objects.select_for_update().get(pk=place.pk)
                updated += take_facts(place=locked, row=row, by=by, now=now)
    return updated


def _flag_gone(connection: Connection, gone: tuple[str, ...], now: datetime) -> None:
    """Note what the list no longer shows; of what was imported, a person is told."""
    if not gone:
        return
    rows = [
        ListedProperty(connection=connection, propexo_property_id=remote_id, first_listed_at=now)
        for remote_id in gone
    ]
    ListedProperty.objects.bulk_create(rows, ignore_conflicts=True)
    ListedProperty.objects.filter(
        connection=connection, propexo_property_id__in=gone, missing_since=None
    ).update(missing_since=now)
    ReviewItem.objects.filter(
        connection=connection,
        kind=ReviewKind.NEW_PROPERTY,
        remote_id__in=gone,
        resolved_at=None,
    ).update(resolved_at=now, note=_GONE_UNDECIDED)
    for place in Property.objects.filter(
        link__connection=connection, archived_at=None, propexo_property_id__in=gone
    ):
        _flag_vanished(connection, place, now)


def _flag_vanished(connection: Connection, place: Property, now: datetime) -> None:
    seen = {
        "portfolio_id": place.portfolio_id,
        "property": place,
        "label": place.name[:_LONGEST_NAME],
        "message": f"Since {now:%Y-%m-%d} {place.name} is no longer in the PMS's list of "
        "properties. Nothing was deleted here. It may have been sold, or taken out of Propexo: do "
        "not bill it before that is clear.",
        "last_found_at": now,
    }
    ReviewItem.objects.update_or_create(
        connection=connection,
        kind=ReviewKind.VANISHED,
        record_kind="property",
        remote_id=place.propexo_property_id,
        resolved_at=None,
        defaults=seen,
        create_defaults=seen | {"found_at": now},
    )


def _settle_back(connection: Connection, back: tuple[str, ...], now: datetime) -> None:
    """Close the question about what is in the list again."""
    if not back:
        return
    ListedProperty.objects.filter(connection=connection, propexo_property_id__in=back).update(
        missing_since=None
    )
    ReviewItem.objects.filter(
        connection=connection,
        kind=ReviewKind.VANISHED,
        record_kind="property",
        remote_id__in=back,
        resolved_at=None,
    ).update(resolved_at=now, note=_BACK)


def _not_imported(remote_ids: Iterable[str]) -> list[str]:
    """Leave out what is here already, through whichever connection it came."""
    wanted = list(remote_ids)
    here = set(
        Property.objects.filter(propexo_property_id__in=wanted).values_list(
            "propexo_property_id", flat=True
        )
    )
    return [remote_id for remote_id in wanted if remote_id not in here]


def _name(row: PmsProperty | MalformedRecord | None, otherwise: str) -> str:
    return (row.name if isinstance(row, PmsProperty) else "") or otherwise
