from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from conftest import Cast
from portfolios.import_plan import ImportPlan, plan_import
from portfolios.models import (
    AuditEvent,
    Property,
    UnitField,
    UnitImport,
    UnitImportRow,
    UnitImportState,
    UnitOverride,
)
from portfolios.operations.unit_import_undo import CannotUndo, plan_undo, undo_unit_import
from portfolios.operations.unit_imports import (
    CannotImport,
    PlanChanged,
    confirm_unit_import,
    discard_unit_import,
    start_unit_import,
)
from portfolios.operations.units import set_unit_values
from portfolios.queries import read_unit
from portfolios.tests.small_house import add_unit, make_house, typed
from portfolios.unit_files.findings import Weight
from portfolios.unit_files.sheets import UnreadableFile
from portfolios.unit_files.tests.making import csv_file


@pytest.fixture
def house(cast) -> Property:
    house = make_house(cast)
    add_unit(house, "101", sqft=800, bedrooms=2)
    add_unit(house, "102")
    add_unit(house, "103", sqft=900)
    return house


class Desk:
    """A manager who brings files."""

    def __init__(self, cast: Cast, house: Property, now: datetime) -> None:
        self.by, self.house, self.now = cast.manager, house, now

    def later(self) -> None:
        self.now += timedelta(minutes=5)

    def read(self, *lines: str, name: str = "units.csv") -> UnitImport:
        return start_unit_import(
            place=self.house,
            file_name=name,
            content=csv_file(*lines),
            by=self.by,
            now=self.now,
        )

    def confirm(self, unit_import: UnitImport, **how: object) -> int:
        choices = {"seen": plan_import(unit_import).digest(), "take_odd": False, "again": False}
        return confirm_unit_import(
            unit_import=unit_import,
            by=self.by,
            now=self.now,
            **{**choices, **how},  # type: ignore[arg-type] # the choices by name
        )

    def bring(self, *lines: str) -> UnitImport:
        unit_import = self.read(*lines)
        self.confirm(unit_import)
        self.later()
        return unit_import

    def type(self, number: str, **values: str | None) -> None:
        unit = self.house.units.get(unit_number=number)
        stated = {UnitField(field): text for field, text in values.items()}
        set_unit_values(unit=unit, values=stated, by=self.by, now=self.now)
        self.later()


@pytest.fixture
def desk(cast, house, now) -> Desk:
    return Desk(cast, house, now)


def changes(plan: ImportPlan) -> list[tuple[str, str, object, object]]:
    return [
        (change.unit_label, change.field.value, change.before, change.value)
        for change in plan.changes
    ]


def left_out(plan: ImportPlan) -> list[int]:
    return [finding.row for finding in plan.of_weight(Weight.LEFT_OUT)]


def snapshot(house: Property) -> list[tuple[object, ...]]:
    rows = UnitOverride.objects.filter(unit__property=house).order_by("unit", "field")
    fields = ("unit", "field", "value", "entered_by", "entered_at", "unit_import")
    return list(rows.values_list(*fields))


def test_a_preview_shows_what_would_change_and_touches_nothing(desk, house):
    unit_import = desk.read("Unit,Sq Ft,Beds,Baths", "101,850,2,", "102,,1,1.5", "999,1,1,1")
    plan = plan_import(unit_import)
    assert changes(plan) == [
        ("101", "sqft", 800, 850),
        ("102", "bedrooms", None, Decimal(1)),
        ("102", "bathrooms", None, Decimal("1.5")),
    ]
    assert (plan.matched, plan.same, plan.untouched) == (2, 1, ("103",))
    assert 4 in left_out(plan)
    assert typed(house) == {}
    assert unit_import.state == UnitImportState.PREVIEW


def test_the_rows_are_kept_as_they_came(desk):
    unit_import = desk.read("Apt,Sq Ft,Resident", '#101 ,"1,050 SF",Zoë Kim')
    row = UnitImportRow.objects.get(unit_import=unit_import)
    assert (row.number, row.unit_text, row.values) == (2, "#101", {"sqft": "1050"})
    assert row.cells == {"Apt": "#101", "Sq Ft": "1,050 SF"}
    assert len(unit_import.sha256) == 64
    assert unit_import.ignored == ["C, Resident"]


def test_an_unreadable_file_leaves_nothing_behind(desk):
    with pytest.raises(UnreadableFile):
        desk.read("Hello,world")
    assert not UnitImport.objects.exists()
    assert not AuditEvent.objects.exists()


def test_confirming_stores_typed_values_with_who_when_and_from_where(desk, house, cast, now):
    unit_import = desk.read("Unit,Sq Ft", "101,850", "102,700")
    assert desk.confirm(unit_import) == 2
    assert typed(house) == {("101", "sqft"): "850", ("102", "sqft"): "700"}
    override = UnitOverride.objects.get(unit__unit_number="101")
    assert (override.entered_by, override.entered_at) == (cast.manager, now)
    assert override.unit_import == unit_import
    unit_import.refresh_from_db()
    assert (unit_import.state, unit_import.applied_by) == ("applied", cast.manager)
    flat = house.units.get(unit_number="101")
    assert (flat.sqft, read_unit(flat).sqft) == (800, 850)


def test_every_unit_has_its_line_in_the_audit_trail(desk, house, cast):
    desk.type("101", bedrooms="3")
    desk.bring("Unit,Sq Ft", "101,850", "102,700")
    events = AuditEvent.objects.filter(verb="unit.values_set", note__contains="units.csv")
    assert [
        (event.subject_label, event.before, event.after) for event in events.order_by("pk")
    ] == [
        ("101", {"bedrooms": "3"}, {"bedrooms": "3", "sqft": "850"}),
        ("102", {}, {"sqft": "700"}),
    ]
    applied = AuditEvent.objects.get(verb="unit_import.applied")
    assert (applied.actor, applied.after) == (cast.manager, {"values": 2, "units": 2})
    assert applied.portfolio == cast.portfolio


def test_what_is_so_already_is_not_typed_over_the_pms(desk, house):
    unit_import = desk.read("Unit,Sq Ft,Beds", "101,800,2.0")
    assert plan_import(unit_import).same == 2
    with pytest.raises(CannotImport, match="no value to set"):
        desk.confirm(unit_import)
    assert typed(house) == {}


def test_an_empty_cell_never_clears_a_value(desk, house):
    desk.type("102", sqft="640")
    desk.bring("Unit,Sq Ft,Beds", "102,null,1")
    assert typed(house) == {("102", "sqft"): "640", ("102", "bedrooms"): "1"}


def test_values_that_stand_out_are_taken_only_on_demand(desk, house):
    lines = ("Unit,Sq Ft,Occupants", "101,20000,2", "102,700,0")
    unit_import = desk.read(*lines)
    plan = plan_import(unit_import)
    assert {(change.unit_label, change.field) for change in plan.odd} == {
        ("101", "sqft"),
        ("102", "occupant_count"),
    }
    assert desk.confirm(unit_import) == 2
    assert typed(house) == {("101", "occupant_count"): "2", ("102", "sqft"): "700"}
    unit_import.refresh_from_db()
    assert unit_import.findings[0]["message"].endswith("It was not taken.")


def test_values_that_stand_out_are_taken_when_a_person_says_so(desk, house):
    unit_import = desk.read("Unit,Sq Ft", "101,20000")
    assert desk.confirm(unit_import, take_odd=True) == 1
    assert typed(house) == {("101", "sqft"): "20000"}


def test_an_area_far_from_those_of_like_units_stands_out(desk, house):
    for number in ("201", "202", "203"):
        add_unit(house, number, sqft=800, bedrooms=2)
    plan = plan_import(desk.read("Unit,Sq Ft,Beds", "102,8000,2", "103,900,2"))
    assert [change.unit_label for change in plan.odd] == ["102"]
    (finding,) = plan.of_weight(Weight.STANDS_OUT)
    assert "far from the 800" in finding.message


def test_rows_of_another_property_are_left_out(desk):
    plan = plan_import(
        desk.read("Property,Unit,Sq Ft", "maplewood ,101,850", "Elmwood,102,700", ",103,950")
    )
    assert [change.unit_label for change in plan.changes] == ["101", "103"]
    assert left_out(plan) == [3]


def test_a_plan_that_changed_since_it_was_seen_is_not_carried_out(desk, house):
    unit_import = desk.read("Unit,Sq Ft", "101,850")
    seen = plan_import(unit_import).digest()
    desk.type("101", sqft="860")
    with pytest.raises(PlanChanged):
        desk.confirm(unit_import, seen=seen)
    assert typed(house) == {("101", "sqft"): "860"}
    assert UnitImport.objects.get().state == UnitImportState.PREVIEW


def test_an_import_is_confirmed_once(desk, house):
    unit_import = desk.read("Unit,Sq Ft", "101,850")
    seen = plan_import(unit_import).digest()
    desk.confirm(unit_import)
    UnitOverride.objects.all().delete()
    with pytest.raises(CannotImport, match="already"):
        desk.confirm(unit_import, seen=seen)
    assert typed(house) == {}


def test_the_same_file_waiting_for_confirmation_is_given_back(desk):
    first = desk.read("Unit,Sq Ft", "101,850")
    assert desk.read("Unit,Sq Ft", "101,850", name="other.csv") == first
    assert UnitImport.objects.count() == 1


def test_the_same_file_once_more_stops_and_asks(desk, house):
    desk.bring("Unit,Sq Ft", "101,850")
    desk.type("101", sqft=None)
    again = desk.read("Unit,Sq Ft", "101,850")
    with pytest.raises(CannotImport, match="imported before"):
        desk.confirm(again)
    assert typed(house) == {}
    assert desk.confirm(again, again=True) == 1


def test_a_discarded_preview_is_over(desk, cast, now):
    unit_import = desk.read("Unit,Sq Ft", "101,850")
    discard_unit_import(unit_import=unit_import, by=cast.manager, now=now)
    with pytest.raises(CannotImport, match="already"):
        desk.confirm(unit_import)
    with pytest.raises(CannotImport, match="already"):
        discard_unit_import(unit_import=unit_import, by=cast.manager, now=now)


def test_undo_brings_back_exactly_what_was_there(desk, house, cast):
    desk.type("101", sqft="820", bedrooms="3")
    earlier = desk.bring("Unit,Sq Ft", "103,910")
    before = snapshot(house)
    unit_import = desk.bring("Unit,Sq Ft,Beds", "101,850,1", "102,700,1", "103,920,2")
    done = undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    assert (len(done.restorable), done.left) == (6, ())
    assert snapshot(house) == before
    assert before[-1][-1] == earlier.pk
    unit_import.refresh_from_db()
    assert (unit_import.state, unit_import.ended_by) == ("undone", cast.manager)
    assert not unit_import.changes.filter(is_restored=False).exists()
    undone = undo_unit_import(unit_import=earlier, by=cast.manager, now=desk.now)
    assert len(undone.restorable) == 1


def test_undo_leaves_and_names_what_was_changed_since(desk, house, cast):
    unit_import = desk.bring("Unit,Sq Ft", "101,850", "102,700", "103,950")
    desk.type("101", sqft="860")
    desk.type("102", sqft=None)
    done = undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    assert [str(change.unit) for change in done.left] == ["101", "102"]
    assert typed(house) == {("101", "sqft"): "860"}
    restored = unit_import.changes.filter(is_restored=True)
    assert [str(change.unit) for change in restored] == ["103"]


def test_undo_tells_the_audit_trail_of_each_unit(desk, house, cast):
    desk.type("101", sqft="820")
    unit_import = desk.bring("Unit,Sq Ft", "101,850", "102,700")
    undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    events = AuditEvent.objects.filter(verb="unit.values_set", note__contains="undone")
    assert [(event.before, event.after) for event in events.order_by("pk")] == [
        ({"sqft": "850"}, {"sqft": "820"}),
        ({"sqft": "700"}, {}),
    ]
    assert AuditEvent.objects.get(verb="unit_import.undone").after == {"restored": 2, "left": 0}


def test_only_an_applied_import_is_undone_and_only_once(desk, cast):
    waiting = desk.read("Unit,Sq Ft", "103,950")
    with pytest.raises(CannotUndo):
        undo_unit_import(unit_import=waiting, by=cast.manager, now=desk.now)
    unit_import = desk.bring("Unit,Sq Ft", "101,850")
    undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    with pytest.raises(CannotUndo):
        undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)


def test_an_import_that_another_one_covered_can_be_undone_after_it(desk, house, cast):
    first = desk.bring("Unit,Sq Ft", "101,850")
    second = desk.bring("Unit,Sq Ft", "101,860")
    assert plan_undo(first).restorable == ()
    with pytest.raises(CannotUndo, match="changed since"):
        undo_unit_import(unit_import=first, by=cast.manager, now=desk.now)
    undo_unit_import(unit_import=second, by=cast.manager, now=desk.now)
    undo_unit_import(unit_import=first, by=cast.manager, now=desk.now)
    assert typed(house) == {}


def test_undo_does_not_bring_back_an_import_that_was_itself_undone(desk, house, cast):
    desk.type("101", sqft="820")
    before = snapshot(house)
    first = desk.bring("Unit,Sq Ft,Beds", "101,850,1", "102,700,", "103,950,")
    second = desk.bring("Unit,Sq Ft,Beds", "101,860,1.5", "102,710,")
    third = desk.bring("Unit,Sq Ft", "101,870")
    for unit_import in (first, second, third):
        undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    assert snapshot(house) == before
    event = AuditEvent.objects.filter(verb="unit.values_set").latest("pk")
    assert (event.before, event.after) == ({"sqft": "870"}, {"sqft": "820"})


def test_undo_stops_at_an_import_that_still_counts(desk, house, cast):
    first = desk.bring("Unit,Sq Ft", "101,850")
    second = desk.bring("Unit,Sq Ft", "101,860", "102,700")
    third = desk.bring("Unit,Sq Ft", "101,870")
    for unit_import in (second, third):
        undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    assert typed(house) == {("101", "sqft"): "850"}
    assert UnitOverride.objects.get().unit_import == first


def test_hundreds_of_units_are_stored_in_few_statements(
    desk, house, cast, now, django_assert_max_num_queries
):
    units = house.units.model.objects
    units.bulk_create(
        units.model(
            property=house, propexo_unit_id=f"u{n}", unit_number=f"{n:05}", first_seen_at=now
        )
        for n in range(600)
    )
    lines = (f"{n:05},800,2,1,2" for n in range(600))
    unit_import = desk.read("Unit,Sq Ft,Beds,Baths,Occupants", *lines)
    with django_assert_max_num_queries(100):
        desk.confirm(unit_import)
    assert UnitOverride.objects.count() == 2_400
    with django_assert_max_num_queries(40):
        undo_unit_import(unit_import=unit_import, by=cast.manager, now=desk.now)
    assert UnitOverride.objects.count() == 0
