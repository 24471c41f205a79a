"""What the PMS says of a property itself: its name, its address, its size."""

from __future__ import annotations

from datetime import datetime

from integrations.pms.addresses import five_digit_zip, two_letter_state
from integrations.pms.records import PmsProperty
from portfolios.models import Property, User
from portfolios.operations.audit import record_event
from portfolios.operations.utilities import link_utilities


def facts_of(row: PmsProperty) -> dict[str, object]:
    """Give what is stored of a property; what the PMS writes stays beside what is understood."""
    state = two_letter_state(row.state)
    return {
        "name": row.name,
        "address": row.street,
        "city": row.city,
        "state": state,
        "zip_code": five_digit_zip(row.zip_code, state=state),
        "raw_state": row.state,
        "raw_zip_code": row.zip_code,
        "unit_count": row.unit_count,
        "square_footage": row.square_footage,
    }


def differs(place: Property, row: PmsProperty) -> bool:
    """Tell whether the PMS says anything else of a property than what is stored."""
    return any(getattr(place, column) != value for column, value in facts_of(row).items())


def take_facts(*, place: Property, row: PmsProperty, by: User | None, now: datetime) -> bool:
    """Store what the PMS says of a property now; tell whether anything changed.

    Shape: call it in a transaction. What people entered about the property's utilities stays.
    Effects: the property, its utilities where its address leads to others, an audit event.
    """
    if not differs(place, row):
        return False
    after = facts_of(row)
    before = {column: getattr(place, column) for column in after}
    for column, value in after.items():
        setattr(place, column, value)
    place.updated_at = now
    place.save(update_fields=[*after, "updated_at"])
    record_event(verb="property.updated", subject=place, by=by, now=now, before=before, after=after)
    link_utilities(places=[place], now=now)
    return True
