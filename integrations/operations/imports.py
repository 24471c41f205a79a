"""Importing properties from a PMS into a portfolio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from integrations.models import Connection, PropertyLink, ReviewItem, ReviewKind
from integrations.operations.property_facts import facts_of, take_facts
from integrations.operations.property_lists import list_by_id, note_listed
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsProperty
from portfolios.models import Portfolio, Property, User
from portfolios.operations.audit import record_event
from portfolios.operations.utilities import link_utilities


@dataclass(frozen=True, slots=True)
class SkippedProperty:
    """A property that was not imported, and why."""

    propexo_property_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    created: tuple[Property, ...]
    updated: tuple[Property, ...]
    unchanged: tuple[Property, ...]
    skipped: tuple[SkippedProperty, ...]


def import_properties(
    *,
    connection: Connection,
    portfolio: Portfolio,
    propexo_property_ids: Sequence[str],
    gateway: PmsGateway,
    by: User,
    now: datetime,
) -> ImportReport:
    """Create or update the chosen properties; a bad one is named and skipped.

    Errors: those of `integrations.pms.errors` when the list cannot be read; nothing is stored then.
    Effects: properties, their links to the connection, review items for unreadable rows, audit,
        and what there was to choose from.
    """
    wanted = dict.fromkeys(propexo_property_ids)
    offered = list_by_id(gateway.list_properties(connection_id=connection.propexo_connection_id))
    # A person chose from this list: what was left out is not new later on.
    note_listed(connection=connection, listed=offered, now=now)
    importing = _Import(connection, portfolio, by, now)
    for remote_id in wanted:
        importing.take(remote_id, offered.get(remote_id))
    return importing.report()


class _Import:
    """The outcome so far; each property is stored in a transaction of its own."""

    def __init__(
        self, connection: Connection, portfolio: Portfolio, by: User, now: datetime
    ) -> None:
        self.connection = connection
        self.portfolio = portfolio
        self.by = by
        self.now = now
        self.created: list[Property] = []
        self.updated: list[Property] = []
        self.unchanged: list[Property] = []
        self.skipped: list[SkippedProperty] = []

    def take(self, remote_id: str, row: PmsProperty | MalformedRecord | None) -> None:
        """Store one property, or say why not."""
        if row is None:
            self._skip(remote_id, f"The PMS shows no property {remote_id} on this connection.")
        elif isinstance(row, MalformedRecord):
            self._flag(row)
            self._skip(remote_id, "It could not be read: " + " ".join(row.problems))
        else:
            with transaction.atomic():
                self._store(row)

    def report(self) -> ImportReport:
        """Sum up."""
        return ImportReport(
            tuple(self.created), tuple(self.updated), tuple(self.unchanged), tuple(self.skipped)
        )

    def _skip(self, remote_id: str, reason: str) -> None:
        self.skipped.append(SkippedProperty(remote_id, reason))

    def _store(self, row: PmsProperty) -> None:
        place = (
            Property.objects.select_for_update().filter(propexo_property_id=row.property_id).first()
        )
        if place is None:
            self._create(row)
        elif place.portfolio_id != self.portfolio.pk:
            self._skip(row.property_id, "It was imported into another portfolio before.")
        elif place.link.connection_id != self.connection.pk:
            self._skip(row.property_id, "It was imported through another connection before.")
        else:
            self._update(place, row)

    def _create(self, row: PmsProperty) -> None:
        place = Property.objects.create(
            portfolio=self.portfolio,
            propexo_property_id=row.property_id,
            created_at=self.now,
            **facts_of(row),
        )
        PropertyLink.objects.create(
            property=place, connection=self.connection, imported_by=self.by, imported_at=self.now
        )
        after = facts_of(row)
        record_event(verb="property.imported", subject=place, by=self.by, now=self.now, after=after)
        self._answer_new_property(place)
        link_utilities(places=[place], now=self.now)
        self.created.append(place)

    def _answer_new_property(self, place: Property) -> None:
        """Close the question whether the property is to be billed: it was answered."""
        ReviewItem.objects.filter(
            connection=self.connection,
            kind=ReviewKind.NEW_PROPERTY,
            remote_id=place.propexo_property_id,
            resolved_at=None,
        ).update(resolved_at=self.now, resolved_by=self.by, property=place, note="Imported.")

    def _update(self, place: Property, row: PmsProperty) -> None:
        if take_facts(place=place, row=row, by=self.by, now=self.now):
            self.updated.append(place)
        else:
            self.unchanged.append(place)

    def _flag(self, row: MalformedRecord) -> None:
        label = f"Property {row.remote_id}"
        seen = {
            "portfolio_id": self.connection.portfolio_id,
            "label": label,
            "message": f"{label} could not be read and was not imported: {' '.join(row.problems)}",
            "raw": row.raw,
            "last_found_at": self.now,
        }
        ReviewItem.objects.update_or_create(
            connection=self.connection,
            kind=ReviewKind.UNREADABLE,
            record_kind="property",
            remote_id=row.remote_id,
            resolved_at=None,
            defaults=seen,
            create_defaults=seen | {"found_at": self.now},
        )
