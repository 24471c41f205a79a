"""The charges of a property's month, lease by lease, as they stand."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import QuerySet

from billing import queries
from billing.models import (
    BillDocument,
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    Utility,
    UtilityBill,
)
from billing.rubs import BillInput, bill_input_from_json
from billing.statements.account import BillAccount
from billing.statements.billed import BilledLine, billed_lines, timeline_of
from billing.words import month_of, natural_order
from portfolios.models import Lease, Property

# A service period whose middle lies in a month begins and ends no further from it.
LONGEST_HALF = timedelta(days=400)
_UTILITIES = list(Utility)


@dataclass(frozen=True, slots=True)
class SharedBill:
    """A bill whose calculation is approved, read once for all of its residents."""

    calculation: Calculation
    bill: BillInput
    lines: list[BilledLine]
    document: BillDocument | None

    @property
    def utility(self) -> Utility:
        """Name what was supplied."""
        return Utility(self.calculation.bill.utility)


@dataclass(frozen=True, slots=True)
class LeaseMonth:
    """What one lease pays for a month, bill by bill in a fixed order."""

    lease: Lease
    accounts: tuple[tuple[SharedBill, BillAccount], ...]

    @property
    def charges(self) -> tuple[Charge, ...]:
        """Give all charges."""
        return tuple(charge for _, account in self.accounts for charge in account.charges)

    @property
    def total_cents(self) -> int:
        """Add up all charges.

        Units: cents.
        """
        return sum(charge.amount_cents for charge in self.charges)


def read_month(
    place: Property, month: date, *, leases: Iterable[int] | None = None
) -> list[LeaseMonth]:
    """Read what the residents of a property pay for a month, by unit; what was taken back is out.

    Shape: `leases` narrows it to some.
    """
    bills = {calculation.pk: calculation for calculation in standing_calculations(place, month)}
    charges = standing_charges(bills.values())
    if leases is not None:
        charges = charges.filter(lease__in=leases)
    by_lease: defaultdict[Lease, list[Charge]] = defaultdict(list)
    for charge in charges:
        by_lease[charge.lease].append(charge)
    shared = _shared(bills) if by_lease else {}
    found = [LeaseMonth(lease, _accounts(own, shared)) for lease, own in by_lease.items()]
    return sorted(
        found, key=lambda each: (natural_order(each.charges[0].unit_label), each.lease.pk)
    )


@dataclass(frozen=True, slots=True)
class LeaseTotal:
    """What one lease pays for a month, without how it came about.

    Units: cents.
    """

    lease: Lease
    unit_label: str
    resident_name: str
    charges: frozenset[int]
    calculations: frozenset[int]
    total_cents: int


def read_totals(place: Property, month: date) -> list[LeaseTotal]:
    """Add up what the residents of a property pay for a month, by unit."""
    by_lease: defaultdict[Lease, list[Charge]] = defaultdict(list)
    calculations = standing_calculations(place, month)
    for charge in standing_charges(calculations).defer("explanation"):
        by_lease[charge.lease].append(charge)
    totals = [
        LeaseTotal(
            lease=lease,
            unit_label=own[0].unit_label,
            resident_name=own[0].resident_name,
            charges=frozenset(charge.pk for charge in own),
            calculations=frozenset(charge.calculation_id for charge in own),
            total_cents=sum(charge.amount_cents for charge in own),
        )
        for lease, own in by_lease.items()
    ]
    return sorted(totals, key=lambda each: (natural_order(each.unit_label), each.lease.pk))


def _by_unit(found: LeaseMonth) -> tuple[list[int | str], int]:
    return natural_order(found.charges[0].unit_label), found.lease.pk


def standing_charges(calculations: Iterable[Calculation]) -> QuerySet[Charge]:
    """Select what residents owe of calculations."""
    charges = queries.standing_charges(Charge.objects.filter(calculation__in=list(calculations)))
    return charges.select_related("lease__unit").order_by("pk")


def months_of(place: Property) -> list[date]:
    """List the months for which anything is approved, the last one first."""
    bills = UtilityBill.objects.filter(
        property=place, calculations__state=CalculationState.APPROVED
    ).only("period_start", "period_end")
    return sorted({month_of(bill.period) for bill in bills}, reverse=True)


def not_approved_yet(place: Property, month: date) -> list[Calculation]:
    """List the live calculations of a month that are on no statement, as nobody approved them."""
    live = [CalculationState.DRAFT, CalculationState.IN_REVIEW]
    found = _around(place, month).filter(state__in=live).defer("inputs", "result")
    return [each for each in found if month_of(each.bill.period) == month]


def standing_calculations(place: Property, month: date) -> list[Calculation]:
    """List the approved calculations of a property's month."""
    found = _around(place, month).filter(state=CalculationState.APPROVED)
    return [each for each in found if month_of(each.bill.period) == month]


def _around(place: Property, month: date) -> QuerySet[Calculation]:
    return Calculation.objects.filter(
        bill__property=place,
        bill__period_start__gt=month - LONGEST_HALF,
        bill__period_start__lte=month + timedelta(days=31),
        bill__period_end__gt=month,
        bill__period_end__lt=month + LONGEST_HALF,
    ).select_related("bill__property", "share_rule")


def _shared(calculations: Mapping[int, Calculation]) -> dict[int, SharedBill]:
    documents = {
        document.bill_id: document
        for document in BillDocument.objects.filter(
            bill__in=[found.bill_id for found in calculations.values()]
        )
    }
    read = {}
    for pk, calculation in calculations.items():
        bill = bill_input_from_json(calculation.inputs)
        document = documents.get(calculation.bill_id)
        read[pk] = SharedBill(calculation, bill, billed_lines(bill), document)
    return read


def _accounts(
    charges: list[Charge], shared: Mapping[int, SharedBill]
) -> tuple[tuple[SharedBill, BillAccount], ...]:
    kinds: defaultdict[int, dict[str, Charge]] = defaultdict(dict)
    for charge in charges:
        kinds[charge.calculation_id][charge.kind] = charge
    accounts = []
    for pk in sorted(kinds, key=lambda pk: (_UTILITIES.index(shared[pk].utility), pk)):
        of, own = shared[pk], kinds[pk]
        any_of_them = next(iter(own.values()))
        account = BillAccount(
            calculation=of.calculation,
            bill=of.bill,
            share=own.get(ChargeKind.SHARE),
            fee=own.get(ChargeKind.FEE),
            lines=of.lines,
            timeline=timeline_of(
                of.bill,
                unit_key=any_of_them.propexo_unit_id,
                lease_key=any_of_them.propexo_lease_id,
            ),
        )
        accounts.append((of, account))
    return tuple(accounts)
