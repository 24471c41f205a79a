"""Properties: what they are made of, who keeps them, and what goes when they go."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.db.models import Model

from billing import property_deletion
from billing.models import Charge, PostingJob, UtilityBill
from billing.property_deletion import NAMED
from billing.statements.kept import statement_folder, statement_pdf
from billing.tests.small_place import small_job
from integrations.models import SyncRun, SyncState
from meterbase.tests.api.programs import program_of
from portfolios.models import AuditEvent, Property, Unit
from portfolios.operations.portfolios import create_portfolio

moment = datetime.fromisoformat


def count_all(model: type[Model]) -> int:
    return model._base_manager.count()


SUNSET = {
    "name": "Sunset Apartments",
    "streetNumber": "123",
    "street": "Main Street",
    "city": "San Francisco",
    "state": "CA",
    "zip": "94102",
    "country": "US",
}
PROPERTIES = "/api/v1/properties"


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def sunset(program):
    return program.post(PROPERTIES, SUNSET).json()


def test_the_documented_example_runs_from_list_to_delete(program, place):
    listed = program.get(f"{PROPERTIES}?page=1&limit=5").json()
    assert listed["pagination"] == {"total": 1, "page": 1, "limit": 5, "totalPages": 1}

    made = program.post(PROPERTIES, SUNSET)
    assert made.status_code == 201
    one = f"{PROPERTIES}/{made.json()['id']}"
    assert program.get(one).json() == made.json()

    changed = program.call("PATCH", one, {"name": "Sunset Luxury Apartments"})
    assert changed.status_code == 200
    assert changed.json()["name"] == "Sunset Luxury Apartments"

    assert len(program.get(f"{one}/sharerules").json()["data"]) == 6
    deleted = program.call("DELETE", one)
    assert (deleted.status_code, deleted.json()["success"]) == (200, True)
    assert program.get(one).status_code == 404


def test_a_property_has_the_promised_keys_and_is_active(sunset):
    assert {name: sunset[name] for name in SUNSET} == SUNSET
    promised = {*SUNSET, "id", "isActive", "createdAt", "updatedAt"}
    assert set(sunset) == promised | {"portfolioId", "propexoPropertyId"}
    assert isinstance(sunset["id"], str)
    assert sunset["isActive"] is True
    assert moment(sunset["createdAt"]) <= moment(sunset["updatedAt"])


@pytest.mark.parametrize(
    ("field", "longest"),
    [("name", 255), ("streetNumber", 50), ("street", 255), ("city", 100), ("state", 50)],
)
def test_each_text_may_be_as_long_as_promised_and_no_longer(program, sunset, field, longest):
    assert program.post(PROPERTIES, {**SUNSET, field: "x" * longest}).status_code == 201
    for refused in (
        program.post(PROPERTIES, {**SUNSET, field: "x" * (longest + 1)}),
        program.call("PATCH", f"{PROPERTIES}/{sunset['id']}", {field: "x" * (longest + 1)}),
        program.post(PROPERTIES, {**SUNSET, field: "  "}),
        program.post(PROPERTIES, {key: each for key, each in SUNSET.items() if key != field}),
    ):
        assert refused.status_code == 422
        assert list(refused.json()["error"]["details"]) == [field]


def test_a_text_that_is_too_long_is_told_how_long_it_may_be(program):
    refused = program.post(PROPERTIES, {**SUNSET, "city": "x" * 101}).json()["error"]
    assert refused["details"] == {"city": ["may have at most 100 characters"]}
    page = program.get(f"{PROPERTIES}?limit=101").json()["error"]
    assert page["message"] == "limit must be at most 100."


@pytest.mark.parametrize("code", ["USA", "us", "us1", "XX", ""])
def test_a_country_is_a_two_letter_code_that_there_is(program, code):
    refused = program.post(PROPERTIES, {**SUNSET, "country": code})
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == ["country"]


def test_what_the_server_sets_is_refused_from_the_caller(program):
    assert program.post(PROPERTIES, {**SUNSET, "id": "7"}).status_code == 422
    assert program.post(PROPERTIES, {**SUNSET, "createdAt": "2020-01-01"}).status_code == 422


@pytest.mark.parametrize(
    "said",
    [
        {"streetNumber": "12 rear", "street": "Main Street"},
        {"zip": "02134", "state": "Massachusetts"},
        {"zip": "94102-1234"},
        {"country": "CA", "state": "Ontario", "zip": "K1A 0B1"},
    ],
)
def test_what_was_written_is_given_back_as_it_was(program, said):
    made = program.post(PROPERTIES, {**SUNSET, **said}).json()
    expected = said | ({"state": "MA"} if said.get("state") == "Massachusetts" else {})
    assert {name: made[name] for name in said} == expected


def test_pages_show_the_joined_form_of_an_address(program, sunset):
    program.call("PATCH", f"{PROPERTIES}/{sunset['id']}", {"streetNumber": "9"})
    place = Property.objects.get(pk=sunset["id"])
    assert (place.address, place.state, place.zip_code) == ("9 Main Street", "CA", "94102")


def test_a_change_moves_the_time_of_the_last_change_and_leaves_the_rest(program, sunset):
    changed = program.call("PATCH", f"{PROPERTIES}/{sunset['id']}", {"city": "Oakland"}).json()
    assert changed == {**sunset, "city": "Oakland", "updatedAt": changed["updatedAt"]}
    assert moment(changed["updatedAt"]) > moment(sunset["updatedAt"])
    assert AuditEvent.objects.filter(verb="property.updated", subject_id=sunset["id"]).count() == 1


def test_what_a_pms_says_of_a_property_is_changed_there(program, place):
    refused = program.call("PATCH", f"{PROPERTIES}/{place.pk}", {"name": "Other"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "kept_by_pms")


def test_a_property_is_archived_and_taken_back(program, sunset):
    one = f"{PROPERTIES}/{sunset['id']}"
    assert program.call("PATCH", one, {"isActive": False}).json()["isActive"] is False
    assert program.get(PROPERTIES).json()["data"][0]["isActive"] is False
    assert program.call("PATCH", one, {"isActive": True}).json()["isActive"] is True


def test_a_property_with_open_bills_is_not_archived(program, small):
    refused = program.call("PATCH", f"{PROPERTIES}/{small.property_id}", {"isActive": False})
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_finished")


def test_a_change_whose_second_half_is_refused_is_not_made_at_all(program, sunset):
    one = f"{PROPERTIES}/{sunset['id']}"
    bill = {
        "propertyId": sunset["id"],
        "utilityType": "gas",
        "periodStart": "2026-02-01",
        "periodEnd": "2026-03-01",
        "amount": "120.00",
    }
    program.post("/api/v1/utility-bills", bill)
    refused = program.call("PATCH", one, {"name": "Other", "isActive": False})
    assert refused.status_code == 409
    assert program.get(one).json() == sunset


def test_a_page_of_properties_takes_as_many_queries_as_one(
    program, sunset, django_assert_max_num_queries
):
    program.post(PROPERTIES, {**SUNSET, "name": "Second"})
    with django_assert_max_num_queries(10) as one:
        program.get(f"{PROPERTIES}?limit=1")
    with django_assert_max_num_queries(len(one)):
        assert len(program.get(PROPERTIES).json()["data"]) == 2


def test_a_key_that_reaches_several_portfolios_has_to_say_which(program, cast, now):
    other = create_portfolio(name="Second", by=cast.manager, now=now)
    refused = program.post(PROPERTIES, SUNSET)
    assert (refused.status_code, list(refused.json()["error"]["details"])) == (422, ["portfolioId"])

    made = program.post(PROPERTIES, {**SUNSET, "portfolioId": str(other.pk)})
    assert made.json()["portfolioId"] == str(other.pk)
    confined = program_of(cast.manager, now=now, portfolios=[other])
    assert confined.post(PROPERTIES, SUNSET).json()["portfolioId"] == str(other.pk)


def test_whoever_prepares_nothing_makes_no_property(programs):
    assert programs["viewer"].post(PROPERTIES, SUNSET).status_code == 403
    assert not Property.objects.exists()


def test_deleting_takes_all_that_belongs_to_the_property_and_nothing_else(
    program, rows, sunset, django_capture_on_commit_callbacks
):
    statement = rows.statement
    statement_pdf(statement)
    printed = statement_folder() / f"{statement.pdf_sha256}.pdf"
    counts = {name: count_all(model) for name, model in NAMED.items()}

    with django_capture_on_commit_callbacks(execute=True):
        answer = program.call("DELETE", f"{PROPERTIES}/{rows.place.pk}")

    assert answer.json()["deleted"] == counts
    gone: list[type[Model]] = [*NAMED.values(), Charge, PostingJob]
    assert not any(map(count_all, gone))
    assert [place.pk for place in Property.objects.all()] == [int(sunset["id"])]
    assert not printed.exists()
    (event,) = AuditEvent.objects.filter(verb="property.deleted")
    assert event.before == counts


def test_nothing_is_deleted_once_money_was_posted(program, cast, now, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    place = small_job(cast, now).calculation.bill.property
    refused = program.call("DELETE", f"{PROPERTIES}/{place.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "money_posted")
    assert UtilityBill.objects.filter(property=place).exists()


def test_a_property_that_is_being_synced_is_not_deleted(program, place, now):
    SyncRun.objects.update(state=SyncState.RUNNING)
    refused = program.call("DELETE", f"{PROPERTIES}/{place.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")


@pytest.mark.parametrize("wrong", ["abc", "0", "9" * 30, "1e3"])
def test_an_id_that_is_no_property_is_not_found(program, wrong):
    assert program.get(f"{PROPERTIES}/{wrong}").status_code == 404


@pytest.mark.django_db(transaction=True)
def test_what_somebody_adds_meanwhile_stops_the_deletion_as_a_whole(program, sunset, monkeypatch):
    def delete_and_be_overtaken(belongings):
        delete(belongings)
        Unit.objects.create(
            property_id=sunset["id"],
            propexo_unit_id="late",
            unit_number="1",
            first_seen_at=moment(sunset["createdAt"]),
        )

    delete = property_deletion._delete
    monkeypatch.setattr(property_deletion, "_delete", delete_and_be_overtaken)
    refused = program.call("DELETE", f"{PROPERTIES}/{sunset['id']}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "in_use")
    assert program.get(f"{PROPERTIES}/{sunset['id']}").status_code == 200
    assert not Unit.objects.exists()
