"""What looks wrong with a bill beside its neighbours: duplicate, overlap, gap, cost per day."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.models import BillFlagKind, UtilityBill
from meterbase.lib.money import format_dollars

# A cost per day further from the usual than this is worth a look.
SPIKE = Fraction(20, 100)
# The usual is the mean of so many bills before it; with fewer there is no usual yet.
_LOOK_BACK = 12
_LEAST_HISTORY = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a person has to look at."""

    kind: BillFlagKind
    message: str


def check_bill(bill: UtilityBill) -> tuple[Finding, ...]:
    """Compare a bill with the other bills of its property, utility and account."""
    others = list(
        UtilityBill.objects.filter(property=bill.property, utility=bill.utility)
        .exclude(pk=bill.pk)
        .order_by("-period_start")
    )
    account = [other for other in others if _may_be_one_account(other, bill)]
    earlier = [other for other in account if other.period_end <= bill.period_start]
    return (
        *_duplicates(bill, others),
        *_overlaps(bill, account),
        *_gaps(bill, earlier),
        *_spikes(bill, earlier[:_LOOK_BACK]),
    )


def _may_be_one_account(one: UtilityBill, other: UtilityBill) -> bool:
    """Tell accounts apart by their numbers; a bill without one may be any account's."""
    numbers = {one.account_number, other.account_number}
    return len(numbers) == 1 or "" in numbers


def _is_copy(one: UtilityBill, other: UtilityBill) -> bool:
    return one.amount_cents == other.amount_cents and one.period == other.period


def _duplicates(bill: UtilityBill, others: Iterable[UtilityBill]) -> Iterable[Finding]:
    for other in others:
        if _is_copy(other, bill):
            account = other.account_number or "no account number"
            yield Finding(
                BillFlagKind.DUPLICATE,
                f"Another bill has the same amount and the same days, with {account}. Is this the "
                "same bill entered twice?",
            )
            return


def _overlaps(bill: UtilityBill, account: Iterable[UtilityBill]) -> Iterable[Finding]:
    shared = [
        other
        for other in account
        if other.period.overlaps(bill.period) and not _is_copy(other, bill)
    ]
    if shared:
        other = shared[0]
        yield Finding(
            BillFlagKind.OVERLAP,
            f"This bill shares days with the one from {other.period_start} to {other.period_end}. "
            "Residents could pay those days twice.",
        )


def _gaps(bill: UtilityBill, earlier: Sequence[UtilityBill]) -> Iterable[Finding]:
    if not earlier:
        return
    last = max(other.period_end for other in earlier)
    days = (bill.period_start - last).days
    if days > 0:
        yield Finding(
            BillFlagKind.GAP,
            f"There is no bill for the {days} day{'' if days == 1 else 's'} from {last} to"
            f" {bill.period_start}.",
        )


def _spikes(bill: UtilityBill, earlier: Sequence[UtilityBill]) -> Iterable[Finding]:
    if len(earlier) < _LEAST_HISTORY:
        return
    per_day = [Fraction(other.amount_cents, other.period.days) for other in earlier]
    usual = sum(per_day, Fraction(0)) / len(per_day)
    cost = Fraction(bill.amount_cents, bill.period.days)
    if usual > 0 and abs(cost - usual) > usual * SPIKE:
        percent = round((cost - usual) / usual * 100)
        yield Finding(
            BillFlagKind.SPIKE,
            f"{format_dollars(round(cost))} a day is {percent:+} % against the usual "
            f"{format_dollars(round(usual))} of the last {len(earlier)} bills.",
        )
