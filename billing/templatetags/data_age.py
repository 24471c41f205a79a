"""How old the PMS's data was when a calculation was made on it."""

from __future__ import annotations

from django import template

from billing.models import Calculation
from integrations.freshness import in_words, stale_after

register = template.Library()


@register.filter
def data_age(calculation: Calculation) -> str:
    """Say how old the data was; nothing where that is not known."""
    as_of = calculation.data_as_of
    return "" if as_of is None else in_words(calculation.prepared_at - as_of)


@register.inclusion_tag("billing/parts/data_age.html")
def data_age_warning(calculation: Calculation) -> dict[str, object]:
    """Warn when a calculation was made on old data, or on data that a sync was changing."""
    as_of = calculation.data_as_of
    return {
        "age": data_age(calculation),
        "was_old": as_of is not None and calculation.prepared_at - as_of > stale_after(),
        "in_sync": calculation.data_in_sync,
    }
