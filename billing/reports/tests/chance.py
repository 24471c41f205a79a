"""Bills whose money is on all steps, by chance, written straight into the tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

from django.db.models import Model

from billing.models import (
    Calculation,
    CalculationState,
    Charge,
    OwnerBucket,
    OwnerShare,
    Posting,
    PostingJob,
    PostingState,
    ResolvedAs,
    Utility,
    UtilityBill,
)
from billing.reports.steps import Step
from billing.tests.small_place import small_job
from conftest import Cast
from portfolios.models import Property

RowT = TypeVar("RowT", bound=Model)

_CLOSED = {"resolved_at": "now", "resolved_by_id": "who", "resolution": "Looked at."}
_BY_HAND = {**_CLOSED, "resolved_as": ResolvedAs.BY_HAND, "pms_reference": "R-7"}
_POSTED = {"state": PostingState.POSTED, "remote_charge_id": "id"}

# What columns of a posting mean for the money; "now", "who" and "id" stand for what is filled in.
STANDINGS: tuple[tuple[Step, Mapping[str, object]], ...] = (
    (Step.WAITING, {"state": PostingState.PENDING}),
    (Step.RECOVERED, _POSTED),
    (Step.REVERSED, {**_POSTED, "reversed_at": "now"}),
    (Step.FAILED, {"state": PostingState.REJECTED}),
    (Step.CLOSED, {"state": PostingState.REJECTED, **_CLOSED, "resolved_as": ResolvedAs.OWNER}),
    (Step.CLOSED, {"state": PostingState.REVIEW, **_CLOSED, "resolved_as": ResolvedAs.OTHERWISE}),
    (Step.RECOVERED, {"state": PostingState.REJECTED, **_BY_HAND}),
    (Step.UNKNOWN, {"state": PostingState.REVIEW}),
    (Step.TO_POST, {"state": PostingState.CANCELLED}),
)


@dataclass(frozen=True)
class Chance:
    """Makes bills, calculations, charges and postings after the pattern of a real job."""

    cast: Cast
    now: datetime
    job: PostingJob
    random: Random

    def filled(self, columns: Mapping[str, object]) -> dict[str, object]:
        """Put this story's time and person into the columns of a posting."""
        known = {"now": self.now, "who": self.cast.accountant.pk}
        return {name: known.get(str(value), value) for name, value in columns.items()}

    def bill(self, number: int) -> None:
        """Make a bill; most are approved, and most of their charges sent."""
        owner = self._owner_cents()
        tenants = [self.random.randint(-5_000, 90_000) for _ in range(self.random.randint(0, 3))]
        start = date(2025, 11, 3) + timedelta(days=29 * number)
        bill = UtilityBill.objects.create(
            property=self._place(number % 3),
            utility=self.random.choice(Utility.values),
            period_start=start,
            period_end=start + timedelta(days=self.random.randint(1, 70)),
            amount_cents=sum(tenants) + sum(owner.values()) or 1,
            entered_by=self.cast.manager,
            entered_at=self.now,
        )
        if bill.amount_cents == sum(tenants) + sum(owner.values()):
            self._calculate(bill, owner, tenants)

    def _owner_cents(self) -> dict[str, int]:
        buckets = self.random.sample(OwnerBucket.values, self.random.randint(0, 5))
        return {bucket: self.random.choice([-700, 1, 12_345]) for bucket in buckets}

    def _place(self, number: int) -> Property:
        place, _ = Property.objects.get_or_create(
            portfolio=self.cast.portfolio,
            propexo_property_id=f"prop_by_chance_{number}",
            defaults={"name": f"House {number}", "created_at": self.now},
        )
        return place

    def _calculate(self, bill: UtilityBill, owner: Mapping[str, int], tenants: list[int]) -> None:
        states = [CalculationState.APPROVED] * 4 + [CalculationState.DRAFT]
        made = _copy(
            self.job.calculation,
            bill_id=bill.pk,
            bill_cents=bill.amount_cents,
            tenants_cents=sum(tenants),
            owner_cents=sum(owner.values()),
            state=self.random.choice(states),
        )
        made.save()
        OwnerShare.objects.bulk_create(
            OwnerShare(calculation=made, bucket=bucket, amount_cents=cents)
            for bucket, cents in owner.items()
        )
        patterns = self.job.calculation.charges.order_by("pk")
        for pattern, cents in zip(patterns, tenants, strict=False):
            self._charge(made, pattern, cents)

    def _charge(self, calculation: Calculation, pattern: Charge, cents: int) -> None:
        charge = _copy(pattern, calculation_id=calculation.pk, amount_cents=cents)
        charge.save()
        # Of some nothing was ever sent, and some were skipped before they were sent.
        for sent in range(self.random.randint(0, 2)):
            _, columns = self.random.choice(STANDINGS) if sent == 0 else STANDINGS[-1]
            self._post(charge, columns, sent)

    def _post(self, charge: Charge, columns: Mapping[str, object], sent: int) -> None:
        filled = self.filled(columns)
        if "remote_charge_id" in filled:
            filled["remote_charge_id"] = f"chg_{charge.pk}"
        _copy(
            Posting.objects.earliest("pk"),
            charge_id=charge.pk,
            amount_cents=charge.amount_cents,
            business_key=f"charge {charge.pk}",
            reference=f"MB-{charge.pk:09}-{sent}",
            **filled,
        ).save()


def bills_by_chance(cast: Cast, now: datetime, *, seed: int, count: int = 12) -> Chance:
    """Make so many bills beside those of a real job; posting has to be switched on."""
    chance = Chance(cast, now, small_job(cast, now), Random(seed))
    for number in range(count):
        chance.bill(number)
    return chance


def _copy(row: RowT, **changes: object) -> RowT:
    """Make a row like another one, not yet stored."""
    columns = [field for field in row._meta.concrete_fields if not field.primary_key]
    values = {field.attname: getattr(row, field.attname) for field in columns}
    return type(row)(**(values | changes))
