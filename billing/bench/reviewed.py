"""The building whose calculation waits for review, beside an approved one of the month before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

from django.db.models import F

from billing.bill_calendar import shown_months
from billing.models import (
    Calculation,
    Method,
    UnitTerms,
    Utility,
    UtilityBill,
    VacancyPolicy,
)
from billing.operations.approvals import approve_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.operations.utility_accounts import keep_accounts_of
from meterbase.lib.periods import Period
from portfolios.models import Lease, LeaseStatus, Property, Unit, User

# What a unit's month costs.
CENTS = 4_217
_USAGE_OF_UNIT = Decimal(4)
# One unit in so many has been measured again, has a cap, or has new residents.
_CHANGED_OF = 10


@dataclass(frozen=True, slots=True)
class People:
    """Who enters, and who looks at the pages."""

    manager: User
    accountant: User


def review_building(place: Property, *, people: People, now: datetime) -> Calculation:
    """Bring the last two months of a property's bills to approval and to review, as people do."""
    rule = ShareRuleEntry(method=Method.SQUARE_FEET, vacancy=VacancyPolicy.OWNER_PAYS)
    set_share_rule(place=place, utility=Utility.WATER, entry=rule, by=people.manager, now=now)
    bills = bills_of_a_year(place, place.units.count() * CENTS, people, now)
    *_, before, last = bills
    # A dearer month, with more use.
    last.amount_cents += last.amount_cents // 8
    last.usage = _USAGE_OF_UNIT * place.units.count() * 11 / 10
    UtilityBill.objects.bulk_create(bills)
    keep_accounts_of(place.bills.all(), now=now)
    approved = _submit(before, people, now)
    approve_calculation(calculation=approved, by=people.accountant, now=now)
    _change_units(place, last.period, people, now)
    return _submit(last, people, now)


def bills_of_a_year(
    place: Property, cents: int, people: People, now: datetime
) -> list[UtilityBill]:
    """Make the last twelve months' bills of a property, not yet stored.

    Units: cents of each bill.
    """
    return [
        UtilityBill(
            property=place,
            utility=Utility.WATER,
            account_number=f"W-{place.pk}",
            period_start=period.start,
            period_end=period.end,
            amount_cents=cents,
            usage=_USAGE_OF_UNIT * cents / CENTS,
            usage_unit="kgal",
            entered_by=people.manager,
            entered_at=now,
        )
        for period in _year(now.date())
    ]


def _year(today: date) -> list[Period]:
    firsts = [*shown_months(today), today.replace(day=1)]
    return [Period(start, end) for start, end in pairwise(firsts)]


def _submit(bill: UtilityBill, people: People, now: datetime) -> Calculation:
    calculation = calculate_bill(bill=bill, by=people.manager, now=now)
    submit_calculation(calculation=calculation, by=people.manager, now=now)
    return calculation


def _change_units(place: Property, period: Period, people: People, now: datetime) -> None:
    """Let happen what a reviewer asks about: other figures, caps, and people who came and went."""
    units = list(place.units.order_by("pk").values_list("pk", flat=True))
    Unit.objects.filter(pk__in=units[::_CHANGED_OF]).update(sqft=F("sqft") + 40)
    UnitTerms.objects.bulk_create(
        UnitTerms(
            unit_id=unit,
            utility=Utility.WATER,
            cap_cents=CENTS,
            set_by=people.manager,
            set_at=now,
        )
        for unit in units[1::_CHANGED_OF]
    )
    moved, day = units[2::_CHANGED_OF], period.start + timedelta(days=14)
    Lease.objects.filter(unit__in=moved).update(
        end_date=day, move_out_date=day, status=LeaseStatus.PAST
    )
    Lease.objects.bulk_create(
        Lease(
            unit_id=unit,
            propexo_lease_id=f"new_lease_{unit}",
            resident_name=f"New resident {unit}",
            start_date=day,
            occupant_count=2,
            status=LeaseStatus.ACTIVE,
            first_seen_at=now,
            last_seen_at=now,
        )
        for unit in moved
    )
