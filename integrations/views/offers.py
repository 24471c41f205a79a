"""The properties that a PMS offers, beside what was imported before."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from integrations.models import Connection, PropertyLink
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsProperty
from portfolios import access
from portfolios.models import Portfolio, User


@dataclass(frozen=True, slots=True)
class Offer:
    """A property in the list before an import.

    Shape: `problems` says why a row could not be read; such a row has nothing else. Numbers are
        written as people read them, empty where the PMS does not say.
    """

    property_id: str
    name: str
    address: str
    unit_count: str
    square_footage: str
    tone: str
    state: str
    may_import: bool
    ticked: bool
    problems: tuple[str, ...] = ()


def read_offers(
    *,
    connection: Connection,
    gateway: PmsGateway,
    user: User,
    ticked: Collection[str] | None = None,
) -> list[Offer]:
    """Read a connection's properties from the PMS, live; nothing is stored.

    Shape: `ticked` are the ids that a person ticked; None ticks what is new.
    Errors: those of `integrations.pms.errors`.
    """
    listed = list(gateway.list_properties(connection_id=connection.propexo_connection_id))
    ids = [row.property_id for row in listed if isinstance(row, PmsProperty)]
    links = PropertyLink.objects.filter(property__propexo_property_id__in=ids)
    links_by_id = {
        link.property.propexo_property_id: link for link in links.select_related("property")
    }
    names = {portfolio.pk: portfolio.name for portfolio in access.rows(Portfolio, user=user)}
    return [
        _unreadable(row)
        if isinstance(row, MalformedRecord)
        else _offer(row, links_by_id.get(row.property_id), connection, names, ticked)
        for row in listed
    ]


def _unreadable(row: MalformedRecord) -> Offer:
    return Offer(
        property_id=row.remote_id,
        name=row.remote_id or "A property without an id",
        address="",
        unit_count="",
        square_footage="",
        tone="danger",
        state="Could not be read",
        may_import=False,
        ticked=False,
        problems=row.problems,
    )


# Propexo shows such a property, but loads neither its units nor its leases.
_IS_OFF = "Switched off in Propexo: it has no units there until it is switched on"


def _offer(
    row: PmsProperty,
    link: PropertyLink | None,
    connection: Connection,
    names: Mapping[int, str],
    ticked: Collection[str] | None,
) -> Offer:
    is_off = row.enabled is False
    is_new = link is None and not is_off
    chosen = is_new if ticked is None else row.property_id in ticked
    may_import = link is None or _may_import_again(link, connection, names)
    return Offer(
        property_id=row.property_id,
        name=row.name or row.property_id,
        address=", ".join(filter(None, (row.street, row.city, row.state, row.zip_code))),
        unit_count=_written(row.unit_count),
        square_footage=_written(row.square_footage),
        tone="warning" if is_off else "neutral" if link else "info",
        state=f"{_state(link, names)}. {_IS_OFF}" if is_off else _state(link, names),
        may_import=may_import,
        ticked=chosen and may_import,
    )


def _may_import_again(link: PropertyLink, connection: Connection, names: Mapping[int, str]) -> bool:
    return link.connection_id == connection.pk and link.property.portfolio_id in names


def _state(link: PropertyLink | None, names: Mapping[int, str]) -> str:
    if link is None:
        return "New"
    name = names.get(link.property.portfolio_id)
    return f"Imported into {name}" if name else "Imported into a portfolio that you are not in"


def _written(number: int | None) -> str:
    return "" if number is None else f"{number:,}"
