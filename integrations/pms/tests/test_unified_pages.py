from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice

import pytest
import responses

from integrations.pms.errors import NotFound, PmsError, PmsLoginExpired, UnreadableAnswer
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import (
    MalformedRecord,
    PmsPayment,
)
from integrations.pms.tests.wire import BASE, LAST_PAGE, serve, serve_rows
from meterbase.lib.exact_json import write_json

UPDATED = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


def payment(number: int) -> dict[str, object]:
    return {
        "id": f"pay_{number}",
        "lease_id": "lease_1",
        "amount": 1,
        "received_on": "2026-04-03",
    }


def serve_page(wire: responses.RequestsMock, cursor: str, following: object, *numbers: int) -> None:
    pagination = {"next_cursor": following, "has_more": following is not None}
    wire.get(
        f"{BASE}/v1/payments",
        body=write_json({"data": [payment(n) for n in numbers], "pagination": pagination}).decode(),
        match=[
            responses.matchers.query_param_matcher(
                {"property_id": "prop_1", "cursor": cursor, "per_page": "200"}
            )
        ],
    )


def test_it_follows_cursors_to_the_last_page(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve_page(wire, "", "a&b", 1, 2)
    serve_page(wire, "a&b", "c", 3)
    serve_page(wire, "c", None)
    found = list(gateway.list_payments(property_id="prop_1"))
    assert [row.payment_id for row in found if isinstance(row, PmsPayment)] == [
        "pay_1",
        "pay_2",
        "pay_3",
    ]
    assert len(wire.calls) == 3


def test_it_reads_a_page_only_when_it_is_wanted(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve_page(wire, "", "next", 1, 2)
    listing = gateway.list_payments(property_id="prop_1")
    assert len(wire.calls) == 0
    assert len(list(islice(listing, 2))) == 2
    assert len(wire.calls) == 1


@pytest.mark.parametrize("back_to", ["a", "b"])
def test_a_list_that_goes_round_in_circles_is_an_error(
    wire: responses.RequestsMock, gateway: PmsGateway, back_to: str
) -> None:
    serve_page(wire, "", "a", 1)
    serve_page(wire, "a", "b", 2)
    serve_page(wire, "b", back_to, 3)
    with pytest.raises(UnreadableAnswer, match="circles"):
        list(gateway.list_payments(property_id="prop_1"))


@pytest.mark.parametrize(
    "body",
    [
        {"data": [], "pagination": {"has_more": True, "next_cursor": None}},
        {"data": [], "pagination": {"has_more": True, "next_cursor": ""}},
        {"data": [], "pagination": {"has_more": True, "next_cursor": 7}},
        {"data": [], "pagination": {"has_more": "no", "next_cursor": None}},
        {"data": [], "pagination": {"total": 0, "page": 1, "per_page": 50, "total_pages": 0}},
        {"data": [], "pagination": None},
        {"data": {}, "pagination": LAST_PAGE},
        {"data": []},
        [],
        None,
        {},
    ],
)
def test_a_page_that_is_none_is_an_error_and_never_an_empty_list(
    wire: responses.RequestsMock, gateway: PmsGateway, body: object
) -> None:
    serve(wire, "/v1/payments", body)
    with pytest.raises(UnreadableAnswer):
        list(gateway.list_payments(property_id="prop_1"))


@pytest.mark.parametrize("per_page", [200, 3])
def test_a_page_that_lost_rows_on_the_way_is_an_error(
    wire: responses.RequestsMock, gateway: PmsGateway, per_page: int
) -> None:
    pagination = {"next_cursor": "a", "has_more": True, "per_page": per_page}
    serve(wire, "/v1/payments", {"data": [payment(1), payment(2)], "pagination": pagination})
    with pytest.raises(UnreadableAnswer, match="2 rows instead"):
        list(gateway.list_payments(property_id="prop_1"))


def test_each_page_is_told_when_its_last_row_was_taken(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve_page(wire, "", "a&b", 1, 2)
    serve_page(wire, "a&b", None, 3)
    marks: list[str | None] = []
    rows = gateway.list_payments(property_id="prop_1", on_page=marks.append)
    assert len(list(islice(rows, 2))) == 2
    assert marks == []
    assert len(list(rows)) == 1
    assert marks == ["a&b", None]


def test_a_list_goes_on_at_a_mark(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    serve_page(wire, "a&b", None, 3)
    (row,) = gateway.list_payments(property_id="prop_1", resume_at="a&b")
    assert isinstance(row, PmsPayment)
    assert row.payment_id == "pay_3"


def test_charges_are_sorted_out_by_lease(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    charge = {"unit_id": "unit_1", "amount": 1, "effective_date": "2026-04-01"}
    rows = [charge | {"id": f"chg_{lease}", "lease_id": lease} for lease in ("l1", "l2", None)]
    serve_rows(wire, "/v1/charges", *rows, None)
    found = list(gateway.list_charges(property_id="prop_1", lease_id="l1"))
    assert [type(row).__name__ for row in found] == ["PmsCharge", "PmsCharge", "MalformedRecord"]


def test_there_are_no_write_jobs(gateway: PmsGateway) -> None:
    with pytest.raises(NotFound):
        gateway.read_write_job(job_id="job_1")


@pytest.mark.parametrize("body", ["<html>Sign in</html>", "", '{"data":['])
def test_a_page_that_is_not_json_is_an_error(
    wire: responses.RequestsMock, gateway: PmsGateway, body: str
) -> None:
    wire.get(f"{BASE}/v1/payments", body=body)
    with pytest.raises(UnreadableAnswer, match="not JSON") as caught:
        list(gateway.list_payments(property_id="prop_1"))
    assert caught.value.raw == body


def test_a_bad_row_stands_in_its_place_and_stops_nothing(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve_rows(wire, "/v1/payments", payment(1), {**payment(2), "amount": "?"}, None, payment(3))
    found = list(gateway.list_payments(property_id="prop_1"))
    assert [type(row) for row in found] == [
        PmsPayment,
        MalformedRecord,
        MalformedRecord,
        PmsPayment,
    ]


def test_an_expired_login_comes_as_its_error(
    wire: responses.RequestsMock, gateway: PmsGateway
) -> None:
    serve(wire, "/v1/units", {"error": {"code": "AUTHORIZATION_FAILED"}}, status=403)
    with pytest.raises(PmsLoginExpired, match="Renew the login"):
        list(gateway.list_units(property_id="prop_1"))


def test_the_pace_is_known_after_a_call(wire: responses.RequestsMock, gateway: PmsGateway) -> None:
    before = gateway.rate_limit
    assert before is None
    wire.get(
        f"{BASE}/v1/units",
        status=404,
        headers={"X-RateLimit-Limit": "1000", "X-RateLimit-Remaining": "12"},
    )
    with pytest.raises(PmsError):
        list(gateway.list_units(property_id="prop_1"))
    pace = gateway.rate_limit
    assert pace is not None
    assert pace.remaining == 12
