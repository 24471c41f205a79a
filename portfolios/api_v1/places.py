"""How `/api/v1` writes a property."""

from __future__ import annotations

from meterbase.lib.exact_json import Written, write_json
from meterbase.lib.json_api import Moment
from portfolios.api_v1.shapes import V1Answer
from portfolios.models import Property
from portfolios.street_addresses import part_address


class PropertyAnswer(V1Answer):
    """A property; one that is not active is archived."""

    id: str
    name: str
    street_number: str
    street: str
    city: str
    state: str
    zip: str
    country: str
    is_active: bool
    created_at: Moment
    updated_at: Moment
    portfolio_id: str
    propexo_property_id: str | None


def describe_property(place: Property) -> PropertyAnswer:
    """Write a property."""
    address = part_address(place.address, number=place.street_number)
    return PropertyAnswer(
        id=str(place.pk),
        name=place.name,
        street_number=address.number,
        street=address.street,
        city=place.city,
        state=place.state or place.raw_state,
        zip=zip_of(place),
        country=place.country,
        is_active=place.archived_at is None,
        created_at=place.created_at,
        updated_at=place.updated_at or place.created_at,
        portfolio_id=str(place.portfolio_id),
        propexo_property_id=place.propexo_property_id or None,
    )


def write_property(place: Property) -> Written:
    """Write a property in JSON."""
    return Written(write_json(describe_property(place).model_dump(by_alias=True)).decode("ascii"))


def zip_of(place: Property) -> str:
    """Give a ZIP code as it was written, where that is the five digits and more."""
    written = place.raw_zip_code
    return written if not place.zip_code or written.startswith(place.zip_code) else place.zip_code
