from __future__ import annotations

import pytest

from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import CHARGE, Client

MODELS = (
    "properties",
    "units",
    "leases",
    "residents",
    "charge-codes",
    "financial-accounts",
    "resident-payments",
)
ORDER = "order-by=created_at:asc,id:asc"


@pytest.fixture(scope="module")
def many(tmp_path_factory):
    """A sandbox with a connection for every PMS, only read."""
    pms = ("appfolio", "buildium", "resman", "rentmanager", "entrata", "mri")
    data_dir = tmp_path_factory.mktemp("many")
    with running_sandbox(data_dir=data_dir, properties=2, pms=pms) as running:
        yield Client(running.base_url)


def results(client, path):
    return client.get(path).body["results"]


def ids(client, path):
    return [record["id"] for record in results(client, path)]


def test_a_list_has_the_documented_envelope(full):
    body = full.get(f"/v1/units/?limit=2&offset=4&{ORDER}").body
    assert list(body) == ["meta", "results"]
    assert body["meta"] == {
        "offset": 4,
        "limit": 2,
        "orderBy": [
            {"field": "created_at", "direction": "asc"},
            {"field": "id", "direction": "asc"},
        ],
        "hasMore": True,
        "total": 150,
    }


@pytest.mark.parametrize("model", MODELS)
def test_a_record_is_the_same_in_the_list_and_alone(full, model):
    first = results(full, f"/v1/{model}/?limit=1")[0]
    alone = full.get(f"/v1/{model}/{first['id']}?limit=1").body
    assert alone["results"] == first
    assert alone["meta"]["orderBy"]


@pytest.mark.parametrize("model", MODELS)
def test_every_record_says_where_it_comes_from(full, model):
    for record in results(full, f"/v1/{model}/?limit=250"):
        assert record["integration_id"] in {"conn_001", "conn_auth_failed"}
        assert record["integration_vendor"] in {"YARDI", "REALPAGE_RPX"}
        assert record["property_id"].startswith("prop_")
        assert record["created_at"] <= record["updated_at"]
        assert record["last_seen"].endswith("Z")


@pytest.mark.parametrize("model", MODELS)
def test_pages_in_a_stable_order_hold_everything_once(full, model):
    walked, offset = [], 0
    while True:
        body = full.get(f"/v1/{model}/?limit=70&offset={offset}&{ORDER}").body
        walked += [record["id"] for record in body["results"]]
        if not body["meta"]["hasMore"]:
            break
        offset += 70
    assert len(walked) == len(set(walked)) == body["meta"]["total"]


def test_lists_are_newest_first_unless_asked_otherwise(full):
    made = [record["created_at"] for record in results(full, "/v1/units/?property_id=prop_001")]
    assert made == sorted(made, reverse=True)
    assert ids(full, "/v1/units/?order-by=id&limit=1") == ["unit_001_0001"]


def test_no_rows_are_asked_for_and_none_come(full):
    body = full.get("/v1/units/?limit=0").body
    assert (body["results"], body["meta"]["hasMore"]) == ([], True)


@pytest.mark.parametrize(
    "query",
    [
        "limit=251",
        "limit=-1",
        "limit=many",
        "offset=-1",
        "order-by=secret",
        "order-by=created_at:sideways",
        "integration_vendor=OTHER",
        "updated_at_gte=yesterday",
        "x_id=101",
        "x_id=101&integration_id=conn_001",
        "x_property_id=p001",
        "unit_number=304",
    ],
)
def test_a_wrong_query_is_refused_with_issues(full, query):
    answer = full.get(f"/v1/units/?{query}")
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert answer.details["issues"][0]["path"]


def test_parameters_that_nobody_knows_are_passed_over(full):
    assert ids(full, "/v1/units/?page=2&per_page=50") == ids(full, "/v1/units/")


def test_units_are_found_by_every_filter(full):
    place = "integration_id=conn_001&x_property_id=p001"
    for query in (
        "property_id=prop_001&unit_number=304",
        f"{place}&x_id=304",
        "property_id=prop_001&unit_number=304&integration_vendor=YARDI",
    ):
        assert ids(full, f"/v1/units/?{query}") == ["unit_001_0028"]
    assert ids(full, "/v1/units/?location_id=1") == []


def test_an_unknown_property_has_nothing_and_is_no_error(full):
    answer = full.get("/v1/units/?property_id=prop_404")
    assert (answer.status, answer.body["results"], answer.body["meta"]["total"]) == (200, [], 0)


@pytest.mark.parametrize("model", [*MODELS, "resident-charges"])
def test_a_record_that_is_not_there_is_not_found(full, model):
    answer = full.get(f"/v1/{model}/nobody?limit=1")
    assert (answer.status, answer.code) == (404, "not_found")


def test_a_property_has_a_flat_address(full):
    record = full.get("/v1/properties/prop_002?limit=1").body["results"]
    assert (record["address_1"], record["city"], record["zip"]) == (
        "860-880 N Larrabee St",
        "Chicago",
        "60614-3127",
    )
    assert record["number_of_units"] == 48
    assert record["square_feet"] is None
    assert "address" not in record


def test_rooms_are_text_and_vacancy_has_a_third_state(full):
    units = results(full, "/v1/units/?property_id=prop_002&limit=250")
    assert {unit["is_vacant"] for unit in units} == {True, False, None}
    assert "1.5" in {unit["bathrooms"] for unit in units}
    assert {type(unit["bedrooms"]) for unit in units} == {str, type(None)}
    half = next(unit for unit in units if unit["bathrooms"] == "1.5")
    assert (half["bathrooms_full"], half["bathrooms_half"]) == (1, 1)


def test_the_first_property_has_three_vacant_units(full):
    units = results(full, "/v1/units/?property_id=prop_001&limit=250")
    assert {unit["number"] for unit in units if unit["is_vacant"]} == {"107", "212", "403"}


def test_a_studio_is_written_as_a_word_by_some_pms(many):
    units = results(many, "/v1/units/?property_id=prop_appfolio&limit=250")
    assert "Studio" in {unit["bedrooms"] for unit in units}


def test_those_who_live_there_are_as_many_as_the_other_contract_counts(full):
    unified = full.get("/v1/units?property_id=prop_001&per_page=200").body["data"]
    counts = {
        unit["current_lease"]["id"]: unit["current_lease"]["occupant_count"]
        for unit in unified
        if unit["current_lease"]
    }
    leases = results(full, "/v1/leases/?property_id=prop_001&status_normalized=ACTIVE&limit=250")
    assert {lease["id"] for lease in leases} == set(counts)
    for lease in leases:
        living = [
            person
            for person in lease["residents_meta_data"]
            if person["resident_type_normalized"] != "GUARANTOR" and not person["move_out_date"]
        ]
        assert len(living) == counts[lease["id"]]


def test_leases_name_guarantors_former_roommates_and_one_primary(full):
    leases = results(full, "/v1/leases/?property_id=prop_001&status_normalized=ACTIVE&limit=250")
    people = [person for lease in leases for person in lease["residents_meta_data"]]
    kinds = {person["resident_type_normalized"] for person in people}
    assert kinds == {"PRIMARY", "SECONDARY", "OTHER", "GUARANTOR"}
    assert any(person["move_out_date"] for person in people)
    primaries = [p for p in people if p["resident_type_normalized"] == "PRIMARY"]
    assert len(primaries) == len(leases)


def test_where_the_pms_does_not_count_people_the_list_is_missing(full):
    leases = results(full, "/v1/leases/?property_id=prop_002&limit=250")
    assert {"residents_meta_data" in lease for lease in leases} == {True, False}


def test_lease_days_are_midnight_and_month_to_month_goes_on_past_its_end(full):
    leases = results(full, "/v1/leases/?property_id=prop_001&limit=250")
    assert all(lease["start_date"].endswith("T00:00:00.000Z") for lease in leases)
    rolling = [lease for lease in leases if lease["type"] == "Month to Month"]
    assert {lease["status_normalized"] for lease in rolling} == {"ACTIVE"}
    assert any((lease["end_date"] or "9") < "2026" for lease in rolling)
    assert any(lease["end_date"] is None for lease in rolling)


def test_leases_are_found_by_every_filter(full):
    lease = results(full, "/v1/leases/?unit_id=unit_001_0028&status_normalized=ACTIVE")[0]
    resident = lease["residents_meta_data"][1]["resident_id"]
    place = "property_id=prop_001"
    for query in (
        f"{place}&resident_id={resident}",
        f"{place}&unit_number=304&status_raw=Current",
        f"{place}&unit_number=304&only_null_move_outs=true",
        f"integration_id=conn_001&x_property_id=p001&x_unit_id=304&x_id={lease['x_id']}",
        "unit_id=unit_001_0028&after_move_in_date=2023-01-01&only_null_move_outs=true",
        "unit_id=unit_001_0028&before_move_in_date=2026-01-01&only_null_move_outs=true",
    ):
        assert ids(full, f"/v1/leases/?{query}") == [lease["id"]], query


def test_leases_are_found_by_the_day_of_moving_out(full):
    past = results(full, "/v1/leases/?property_id=prop_001&before_move_out_date=2026-01-01")
    assert past
    assert {lease["status_normalized"] for lease in past} == {"INACTIVE"}


def test_a_resident_is_passed_over_in_silence_beside_a_move_date(full):
    dated = "/v1/leases/?property_id=prop_001&after_move_in_date=2023-01-01"
    assert ids(full, f"{dated}&resident_id=nobody") == ids(full, dated)
    assert ids(full, "/v1/leases/?property_id=prop_001&resident_id=nobody") == []


def test_some_leases_name_their_unit_by_its_number_only(many):
    leases = results(many, "/v1/leases/?property_id=prop_entrata&limit=250")
    loose = [lease for lease in leases if lease["unit_id"] is None]
    assert loose
    assert all(lease["unit_number"] for lease in loose)


def test_residents_say_which_lease_they_are_on(full):
    lease_id = ids(full, "/v1/leases/?unit_id=unit_001_0028&status_normalized=ACTIVE")[0]
    people = results(full, f"/v1/residents/?lease_id={lease_id}")
    assert {person["leases_meta_data"][0]["lease_id"] for person in people} == {lease_id}
    assert [p["leases_meta_data"][0]["resident_type_normalized"] for p in people].count(
        "PRIMARY"
    ) == 1


def test_codes_and_accounts_have_ids_of_their_own_in_each_property(full):
    for model in ("charge-codes", "financial-accounts"):
        first = results(full, f"/v1/{model}/?property_id=prop_001")
        second = results(full, f"/v1/{model}/?property_id=prop_002")
        assert {row["name"] for row in first} == {row["name"] for row in second}
        assert not {row["id"] for row in first} & {row["id"] for row in second}
    assert ids(full, "/v1/financial-accounts/?property_id=prop_001&account_number=4410-0000") == [
        "fa_001_02"
    ]


@pytest.mark.parametrize(
    ("pms", "codes", "accounts"),
    [("buildium", False, True), ("resman", True, False), ("entrata", True, True)],
)
def test_a_pms_has_codes_or_accounts_or_both(many, pms, codes, accounts):
    found = [
        bool(ids(many, f"/v1/{model}/?integration_id=conn_{pms}"))
        for model in ("charge-codes", "financial-accounts")
    ]
    assert found == [codes, accounts]


def test_what_changed_since_is_asked_by_change_and_by_sight(client, sandbox):
    leases = "/v1/leases/?integration_id=conn_001&limit=250"
    before = "2026-02-01T00:00:00.000Z"
    assert ids(client, f"{leases}&updated_at_gte={before}") == []
    assert ids(client, f"{leases}&last_seen_gte={before}") == []
    everything = ids(client, leases)
    assert ids(client, f"{leases}&updated_at_lte={before}") == everything
    control = Client(sandbox.base_url, key="")
    control.post("/_sandbox/leases/lease_001_0035/end", {"end_date": "2026-03-15"})
    assert ids(client, f"{leases}&updated_at_gte={before}") == ["lease_001_0035"]
    assert ids(client, f"{leases}&last_seen_gte={before}") == everything
    ended = client.get("/v1/leases/lease_001_0035?limit=1").body["results"]
    assert (ended["status_normalized"], ended["realized_move_out_date"]) == (
        "INACTIVE",
        "2026-03-15T00:00:00.000Z",
    )


def test_a_record_that_vanished_stays_with_a_sight_that_grows_old(client, sandbox):
    control = Client(sandbox.base_url, key="")
    control.call("DELETE", "/_sandbox/units/unit_001_0009")
    control.post("/_sandbox/leases/lease_001_0035/end", {"end_date": "2026-03-15"})
    gone, other = (
        client.get(f"/v1/units/{unit_id}?limit=1").body["results"]["last_seen"]
        for unit_id in ("unit_001_0009", "unit_001_0010")
    )
    assert gone < other
    assert client.get("/v1/units/unit_001_0009").status == 404


def test_filters_by_time_can_be_refused_as_older_documents_would(tmp_path):
    with running_sandbox(
        data_dir=tmp_path, properties=1, units=2, refuse_freshness=True
    ) as running:
        client = Client(running.base_url)
        answer = client.get("/v1/leases/?updated_at_gte=2026-01-01T00:00:00Z")
        assert client.get("/v1/leases/").status == 200
    assert (answer.status, answer.code) == (400, "invalid_request")
    assert answer.details["issues"][0]["keys"] == ["updated_at_gte"]


def test_a_login_that_expired_hides_nothing_that_was_read_before(full):
    assert len(ids(full, "/v1/units/?property_id=prop_locked")) == 6


def test_a_charge_of_the_other_contract_is_in_this_one_too(client):
    posted = client.post("/v1/charges", CHARGE).body
    path = "/v1/resident-charges/?property_id=prop_001&transaction_date_start=2026-04-01"
    charge = results(client, f"{path}&transaction_date_end=2026-04-01")[0]
    assert (charge["id"], charge["amount_in_cents"], charge["amount_raw"]) == (
        posted["id"],
        14250,
        "142.50",
    )
    assert charge["transaction_date"] == "2026-04-01T00:00:00.000Z"
    assert charge["description"] == CHARGE["description"]
    assert (charge["lease_id"], charge["charge_code_id"]) == (posted["lease_id"], "cc_001_02")
    assert ids(client, "/v1/resident-charges/?transaction_date_start=2026-04-02") == []
