"""Properties: making, reading, changing and deleting them."""

from __future__ import annotations

from typing import Annotated

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from ninja import Query, Status
from pydantic import AfterValidator, Field, StrictBool, StrictStr

from billing.api_v1.routes import router
from billing.operations.property_archive import archive_properties
from billing.property_deletion import BeingChanged, BeingSynced, MoneyPosted, delete_property
from integrations.models import PropertyLink
from integrations.pms.addresses import five_digit_zip, two_letter_state
from meterbase.lib.json_api import (
    ApiProblem,
    PageQuery,
    paginate_counted,
    sample,
    written_answer,
)
from portfolios import access
from portfolios.api_v1.places import PropertyAnswer, describe_property, write_property
from portfolios.api_v1.portfolios import chosen_portfolio
from portfolios.api_v1.shapes import (
    FieldId,
    PathId,
    V1Answer,
    V1Body,
    V1Pagination,
    not_blank,
    pagination_of,
)
from portfolios.bearer import Key, caller
from portfolios.countries import COUNTRY_CODES
from portfolios.models import Property, Scope, User
from portfolios.operations.properties import (
    PropertyEntry,
    create_property,
    restore_properties,
    update_property,
)
from portfolios.street_addresses import part_address


def _country(code: str) -> str:
    if code not in COUNTRY_CODES:
        raise ValueError("must be a two-letter ISO code in capitals, such as US")
    return code


Name = Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(not_blank)]
StreetNumber = Annotated[StrictStr, Field(min_length=1, max_length=50), AfterValidator(not_blank)]
Street = Annotated[StrictStr, Field(min_length=1, max_length=255), AfterValidator(not_blank)]
City = Annotated[StrictStr, Field(min_length=1, max_length=100), AfterValidator(not_blank)]
State = Annotated[StrictStr, Field(min_length=1, max_length=50), AfterValidator(not_blank)]
Zip = Annotated[StrictStr, Field(min_length=1, max_length=20), AfterValidator(not_blank)]
Country = Annotated[
    StrictStr, AfterValidator(_country), Field(json_schema_extra={"pattern": "^[A-Z]{2}$"})
]


class PropertyBody(V1Body):
    """A property that comes from no PMS.

    Shape: `portfolioId` is needed where the key reaches several portfolios.
    """

    model_config = sample(
        name="Sunset Court",
        streetNumber="12",
        street="Sunset Boulevard",
        city="Austin",
        state="TX",
        zip="78701",
        country="US",
    )

    name: Name
    street_number: StreetNumber
    street: Street
    city: City
    state: State
    zip: Zip
    country: Country
    portfolio_id: FieldId | None = None


class PropertyPatch(V1Body):
    """What to change of a property; `isActive` archives it or takes it back."""

    model_config = sample(isActive=True)

    name: Name | None = None
    street_number: StreetNumber | None = None
    street: Street | None = None
    city: City | None = None
    state: State | None = None
    zip: Zip | None = None
    country: Country | None = None
    is_active: StrictBool | None = None


class PropertyPage(V1Answer):
    """Some of the properties."""

    data: list[PropertyAnswer]
    pagination: V1Pagination


class Gone(V1Answer):
    """How many rows of a property are gone."""

    units: int
    tenants: int
    bills: int
    invoices: int


class PropertyDeleted(V1Answer):
    """A property that is deleted for good, with all that belonged to it."""

    success: bool
    id: str
    deleted: Gone


# Programs ask for this list again and again, and little of it changes.
_properties = access.KeptRows(Property.objects.order_by("name", "pk"))


@router.get("/properties", auth=Key(Scope.PROPERTIES_READ), response=PropertyPage)
def list_properties(request: HttpRequest, asked: Query[PageQuery]) -> HttpResponse:
    """List the properties, archived ones too."""
    rows = _properties.seen_by(caller(request)).written_by(write_property)
    page = paginate_counted(rows, asked)
    pagination = pagination_of(page.pagination).model_dump(by_alias=True)
    return written_answer({"data": page.rows, "pagination": pagination})


@router.post("/properties", auth=Key(Scope.PROPERTIES_WRITE), response={201: PropertyAnswer})
def create_one_property(request: HttpRequest, body: PropertyBody) -> Status[PropertyAnswer]:
    """Make a property that comes from no PMS; its share rules are there with it."""
    user = caller(request)
    portfolio = chosen_portfolio(user, body.portfolio_id)
    entry = _entry(body.model_dump(exclude={"portfolio_id"}))
    place = create_property(portfolio=portfolio, entry=entry, by=user, now=timezone.now())
    return Status(201, describe_property(place))


@router.get("/properties/{property_id}", auth=Key(Scope.PROPERTIES_READ), response=PropertyAnswer)
def show_property(request: HttpRequest, property_id: PathId) -> PropertyAnswer:
    """Show a property."""
    return describe_property(_fetch(caller(request), property_id, access.Action.READ))


@router.patch(
    "/properties/{property_id}", auth=Key(Scope.PROPERTIES_WRITE), response=PropertyAnswer
)
def update_one_property(
    request: HttpRequest, property_id: PathId, body: PropertyPatch
) -> PropertyAnswer:
    """Change a property; what a PMS says of it is changed there."""
    place = _fetch(caller(request), property_id, access.Action.PREPARE)
    # What is refused at the end undoes what was done before it.
    with transaction.atomic():
        _update(place, body, caller(request))
    place.refresh_from_db()
    return describe_property(place)


@router.delete(
    "/properties/{property_id}", auth=Key(Scope.PROPERTIES_WRITE), response=PropertyDeleted
)
def delete_one_property(request: HttpRequest, property_id: PathId) -> PropertyDeleted:
    """Delete a property for good, with its units, tenants, bills and invoices.

    It cannot be deleted once charges of it were posted to its PMS: archive it instead.
    """
    user = caller(request)
    place = _fetch(user, property_id, access.Action.PREPARE)
    try:
        gone = delete_property(place=place, by=user, now=timezone.now())
    except MoneyPosted as error:
        raise ApiProblem(409, "money_posted", str(error)) from error
    except (BeingSynced, BeingChanged) as error:
        raise ApiProblem(409, "in_use", str(error)) from error
    return PropertyDeleted(success=True, id=str(property_id), deleted=Gone(**gone))


def _fetch(user: User, property_id: int, action: access.Action) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=user, pk=property_id)


def _update(place: Property, body: PropertyPatch, user: User) -> None:
    changes = body.model_dump(exclude_none=True, exclude={"is_active"})
    if changes and PropertyLink.objects.filter(property=place).exists():
        message = (
            "This property comes from a PMS, which says its name and address: change it there."
        )
        raise ApiProblem(409, "kept_by_pms", message)
    if changes:
        update_property(
            place=place,
            describe=lambda current: _entry(_as_it_is(current) | changes),
            by=user,
            now=timezone.now(),
        )
    if body.is_active is not None:
        _set_active(place, user, active=body.is_active)


def _set_active(place: Property, user: User, *, active: bool) -> None:
    if active:
        restore_properties(places=[place], by=user, now=timezone.now())
        return
    refusals = archive_properties(places=[place], by=user, now=timezone.now()).refusals
    if refusals:
        raise ApiProblem(409, "not_finished", refusals[0])


def _as_it_is(place: Property) -> dict[str, str]:
    address = part_address(place.address, number=place.street_number)
    return {
        "name": place.name,
        "street_number": address.number,
        "street": address.street,
        "city": place.city,
        "state": place.raw_state or place.state,
        "zip": place.raw_zip_code or place.zip_code,
        "country": place.country,
    }


def _entry(fields: dict[str, str]) -> PropertyEntry:
    """Write what was said as it is stored: understood, and as it was written."""
    written = fields.copy()
    raw_state, raw_zip_code = written.pop("state"), written.pop("zip")
    state = two_letter_state(raw_state) if written["country"] == "US" else ""
    zip_code = five_digit_zip(raw_zip_code, state=state) if written["country"] == "US" else ""
    return PropertyEntry(
        state=state, raw_state=raw_state, zip_code=zip_code, raw_zip_code=raw_zip_code, **written
    )
