"""A portfolio of a size to measure with: one building to review, and many around it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from typing import TypeVar

from django.db import models, transaction

from billing.bill_calendar import shown_months
from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    Method,
    Posting,
    PostingJob,
    PostingState,
    Utility,
    UtilityBill,
    VacancyPolicy,
)
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from integrations.models import Connection, ConnectionStatus, PropertyLink
from meterbase.lib.periods import Period
from portfolios.models import (
    Lease,
    LeaseStatus,
    Membership,
    Portfolio,
    Property,
    Role,
    Unit,
    User,
)

_REVIEWED_UNITS = 400
_UNITS_PER_PROPERTY = 200
_FEWEST_FAILURES = 60
_BATCH = 2_000
_CENTS = 4_217
_CODES = ("LEASE_NOT_FOUND", "INVALID_CHARGE_CODE", "PMS_REJECTED")

Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class People:
    """Who enters, and who looks at the pages."""

    manager: User
    accountant: User


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large a portfolio is.

    Shape: `reviewed_units` are those of the building whose calculation waits for review; one of
        `failed_of` charges of the others was refused.
    """

    reviewed_units: int
    properties: int
    units: int
    failed_of: int


def size_of(units: int) -> Size:
    """Choose a size at which the pages of lists are full, however few units there are."""
    properties = max(60, (units - _REVIEWED_UNITS) // _UNITS_PER_PROPERTY)
    failed_of = 100 if units > 100 * _FEWEST_FAILURES else 10
    return Size(
        reviewed_units=_REVIEWED_UNITS,
        properties=properties,
        units=units - _REVIEWED_UNITS,
        failed_of=failed_of,
    )


@transaction.atomic
def make_portfolio(*, size: Size, now: datetime) -> Calculation:
    """Fill an empty database; give the calculation that waits for review.

    Shape: a year of bills for each property, and the last month's charges posted, some refused.
    """
    connection, people = _make_people(now)
    reviewed = _make_property(connection, people, 0, now)
    _make_units([reviewed], size.reviewed_units, now)
    calculation = _calculate(reviewed, people, now)
    places = [_make_property(connection, people, each + 1, now) for each in range(size.properties)]
    _make_units(places, size.units, now)
    _bill_a_year(calculation, places, now)
    _post(calculation, connection, failed_of=size.failed_of, now=now)
    return calculation


def _make_people(now: datetime) -> tuple[Connection, People]:
    portfolio = Portfolio.objects.create(name="Measured", created_at=now)
    people = People(*(User.objects.create_user(name) for name in ("manager", "accountant")))
    for user, role in ((people.manager, Role.MANAGER), (people.accountant, Role.ACCOUNTANT)):
        Membership.objects.create(user=user, portfolio=portfolio, role=role)
    connection = Connection.objects.create(
        portfolio=portfolio,
        propexo_connection_id="conn_measured",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=people.manager,
        created_at=now,
    )
    return connection, people


def _make_property(connection: Connection, people: People, number: int, now: datetime) -> Property:
    place = Property.objects.create(
        portfolio=connection.portfolio,
        propexo_property_id=f"prop_{number}",
        name=f"{number:05} Measured Court",
        created_at=now,
    )
    PropertyLink.objects.create(
        property=place,
        connection=connection,
        imported_by=people.manager,
        imported_at=now,
        last_synced_at=now,
    )
    return place


def _make_units(places: Sequence[Property], count: int, now: datetime) -> None:
    """Spread so many units evenly over properties, each let since two years ago."""
    made = store(
        Unit(
            property=places[number % len(places)],
            propexo_unit_id=f"unit_{places[0].pk}_{number}",
            unit_number=f"{number // len(places) + 101}",
            sqft=500 + number * 37 % 900,
            bedrooms=number % 4,
            bathrooms=1,
            occupied=True,
            first_seen_at=now,
        )
        for number in range(count)
    )
    store(
        Lease(
            unit=unit,
            propexo_lease_id=f"lease_{unit.pk}",
            resident_name=f"Resident {unit.pk}",
            start_date=now.date() - timedelta(days=730),
            occupant_count=1 + unit.pk % 4,
            status=LeaseStatus.ACTIVE,
            first_seen_at=now,
        )
        for unit in made
    )


def _calculate(place: Property, people: People, now: datetime) -> Calculation:
    """Bring the last month of a property to its review, as people do."""
    rule = ShareRuleEntry(method=Method.SQUARE_FEET, vacancy=VacancyPolicy.OWNER_PAYS)
    set_share_rule(place=place, utility=Utility.WATER, entry=rule, by=people.manager, now=now)
    bills = [_bill(place, period, people, now) for period in _year(now.date())]
    UtilityBill.objects.bulk_create(bills)
    calculation = calculate_bill(bill=bills[-1], by=people.manager, now=now)
    submit_calculation(calculation=calculation, by=people.manager, now=now)
    return calculation


def _year(today: date) -> list[Period]:
    firsts = [*shown_months(today), today.replace(day=1)]
    return [Period(start, end) for start, end in pairwise(firsts)]


def _bill(place: Property, period: Period, people: People, now: datetime) -> UtilityBill:
    return UtilityBill(
        property=place,
        utility=Utility.WATER,
        account_number=f"W-{place.pk}",
        period_start=period.start,
        period_end=period.end,
        amount_cents=_REVIEWED_UNITS * _CENTS,
        entered_by=people.manager,
        entered_at=now,
    )


def _bill_a_year(calculation: Calculation, places: Sequence[Property], now: datetime) -> None:
    """Give every property the same rule and bills, the last of them calculated and approved."""
    people = People(calculation.prepared_by, calculation.prepared_by)
    rules = {
        rule.property_id: rule
        for rule in store(copy(calculation.share_rule, property_id=place.pk) for place in places)
    }
    months = _year(now.date())
    bills = store(
        _bill(place, period, people, now)
        for number, place in enumerate(places)
        # One property in ten lacks a bill.
        for period in (months if number % 10 else months[1:])
    )
    store(
        copy(
            calculation,
            bill_id=bill.pk,
            share_rule_id=rules[bill.property_id].pk,
            state=CalculationState.APPROVED,
            inputs={},
            result={},
        )
        for bill in bills
        if bill.period_start == months[-1].start
    )


def _post(
    calculation: Calculation, connection: Connection, *, failed_of: int, now: datetime
) -> None:
    """Post the last month of every other property, with some charges refused."""
    accountant = User.objects.get(username="accountant")
    jobs = store(
        PostingJob(
            public_id=f"job_{posted.pk}",
            calculation=posted,
            connection=connection,
            charge_date=posted.bill.period_end,
            charge_code="UTIL",
            description="Water",
            post_to_pms=True,
            created_by=accountant,
            created_at=now,
        )
        for posted in Calculation.objects.exclude(pk=calculation.pk).select_related("bill")
    )
    leases = Lease.objects.select_related("unit").order_by("pk")
    charges = store(
        Charge(
            calculation_id=job.calculation_id,
            unit=lease.unit,
            lease=lease,
            unit_label=lease.unit.unit_number,
            resident_name=lease.resident_name,
            propexo_unit_id=lease.unit.propexo_unit_id,
            propexo_lease_id=lease.propexo_lease_id,
            amount_cents=_CENTS,
            explanation={},
        )
        for job in jobs
        for lease in leases.filter(unit__property=job.calculation.bill.property_id)
    )
    _send(charges, {job.calculation_id: job for job in jobs}, failed_of=failed_of, now=now)


def _send(
    charges: Sequence[Charge], jobs: dict[int, PostingJob], *, failed_of: int, now: datetime
) -> None:
    store(
        _posting(
            charge, jobs[charge.calculation_id], number, failed=number % failed_of == 0, now=now
        )
        for number, charge in enumerate(charges)
    )


def _posting(
    charge: Charge, job: PostingJob, number: int, *, failed: bool, now: datetime
) -> Posting:
    return Posting(
        job=job,
        charge=charge,
        connection_id=job.connection_id,
        business_key=f"charge {charge.pk}",
        reference=f"MB-{number:013}",
        amount_cents=charge.amount_cents,
        body="{}",
        body_sha256="",
        state=PostingState.REJECTED if failed else PostingState.POSTED,
        not_before=now,
        tries=1,
        remote_charge_id="" if failed else f"chg_{number}",
        error_code=_CODES[number % len(_CODES)] if failed else "",
        error="The PMS refused it." if failed else "",
        created_at=now,
        state_at=now,
    )


def store(rows: Iterable[Row]) -> list[Row]:
    """Write rows, many at a time."""
    found: list[Row] = []
    rest: Iterator[Row] = iter(rows)
    while batch := list(islice(rest, _BATCH)):
        type(batch[0])._default_manager.bulk_create(batch)
        found += batch
    return found


def copy(row: Row, **changes: object) -> Row:
    """Make a row like another one, not yet stored."""
    columns = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.attname: getattr(row, field.attname) for field in columns}
    return type(row)(**(values | changes))
