from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import PropertyLink, ReviewItem
from integrations.operations.imports import ImportReport, import_properties
from integrations.pms import errors
from integrations.pms.records import MalformedRecord
from integrations.tests.fake_gateway import FakeGateway, make_property
from portfolios.models import AuditEvent, Membership, Portfolio, Property, Role


def bring(cast, connection, gateway, now, *ids: str, portfolio=None) -> ImportReport:
    return import_properties(
        connection=connection,
        portfolio=portfolio or cast.portfolio,
        propexo_property_ids=ids,
        gateway=gateway,
        by=cast.manager,
        now=now,
    )


def skipped(report: ImportReport) -> dict[str, str]:
    return {entry.propexo_property_id: entry.reason for entry in report.skipped}


def test_the_chosen_properties_are_created_and_no_others(cast, connection, gateway, now):
    report = bring(cast, connection, gateway, now, "prop_001", "prop_003")
    assert [place.name for place in report.created] == [
        "Maplewood Court Apartments",
        "The Gables at Putnam",
    ]
    assert set(Property.objects.values_list("propexo_property_id", flat=True)) == {
        "prop_001",
        "prop_003",
    }
    assert (report.updated, report.unchanged, report.skipped) == ((), (), ())
    assert AuditEvent.objects.filter(verb="property.imported").count() == 2


def test_everything_that_the_pms_says_is_stored(cast, connection, gateway, now):
    (place,) = bring(cast, connection, gateway, now, "prop_001").created
    place.refresh_from_db()
    assert (place.portfolio, place.created_at) == (cast.portfolio, now)
    assert (place.address, place.city) == ("1420 Kinney Ave", "Austin")
    assert (place.state, place.zip_code) == ("TX", "78704")
    assert place.unit_count == 48
    assert place.square_footage
    assert (place.link.connection, place.link.imported_by) == (connection, cast.manager)
    assert (place.link.imported_at, place.link.last_synced_at) == (now, None)


def test_a_pms_without_a_total_area_leaves_it_unknown(cast, connection, gateway, now):
    (place,) = bring(cast, connection, gateway, now, "prop_002").created
    assert place.square_footage is None
    assert (place.zip_code, place.raw_zip_code) == ("60614", "60614-3127")


def test_a_state_in_full_is_stored_as_two_letters_beside_the_original(
    cast, connection, gateway, now
):
    (place,) = bring(cast, connection, gateway, now, "prop_003").created
    assert (place.state, place.raw_state, place.zip_code) == ("MA", "Massachusetts", "02139")


def test_a_second_import_updates_and_makes_no_second_one(cast, connection, now):
    later = now + timedelta(days=1)
    bring(cast, connection, FakeGateway(properties=[make_property()]), now, "prop_x")
    changed = FakeGateway(properties=[make_property(name="Oakwood", unit_count=3)])
    report = bring(cast, connection, changed, later, "prop_x")
    place = Property.objects.get()
    assert report.updated == (place,)
    assert (place.name, place.unit_count, place.created_at) == ("Oakwood", 3, now)
    event = AuditEvent.objects.get(verb="property.updated")
    assert (event.before["name"], event.after["name"]) == ("Maplewood", "Oakwood")
    assert PropertyLink.objects.count() == 1


def test_a_second_import_of_the_same_says_unchanged(cast, connection, now):
    gateway = FakeGateway(properties=[make_property()])
    bring(cast, connection, gateway, now, "prop_x")
    report = bring(cast, connection, gateway, now, "prop_x")
    assert report.unchanged == (Property.objects.get(),)
    assert AuditEvent.objects.filter(verb="property.updated").count() == 0


def test_an_id_that_was_ticked_twice_is_imported_once(cast, connection, now):
    gateway = FakeGateway(properties=[make_property()])
    report = bring(cast, connection, gateway, now, "prop_x", "prop_x")
    assert len(report.created) == 1
    assert (report.unchanged, report.skipped) == ((), ())


def test_a_property_of_another_portfolio_is_skipped(cast, connection, now):
    second = Portfolio.objects.create(name="Second", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=second, role=Role.MANAGER)
    gateway = FakeGateway(properties=[make_property(), make_property("prop_y")])
    bring(cast, connection, gateway, now, "prop_x")
    report = bring(cast, connection, gateway, now, "prop_x", "prop_y", portfolio=second)
    assert skipped(report) == {"prop_x": "It was imported into another portfolio before."}
    assert [place.propexo_property_id for place in report.created] == ["prop_y"]
    assert Property.objects.get(propexo_property_id="prop_x").portfolio == cast.portfolio


def test_an_id_that_the_pms_does_not_show_is_named(cast, connection, gateway, now):
    report = bring(cast, connection, gateway, now, "prop_001", "prop_999")
    assert list(skipped(report)) == ["prop_999"]
    assert "shows no property prop_999" in skipped(report)["prop_999"]
    assert len(report.created) == 1


def test_a_bad_row_is_flagged_once_and_stops_nothing(cast, connection, now):
    later = now + timedelta(days=1)
    bad = MalformedRecord("property", "prop_bad", ("unit_count is -1.",), '{"unit_count": -1}')
    gateway = FakeGateway(properties=[bad, make_property()])
    for moment in (now, later):
        report = bring(cast, connection, gateway, moment, "prop_bad", "prop_x")
        assert skipped(report) == {"prop_bad": "It could not be read: unit_count is -1."}
    assert Property.objects.count() == 1
    item = ReviewItem.objects.get()
    assert (item.kind, item.record_kind, item.remote_id) == ("unreadable", "property", "prop_bad")
    assert (item.found_at, item.last_found_at, item.raw) == (now, later, '{"unit_count": -1}')
    assert (item.portfolio, item.property) == (cast.portfolio, None)


@pytest.mark.parametrize("place_of_break", ["at once", "in the middle"])
def test_a_list_that_breaks_off_imports_nothing(cast, connection, now, place_of_break):
    error = errors.Unavailable("No answer.")
    gateway = (
        FakeGateway(error=error)
        if place_of_break == "at once"
        else FakeGateway(properties=[make_property()], errors_after={"properties": error})
    )
    with pytest.raises(errors.Unavailable):
        bring(cast, connection, gateway, now, "prop_x")
    assert not Property.objects.exists()
