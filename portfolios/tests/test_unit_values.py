from __future__ import annotations

from datetime import timedelta

import pytest

from portfolios.models import AuditEvent, Property, Unit, UnitField
from portfolios.operations.units import set_unit_values


@pytest.fixture
def flat(cast, now) -> Unit:
    house = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )
    return Unit.objects.create(
        property=house, propexo_unit_id="unit_a", unit_number="101", sqft=850, first_seen_at=now
    )


def typed(unit: Unit) -> dict[str, str]:
    return dict(unit.overrides.values_list("field", "value"))


def test_it_keeps_what_was_typed_with_who_and_when(cast, flat, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "900"}, by=cast.manager, now=now)
    override = flat.overrides.get()
    assert (override.field, override.value) == ("sqft", "900")
    assert (override.entered_by, override.entered_at) == (cast.manager, now)
    flat.refresh_from_db()
    assert flat.sqft == 850


def test_it_writes_down_what_was_there_before_and_after(cast, flat, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "900"}, by=cast.manager, now=now)
    set_unit_values(unit=flat, values={UnitField.SQFT: "910"}, by=cast.manager, now=now)
    event = AuditEvent.objects.filter(verb="unit.values_set").latest("pk")
    assert (event.actor, event.portfolio) == (cast.manager, cast.portfolio)
    assert (event.subject_type, event.subject_id) == ("portfolios.unit", str(flat.pk))
    assert (event.before, event.after) == ({"sqft": "900"}, {"sqft": "910"})


def test_it_changes_nothing_when_the_values_are_the_same(cast, flat, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "900"}, by=cast.manager, now=now)
    later = now + timedelta(days=1)
    same = {UnitField.SQFT: "900", UnitField.BEDROOMS: None}
    set_unit_values(unit=flat, values=same, by=cast.accountant, now=later)
    assert flat.overrides.get().entered_by == cast.manager
    assert AuditEvent.objects.filter(verb="unit.values_set").count() == 1


def test_clearing_a_value_lets_the_pms_count_again(cast, flat, now):
    both = {UnitField.SQFT: "900", UnitField.OCCUPIED: "true"}
    set_unit_values(unit=flat, values=both, by=cast.manager, now=now)
    set_unit_values(unit=flat, values={UnitField.SQFT: None}, by=cast.manager, now=now)
    assert typed(flat) == {"occupied": "true"}
    event = AuditEvent.objects.latest("pk")
    assert event.after == {"occupied": "true"}


def test_a_value_that_did_not_change_keeps_who_typed_it(cast, flat, now):
    set_unit_values(unit=flat, values={UnitField.SQFT: "900"}, by=cast.manager, now=now)
    both = {UnitField.SQFT: "900", UnitField.BEDROOMS: "2"}
    set_unit_values(unit=flat, values=both, by=cast.accountant, now=now)
    who = dict(flat.overrides.values_list("field", "entered_by"))
    assert who == {"sqft": cast.manager.pk, "bedrooms": cast.accountant.pk}
