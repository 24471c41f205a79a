"""What is held against a place's rules: a share rule as proposed, and a calculation made by it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from billing.rubs.numbers import Number
from billing.rubs.rule_input import Vacancy
from billing.rubs.rules.vocabulary import (
    SUBMETER,
    BillLine,
    CommonAreaKind,
    DeductionBase,
    Irrigation,
    Item,
    PropertyKind,
    VacantPart,
)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a property is.

    Shape: the state as two letters, empty when unknown.
    """

    state: str
    city: str = ""


@dataclass(frozen=True, slots=True)
class MethodPart:
    """One method of a mix.

    Shape: `method` is a name of the engine's.
    Units: percent of the amount that is shared by it.
    """

    method: str
    percent: Number = 100


@dataclass(frozen=True, slots=True)
class WeightTable:
    """What a unit weighs for one person (or for no bedroom), for one more, and so on.

    Shape: `each_further` is added for everyone beyond the end of `weights`.
    """

    weights: tuple[Number, ...]
    each_further: Number

    def weight(self, step: int) -> Fraction:
        """Tell the weight at a step of the table, the first being 0."""
        last = len(self.weights) - 1
        beyond = max(0, step - last)
        return Fraction(self.weights[min(step, last)]) + beyond * Fraction(self.each_further)


@dataclass(frozen=True, slots=True, kw_only=True)
class PropertyFacts:
    """What a place's rules ask about a property; None is unknown, which is never guessed.

    Shape: `common_areas_metered` says that all common areas have meters of their own,
    `previously_submetered` that tenants were billed by submeters before.
    """

    kind: PropertyKind | None = None
    unit_count: int | None = None
    irrigation: Irrigation | None = None
    common_areas_metered: bool | None = None
    rent_controlled: bool | None = None
    tax_credit: bool | None = None
    previously_submetered: bool | None = None
    construction_began_on: date | None = None
    permit_sought_on: date | None = None
    permitted_on: date | None = None
    water_connected_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleProposal:
    """A share rule as somebody wants it; None is unknown, which is never guessed.

    Shape: `parts` makes a mix, else `method` stands alone; `ratio_table` begins with one person,
    `bedroom_table` with no bedroom; `changes_method` tells a change from a first rule.
    Units: percent of the bill for the common area and of a tenant's charge for fees, 0 for none;
    days; months; cents.
    """

    utility: str
    method: str | None = None
    parts: tuple[MethodPart, ...] = ()
    vacancy: Vacancy | None = None
    common_area_kind: CommonAreaKind | None = None
    common_area_percent: Number | None = None
    common_area_base: DeductionBase | None = None
    service_charge_vacant: VacantPart | None = None
    base_charge_vacant: VacantPart | None = None
    passed_on_lines: frozenset[BillLine] | None = None
    ratio_table: WeightTable | None = None
    bedroom_table: WeightTable | None = None
    admin_fee_percent: Number | None = None
    admin_fee_cents: int | None = None
    admin_fee_is_actual_cost: bool | None = None
    late_fee_percent: Number | None = None
    late_fee_cents: int | None = None
    late_fee_repeats: bool | None = None
    late_fee_compounds: bool | None = None
    due_days: int | None = None
    changes_method: bool | None = None
    notice_days: int | None = None
    tenants_sign: bool | None = None
    records_months: int | None = None
    statement_items: frozenset[Item] | None = None
    lease_items: frozenset[Item] | None = None
    notice_items: frozenset[Item] | None = None
    effective_on: date | None = None
    facts: PropertyFacts = field(default_factory=PropertyFacts)

    @property
    def shares(self) -> tuple[MethodPart, ...] | None:
        """Tell by which methods the bill is shared, or None when that is not known."""
        if self.parts:
            return tuple(part for part in self.parts if part.percent)
        if self.method is None or self.method == "mix":
            return None
        return (MethodPart(self.method),)

    @property
    def allocates(self) -> bool | None:
        """Tell whether any of it is shared by a formula instead of a reading."""
        parts = self.shares
        return None if parts is None else any(part.method != SUBMETER for part in parts)

    @property
    def submeters(self) -> bool | None:
        """Tell whether any of it is shared by submeter readings."""
        parts = self.shares
        return None if parts is None else any(part.method == SUBMETER for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantCharge:
    """What one tenant is charged.

    Units: cents; the fee is not in the share.
    """

    unit_label: str
    share_cents: int
    fee_cents: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CalculationOutcome:
    """A calculation, by the rule that it was made by.

    Shape: the bill without the lines that may not be passed on; `common_area_cents` is the owner's
    own use, None when unknown.
    Units: cents; days.
    """

    proposal: RuleProposal
    bill_cents: int
    charges: tuple[TenantCharge, ...]
    common_area_cents: int | None = None
    period_days: int | None = None

    @property
    def shares_cents(self) -> int:
        """Add up what tenants pay for the utility itself.

        Units: cents.
        """
        return sum(charge.share_cents for charge in self.charges)

    @property
    def fees_cents(self) -> int:
        """Add up what tenants pay in fees.

        Units: cents.
        """
        return sum(charge.fee_cents for charge in self.charges)
