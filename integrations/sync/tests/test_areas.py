from __future__ import annotations

from decimal import Decimal

import pytest

from integrations.models import ReviewItem
from integrations.operations.review_items import resolve_review_item
from integrations.sync.plan import StoredUnit
from integrations.sync.plan.areas import flag_odd_areas
from integrations.sync.tests.running import sync
from integrations.tests.fake_gateway import FakeGateway, make_unit


def unit(key: int, sqft: int | None, bedrooms: object = 2, *, billable: bool = True) -> StoredUnit:
    rooms = None if bedrooms is None else Decimal(str(bedrooms))
    return StoredUnit(
        key=key,
        remote_id=f"unit_{key}",
        building="",
        unit_number=str(key),
        occupied=True,
        billable=billable,
        sqft=sqft,
        bedrooms=rooms,
    )


def odd(*units: StoredUnit) -> list[str]:
    return [flag.remote_id for flag in flag_odd_areas(units)]


@pytest.mark.parametrize(
    ("area", "is_odd"), [(200, False), (199, True), (3_200, False), (3_201, True), (800, False)]
)
def test_an_area_far_from_those_of_as_many_bedrooms_is_flagged(area, is_odd):
    units = [unit(1, 800), unit(2, 800), unit(3, area)]
    assert odd(*units) == (["unit_3"] if is_odd else [])


def test_the_middle_of_an_even_number_lies_between_two():
    units = [unit(1, 200), unit(2, 400), unit(3, 401), unit(4, 1_603)]
    assert odd(*units) == ["unit_4"]
    assert odd(*units[:3], unit(4, 1_602)) == []


def test_only_as_many_bedrooms_are_compared():
    large = [unit(number, 2_500, 4) for number in range(3)]
    assert odd(*large, *(unit(number, 450, 0) for number in range(3, 6))) == []
    assert odd(*large, unit(6, 450, "4.00")) == ["unit_6"]


@pytest.mark.parametrize(
    "other",
    [
        unit(3, 5_000, None),
        unit(3, None),
        unit(3, 5_000, billable=False),
        # Flagged on its own page already.
        unit(3, 20_000),
    ],
)
def test_what_cannot_be_compared_is_not_flagged_here(other):
    assert odd(unit(1, 800), unit(2, 800), unit(4, 800), other) == []


def test_of_two_units_nobody_can_tell_which_is_wrong():
    assert odd(unit(1, 500), unit(2, 5_000)) == []


def test_the_flag_tells_the_usual_area_and_stands_for_the_unit_alone():
    (flag,) = flag_odd_areas([unit(1, 800), unit(2, 810), unit(3, 5_000)])
    (again,) = flag_odd_areas([unit(1, 700), unit(2, 710), unit(3, 5_000)])
    assert (flag.kind, flag.label) == ("odd_value", "Unit 3")
    assert "5,000 square feet" in flag.message
    assert "no more than 810" in flag.message
    assert flag.digest == again.digest


def house_of(*areas: int) -> FakeGateway:
    """Make units of these areas; the last one has another flaw as well."""
    rows = [make_unit(f"unit_{number}", square_feet=area) for number, area in enumerate(areas)]
    return FakeGateway(units=[*rows[:-1], rows[-1]._replace(bathrooms=Decimal(0))])


def areas_flagged(**which: object) -> list[str]:
    items = ReviewItem.objects.filter(kind="odd_value", record_kind="unit_area", **which)
    return list(items.values_list("remote_id", flat=True))


def test_a_full_sync_flags_an_odd_area_once_beside_other_flaws(house, clock):
    for _ in range(3):
        run = sync(house, house_of(800, 820, 810, 5_000), clock())
        clock.advance(hours=1)
    assert areas_flagged() == ["unit_3"]
    assert run.flagged == ReviewItem.objects.filter(resolved_at=None).count() == 2


def test_an_odd_area_does_not_come_back_after_a_person_decided_it(cast, house, clock):
    sync(house, house_of(800, 820, 810, 5_000), clock())
    item = ReviewItem.objects.get(record_kind="unit_area")
    resolve_review_item(item=item, note="A penthouse.", by=cast.manager, now=clock())
    for last in (820, 890):
        clock.advance(hours=1)
        sync(house, house_of(800, last, 810, 5_000), clock())
    assert areas_flagged() == ["unit_3"]
    assert areas_flagged(resolved_at=None) == []


def test_an_area_that_was_corrected_closes_its_flag(house, clock):
    sync(house, house_of(800, 820, 810, 5_000), clock())
    clock.advance(hours=1)
    sync(house, house_of(800, 820, 810, 500), clock(), updated_since=clock())
    assert areas_flagged(resolved_at=None) == ["unit_3"]
    clock.advance(hours=1)
    sync(house, house_of(800, 820, 810, 500), clock())
    assert areas_flagged(resolved_at=None) == []


def test_a_sync_of_changes_compares_no_areas(house, clock):
    sync(house, house_of(800, 820, 810, 5_000), clock(), updated_since=clock())
    assert areas_flagged() == []
