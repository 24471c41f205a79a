"""Figures with kept SQL are those of the person who asks, at the moment of asking."""

from __future__ import annotations

import pytest
from django.db.models import Count, Max

from meterbase.lib.kept_question import blank
from portfolios import access
from portfolios.kept_figures import KeptFigures, totals
from portfolios.models import Property

pytestmark = pytest.mark.django_db


@pytest.fixture
def add(cast, now):
    def add_property(number: int) -> Property:
        return Property.objects.create(
            portfolio=cast.portfolio,
            propexo_property_id=f"prop_{number}",
            name=f"House {number}",
            created_at=now,
        )

    return add_property


def figures() -> KeptFigures:
    places = access.rows_to_keep(Property).filter(created_at__lte=blank("now"))
    return KeptFigures(totals(places, count=Count("pk"), last=Max("created_at")))


def test_they_are_summed_up_for_each_person_anew(add, cast, now, django_assert_num_queries):
    kept = figures()
    before = kept.of(cast.manager, now=now)[0][0]
    add(1)
    with django_assert_num_queries(1):
        assert [list(row) for row in kept.of(cast.manager, now=now)] == [[before + 1, now]]
    assert [list(row) for row in kept.of(cast.stranger, now=now)] == [[0, None]]


def test_they_refuse_somebody_who_is_confined_to_some_portfolios(cast, now):
    cast.manager.confined_to = frozenset({cast.portfolio.pk})
    with pytest.raises(ValueError, match="confined"):
        figures().of(cast.manager, now=now)
