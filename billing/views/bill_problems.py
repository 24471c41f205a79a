"""Where each thing that keeps a bill from being calculated is put right."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse

from billing.models import UtilityBill
from billing.rubs import Problem
from portfolios.models import Unit

# What a problem names when it is the rule, the unit's part in it, or a reading that is at fault.
_OF_THE_RULE = frozenset(
    {
        "admin_fee",
        "bathroom_factor",
        "bedroom_factor",
        "bedroom_ratios",
        "common_area_cents",
        "common_area_percent",
        "common_area_usage",
        "denominator_at_least",
        "limits",
        "method",
        "mix",
        "occupancy_ratios",
        "studio_bedrooms",
        "total_usage",
        "vacancy_owner_percent",
        "vacant_unit_occupants",
    }
)
_OF_THE_TERMS = frozenset({"weight", "percent", "limits", "excluded_because"})
_OF_THE_READINGS = frozenset({"usage"})
_OF_THE_BILL = frozenset({"lines", "period", "amount_cents"})


def rule_url(bill: UtilityBill) -> str:
    """Name the page of the rule for a bill's utility."""
    return reverse("billing:share-rule-edit", args=[bill.property_id, bill.utility])


def reasons(bill: UtilityBill, problems: Sequence[Problem]) -> list[tuple[str, str]]:
    """Give each problem the page on which it is put right."""
    keys = {problem.unit_key for problem in problems if problem.unit_key}
    units = Unit.objects.filter(property_id=bill.property_id, propexo_unit_id__in=keys)
    unit_ids = dict(units.values_list("propexo_unit_id", "pk"))
    return [(problem.message, _where(bill, problem, unit_ids)) for problem in problems]


def _where(bill: UtilityBill, problem: Problem, unit_ids: dict[str, int]) -> str:
    field = problem.field
    if field in _OF_THE_READINGS:
        return reverse("billing:bill-readings", args=[bill.pk])
    if field in _OF_THE_TERMS and (problem.unit_key or field not in _OF_THE_RULE):
        return reverse("billing:unit-terms", args=[bill.property_id, bill.utility])
    if problem.unit_key in unit_ids:
        return reverse("portfolios:unit-edit", args=[unit_ids[problem.unit_key]])
    if field in _OF_THE_RULE:
        return rule_url(bill)
    if field in _OF_THE_BILL:
        return reverse("billing:bill-detail", args=[bill.pk])
    return reverse("portfolios:property-detail", args=[bill.property_id])
