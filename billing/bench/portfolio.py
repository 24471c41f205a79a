"""A portfolio of a size to measure with: one building to review, and many around it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TypeVar

from django.db import models, transaction

from billing.bench.reviewed import CENTS, People, bills_of_a_year, review_building
from billing.bench.rows import write_copies
from billing.models import (
    Approval,
    AttemptOutcome,
    Calculation,
    CalculationState,
    Charge,
    Decision,
    Posting,
    PostingAttempt,
    PostingJob,
    PostingState,
    ShareRule,
    UtilityBill,
)
from billing.operations.utility_accounts import keep_accounts_of
from integrations.models import Connection, ConnectionStatus, PropertyLink
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
# One in ten lacks a bill, and the start page shows eight of these.
_FEWEST_PROPERTIES = 80
_CODES = ("LEASE_NOT_FOUND", "INVALID_CHARGE_CODE", "PMS_REJECTED")

Row = TypeVar("Row", bound=models.Model)


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
    properties = max(_FEWEST_PROPERTIES, (units - _REVIEWED_UNITS) // _UNITS_PER_PROPERTY)
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
    (reviewed,) = _make_properties(connection, people, range(1), now)
    _make_units([reviewed], size.reviewed_units, now)
    calculation = review_building(reviewed, people=people, now=now)
    places = _make_properties(connection, people, range(1, size.properties + 1), now)
    _make_units(places, size.units, now)
    approved = _bill_a_year(calculation, places, people, now)
    _post(approved, connection, people, failed_of=size.failed_of, now=now)
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


def _make_properties(
    connection: Connection, people: People, numbers: Sequence[int], now: datetime
) -> list[Property]:
    places = Property.objects.bulk_create(
        Property(
            portfolio=connection.portfolio,
            propexo_property_id=f"prop_{number}",
            name=f"{number:05} Measured Court",
            created_at=now,
        )
        for number in numbers
    )
    PropertyLink.objects.bulk_create(
        PropertyLink(
            property=place,
            connection=connection,
            imported_by=people.manager,
            imported_at=now,
            last_synced_at=now,
        )
        for place in places
    )
    return places


def _make_units(places: Sequence[Property], number: int, now: datetime) -> None:
    """Spread so many units evenly over properties, each let since two years ago."""
    write_copies(
        Unit(bathrooms=1, occupied=True, first_seen_at=now, last_seen_at=now),
        ("property_id", "propexo_unit_id", "unit_number", "sqft", "bedrooms"),
        (
            (
                places[each % len(places)].pk,
                f"unit_{places[0].pk}_{each}",
                f"{each // len(places) + 101}",
                500 + each * 37 % 900,
                each % 4,
            )
            for each in range(number)
        ),
    )
    made = Unit.objects.filter(property__in=places).order_by("pk").values_list("pk", flat=True)
    write_copies(
        Lease(
            start_date=now.date() - timedelta(days=730),
            status=LeaseStatus.ACTIVE,
            first_seen_at=now,
            last_seen_at=now,
        ),
        ("unit_id", "propexo_lease_id", "resident_name", "occupant_count"),
        ((unit, f"lease_{unit}", f"Resident {unit}", 1 + unit % 4) for unit in made),
    )


def _bill_a_year(
    reviewed: Calculation, places: Sequence[Property], people: People, now: datetime
) -> list[Calculation]:
    """Give every property a rule and bills; give the calculations of the last, approved.

    Shape: their big documents are empty, as no list of many reads them.
    """
    rules = ShareRule.objects.bulk_create(
        _copy(reviewed.share_rule, property_id=place.pk) for place in places
    )
    shares = {place.pk: place.units.count() * CENTS for place in places}
    years = [bills_of_a_year(place, shares[place.pk], people, now) for place in places]
    UtilityBill.objects.bulk_create(
        bill
        for number, bills in enumerate(years)
        # One property in ten lacks a bill between others.
        for bill in (bills if number % 10 else [*bills[:6], *bills[7:]])
    )
    keep_accounts_of(UtilityBill.objects.filter(property__in=places), now=now)
    approved = Calculation.objects.bulk_create(
        _copy(
            reviewed,
            bill_id=bills[-1].pk,
            share_rule_id=rule.pk,
            version=1,
            state=CalculationState.APPROVED,
            inputs={},
            result={},
            findings=[],
            bill_cents=bills[-1].amount_cents,
            tenants_cents=bills[-1].amount_cents,
            owner_cents=0,
        )
        for bills, rule in zip(years, rules, strict=True)
    )
    decided = {"decision": Decision.APPROVED, "decided_by": people.accountant, "decided_at": now}
    Approval.objects.bulk_create(Approval(calculation=each, **decided) for each in approved)
    return approved


def _post(
    approved: Sequence[Calculation],
    connection: Connection,
    people: People,
    *,
    failed_of: int,
    now: datetime,
) -> None:
    """Post what was approved, with some charges refused."""
    jobs = PostingJob.objects.bulk_create(
        PostingJob(
            public_id=f"job_{posted.pk}",
            calculation=posted,
            connection=connection,
            charge_date=posted.bill.period_end,
            charge_code="UTIL",
            description="Water",
            post_to_pms=True,
            created_by=people.accountant,
            created_at=now,
        )
        for posted in approved
    )
    _charge({job.calculation.bill.property_id: job for job in jobs})
    _send(jobs, connection, failed_of=failed_of, now=now)


def _charge(jobs: dict[int, PostingJob]) -> None:
    """Charge every lease of these properties."""
    columns = {
        "calculation_id": "unit__property_id",
        "lease_id": "pk",
        "unit_id": "unit_id",
        "unit_label": "unit__unit_number",
        "resident_name": "resident_name",
        "propexo_unit_id": "unit__propexo_unit_id",
        "propexo_lease_id": "propexo_lease_id",
    }
    leases = Lease.objects.filter(unit__property__in=jobs).order_by("pk")
    write_copies(
        Charge(amount_cents=CENTS, explanation={}),
        tuple(columns),
        (
            (jobs[place].calculation_id, *rest)
            for place, *rest in leases.values_list(*columns.values())
        ),
    )


def _send(
    jobs: Sequence[PostingJob], connection: Connection, *, failed_of: int, now: datetime
) -> None:
    job_of = {job.calculation_id: job.pk for job in jobs}
    charges = Charge.objects.filter(calculation__in=job_of).order_by("pk")
    posted: list[tuple[int | str, ...]] = []
    refused: list[tuple[int | str, ...]] = []
    for number, (pk, calculation) in enumerate(charges.values_list("pk", "calculation_id")):
        row = (job_of[calculation], pk, f"charge {pk}", f"MB-{number:013}")
        if number % failed_of:
            posted.append((*row, f"chg_{number}"))
        else:
            refused.append((*row, _CODES[number % len(_CODES)]))
    like = partial(
        Posting,
        connection=connection,
        amount_cents=CENTS,
        body="{}",
        not_before=now,
        tries=1,
        created_at=now,
        state_at=now,
    )
    columns = ("job_id", "charge_id", "business_key", "reference")
    write_copies(like(state=PostingState.POSTED), (*columns, "remote_charge_id"), posted)
    failed = like(state=PostingState.REJECTED, error="The PMS refused it.")
    write_copies(failed, (*columns, "error_code"), refused)
    _note_attempts(now)


def _note_attempts(now: datetime) -> None:
    """Write down the calls that were refused; the others' are on no page of a list."""
    refused = Posting.objects.filter(state=PostingState.REJECTED)
    write_copies(
        PostingAttempt(
            number=1,
            host="measured",
            pid=1,
            started_at=now,
            finished_at=now,
            outcome=AttemptOutcome.REJECTED,
            http_status=422,
        ),
        ("posting_id", "token"),
        ((pk, f"token {pk}") for pk in refused.values_list("pk", flat=True)),
    )


def _copy(row: Row, **changes: object) -> Row:
    """Make a row like another one, not yet stored."""
    columns = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.attname: getattr(row, field.attname) for field in columns}
    return type(row)(**(values | changes))
