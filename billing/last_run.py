"""A calculation beside the one before it: how each charge differs, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from functools import lru_cache, reduce
from operator import or_
from types import MappingProxyType
from typing import Any

from django.db.models import Q, QuerySet

from billing.models import Calculation, CalculationState, UtilityBill
from billing.rubs import bill_input_from_json
from billing.rubs.changes import Change, LeaseKey, Run, explain_changes

# A bill that is older, or for a much longer or shorter time, is no measure for this one.
_OLDEST = timedelta(days=100)
_LONGER = Fraction(3, 2)


@dataclass(frozen=True, slots=True)
class LastRun:
    """The calculation before, and how each lease's share differs from it."""

    calculation: Calculation
    changes: Mapping[LeaseKey, Change]


def compare_with_last_run(calculation: Calculation) -> LastRun | None:
    """Compare a calculation with the approved one before it; None when nothing compares."""
    last = _latest(calculation, _before([calculation]))
    if last is None:
        return None
    same_unit = last.bill.usage_unit == calculation.bill.usage_unit
    before, now = (_frozen(run, with_usage=same_unit) for run in (last, calculation))
    return LastRun(last, _explain(before, now))


def last_runs(calculations: Sequence[Calculation]) -> dict[int, Calculation]:
    """Find the approved calculation before each of several, in one query.

    Shape: by the calculation's key; one that compares with nothing is not there. The big documents
        are left out.
    """
    candidates = list(_before(calculations).defer("inputs", "result")) if calculations else []
    found = {row.pk: _latest(row, candidates) for row in calculations}
    return {pk: last for pk, last in found.items() if last is not None}


def _before(calculations: Sequence[Calculation]) -> QuerySet[Calculation]:
    """Select what was approved for the same accounts shortly before, the latest first."""
    accounts = reduce(or_, (_of_account(row.bill) for row in calculations))
    approved = Calculation.objects.filter(
        accounts, state=CalculationState.APPROVED, bill_cents__gt=0
    )
    return approved.select_related("bill").order_by("-bill__period_start", "-pk")


def _of_account(bill: UtilityBill) -> Q:
    return Q(
        bill__property=bill.property_id,
        bill__utility=bill.utility,
        bill__account_number=bill.account_number,
        bill__period_start__lt=bill.period_start,
        bill__period_end__gte=bill.period_start - _OLDEST,
    )


def _latest(calculation: Calculation, candidates: Iterable[Calculation]) -> Calculation | None:
    """Take the last bill of the account before this one, where the two compare."""
    bill = calculation.bill
    last = next((row for row in candidates if _comes_before(row.bill, bill)), None)
    if last is None or calculation.bill_cents <= 0:
        return None
    ratio = Fraction(bill.period.days, last.bill.period.days)
    return last if 1 / _LONGER <= ratio <= _LONGER else None


def _comes_before(other: UtilityBill, bill: UtilityBill) -> bool:
    account = (bill.property_id, bill.utility, bill.account_number)
    same = account == (other.property_id, other.utility, other.account_number)
    oldest = bill.period_start - _OLDEST
    return same and other.period_start < bill.period_start and other.period_end >= oldest


@dataclass(frozen=True, slots=True)
class _Frozen:
    """A calculation as it was made; the digest stands for its inputs."""

    digest: str
    shares: tuple[tuple[LeaseKey, int], ...]
    usage: Fraction | None
    inputs: Mapping[str, Any] = field(compare=False, repr=False)

    def read(self) -> Run:
        """Read what the arithmetic takes."""
        return Run(bill_input_from_json(self.inputs), dict(self.shares), self.usage)


# Shares two bills out step by step. What is frozen gives the same answer for ever, and a reviewer
# opens a calculation again and again: sorted, filtered, after each thing that was set.
@lru_cache(maxsize=32)
def _explain(before: _Frozen, now: _Frozen) -> Mapping[LeaseKey, Change]:
    return MappingProxyType(explain_changes(before.read(), now.read()))


def _frozen(calculation: Calculation, *, with_usage: bool) -> _Frozen:
    bill = calculation.bill
    return _Frozen(
        digest=calculation.inputs_digest,
        shares=tuple(
            ((line["unit_key"], line["lease_key"]), line["cents"])
            for line in calculation.result["lines"]
        ),
        usage=Fraction(bill.usage) if with_usage and bill.usage is not None else None,
        inputs=calculation.inputs,
    )
