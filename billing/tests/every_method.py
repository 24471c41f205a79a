"""A rule for each method, with everything that its units have to bring."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from billing.models import Method, ShareRule, Utility, UtilityBill, VacancyPolicy
from billing.operations.share_rules import entry_for, set_share_rule
from billing.operations.unit_terms import UnitTermsEntry, enter_readings, set_unit_terms
from billing.rubs import MixPart, RuleInput, Vacancy
from portfolios.models import User

_BY_PEOPLE = {Method.OCCUPANTS, Method.RATIO_OCCUPANCY, Method.MIX}
_MIX = (
    MixPart(method="occupants", percent=30),
    MixPart(method="square_feet", percent=50),
    MixPart(method="submeter", percent=20),
)


def rule_by(method: Method, vacancy: VacancyPolicy = VacancyPolicy.OWNER_PAYS) -> RuleInput:
    """Make a rule by a method, with 7.25 % for common areas."""
    return RuleInput(
        method=method.value,
        vacancy=Vacancy(vacancy.value),
        common_area_percent=Decimal("7.25"),
        vacant_unit_occupants=2 if method in _BY_PEOPLE else None,
        vacancy_owner_percent=60 if vacancy is VacancyPolicy.PARTIAL else None,
        mix=_MIX if method is Method.MIX else (),
    )


def put_in_force(bill: UtilityBill, rule: RuleInput, *, by: User, now: datetime) -> ShareRule:
    """Put a rule in force for the bill's property and utility."""
    return set_share_rule(
        place=bill.property, utility=Utility(bill.utility), entry=entry_for(rule), by=by, now=now
    )


def bring_terms(bill: UtilityBill, method: Method, *, by: User, now: datetime) -> None:
    """Give each unit what a method asks of it beside the PMS's facts."""
    units = list(bill.property.units.order_by("pk"))
    if method in (Method.SUBMETER, Method.MIX):
        readings = {unit: Decimal(n % 7) + Decimal("0.5") for n, unit in enumerate(units)}
        enter_readings(bill=bill, readings=readings, by=by, now=now)
    if method not in (Method.CUSTOM_WEIGHT, Method.PERCENTAGE):
        return
    for n, unit in enumerate(units):
        entry = (
            UnitTermsEntry(weight=Decimal(n % 5 + 1))
            if method is Method.CUSTOM_WEIGHT
            else UnitTermsEntry(percent=Decimal("2.05"))
        )
        set_unit_terms(unit=unit, utility=Utility(bill.utility), entry=entry, by=by, now=now)
