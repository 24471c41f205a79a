"""Units, tenants, leases and payments."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from integrations.models import PropertyLink
from portfolios.models import Lease, LeaseStatus, Unit, UnitOverride

LEASES = "/api/v1/leases"


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def of_place(place):
    return f"/api/v1/properties/{place.pk}"


def test_units_are_listed_page_by_page(program, of_place):
    first = program.get(f"{of_place}/units").json()
    assert first["pagination"] == {"total": 48, "page": 1, "limit": 20, "totalPages": 3}
    last = program.get(f"{of_place}/units?page=3").json()["data"]
    assert len(last) == 8
    numbers = [unit["unitNumber"] for unit in [*first["data"], *last]]
    assert len(set(numbers)) == 28


def test_a_value_is_stated_over_what_the_pms_says_and_cleared_again(program, place):
    unit = Unit.objects.filter(property=place, sqft__isnull=False).earliest("pk")
    one = f"/api/v1/units/{unit.pk}"
    before = program.get(one).json()
    stated = program.call(
        "PATCH", one, {"sqft": 712, "bedrooms": Decimal("1.5"), "occupied": False}
    ).json()

    values = {"sqft": 712, "bedrooms": Decimal("1.5"), "occupied": False}
    named = {"typedByHand": stated["typedByHand"]}
    assert stated == before | values | named
    assert set(stated["typedByHand"]) == set(values)
    program.call("PATCH", one, {"sqft": None})
    assert program.get(one).json()["sqft"] == before["sqft"]
    program.call("PATCH", one, {"bedrooms": None, "occupied": None})
    assert program.get(one).json() == before


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"sqft": 0}, "sqft"),
        ({"sqft": Decimal("1.5")}, "sqft"),
        ({"bedrooms": Decimal("0.3")}, "bedrooms"),
        ({"occupantCount": 31}, "occupantCount"),
        ({"occupied": "yes"}, "occupied"),
        ({"unitNumber": "7"}, "unitNumber"),
    ],
)
def test_what_no_unit_can_have_is_refused(program, place, wrong, field):
    unit = place.units.first()
    refused = program.call("PATCH", f"/api/v1/units/{unit.pk}", wrong)
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == [field]
    assert not UnitOverride.objects.exists()


@pytest.mark.parametrize("size", [b"1e999999999", b"1e-999999999", b"123456789012345"])
def test_a_huge_number_is_refused_at_once(program, place, size):
    refused = program.call(
        "PATCH", f"/api/v1/units/{place.units.first().pk}", b'{"sqft": %s}' % size
    )
    assert refused.status_code == 422


def test_a_lease_comes_with_its_property_and_its_tenant(program, place):
    lease = Lease.objects.filter(unit__property=place).exclude(resident_name="").earliest("pk")
    shown = program.get(f"{LEASES}/{lease.pk}").json()
    assert shown["property"] == program.get(f"/api/v1/properties/{place.pk}").json()
    assert shown["tenant"] == {"id": str(lease.pk), "name": lease.resident_name}
    tenant = program.get(f"/api/v1/tenants/{shown['tenant']['id']}").json()
    assert (tenant["name"], tenant["leaseId"]) == (lease.resident_name, str(lease.pk))
    of_unit = program.get(f"/api/v1/units/{lease.unit_id}/tenants").json()
    assert tenant in of_unit["data"]


def test_leases_are_narrowed_by_property(program, place):
    of_place = program.get(f"{LEASES}?property_id={place.pk}&limit=100").json()
    assert {lease["propertyId"] for lease in of_place["data"]} == {str(place.pk)}
    assert program.get(f"{LEASES}?property_id=999999").json()["pagination"]["total"] == 0


@pytest.fixture
def one_of_each(small):
    """Let each of the three leases, and two more, stand somewhere else."""
    first, second, third = Lease.objects.order_by("pk")
    over = {"status": LeaseStatus.PAST, "contract_end_date": date(2025, 12, 1)}
    Lease.objects.filter(pk=second.pk).update(end_date=date(2025, 12, 1), **over)
    Lease.objects.filter(pk=third.pk).update(end_date=date(2025, 7, 1), **over)
    more = {"unit": first.unit, "first_seen_at": first.first_seen_at}
    gone = Lease.objects.create(
        propexo_lease_id="gone",
        status=LeaseStatus.ACTIVE,
        missing_since=first.first_seen_at,
        **more,
    )
    open_end = Lease.objects.create(
        propexo_lease_id="open", status=LeaseStatus.PAST, start_date=date(2020, 1, 1), **more
    )
    future = Lease.objects.create(
        propexo_lease_id="next", status=LeaseStatus.FUTURE, start_date=date(2028, 1, 1), **more
    )
    return {
        "active": [first.pk],
        "expired": [second.pk, open_end.pk],
        "terminated": [third.pk, gone.pk],
        "future": [future.pk],
    }


@pytest.mark.parametrize("status", ["active", "expired", "terminated"])
@pytest.mark.parametrize("path", [LEASES, "/api/v1/tenants"])
def test_each_status_selects_what_is_shown_with_it(program, one_of_each, status, path):
    found = program.get(f"{path}?status={status}").json()["data"]
    assert [int(each["id"]) for each in found] == one_of_each[status]
    assert {each["status"] for each in found} == {status}


def test_every_lease_has_a_status_of_its_own(program, one_of_each):
    shown = program.get(LEASES).json()["data"]
    by_status: dict[str, list[int]] = {status: [] for status in one_of_each}
    for lease in shown:
        by_status[lease["status"]].append(int(lease["id"]))
    assert by_status == one_of_each


@pytest.mark.parametrize(
    "query", ["status=evicted", "status=future", "limit=101", "limit=0", "page=0", "property_id=x"]
)
def test_a_filter_that_makes_no_sense_is_refused(program, query):
    refused = program.get(f"{LEASES}?{query}")
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == [query.split("=")[0]]


def test_a_page_of_leases_takes_as_many_queries_as_one(
    program, place, django_assert_max_num_queries
):
    program.get(LEASES)
    with django_assert_max_num_queries(12) as one:
        program.get(f"{LEASES}?limit=1")
    with django_assert_max_num_queries(len(one)):
        program.get(f"{LEASES}?limit=40")


def test_payments_are_those_that_the_pms_shows_now(program, place):
    answer = program.get(f"/api/v1/payments?property_id={place.pk}&limit=5").json()
    assert answer["pagination"]["total"] > 5
    assert answer["unreadable"] == 0
    days = [payment["paymentDate"] for payment in answer["data"]]
    assert days == sorted(days, reverse=True)
    for payment in answer["data"]:
        lease = Lease.objects.get(pk=payment["leaseId"])
        assert payment["propexoLeaseId"] == lease.propexo_lease_id
        assert (payment["propertyId"], payment["currency"]) == (str(place.pk), "USD")


def test_payments_are_asked_for_by_property(program, place):
    assert program.get("/api/v1/payments").status_code == 422
    PropertyLink.objects.all().delete()
    refused = program.get(f"/api/v1/payments?property_id={place.pk}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_linked")
