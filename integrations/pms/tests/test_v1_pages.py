from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from itertools import islice

import pytest
import responses

from integrations.pms.errors import InvalidRequest, PmsError, UnreadableAnswer
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import MalformedRecord, PmsPayment
from integrations.pms.tests.v1_wire import open_v1, page, serve_window
from integrations.pms.tests.wire import BASE
from integrations.pms.transport import Transport

PAYMENTS = "/v1/resident-payments/"
RESIDENTS = "/v1/residents/"
REFUSAL = {"error": {"code": "invalid_request", "message": "Invalid query", "details": {}}}
PROPERTY = {"property_id": "prop_1"}
CHANGED = PROPERTY | {"updated_at_gte": "2026-03-31T08:00:00Z"}
LEDGER = PROPERTY | {"integration_id": "cl_int"}
SINCE = datetime(2026, 3, 31, 8, 0, tzinfo=UTC)


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


def payment(number: int) -> dict[str, object]:
    return {
        "id": f"pay_{number}",
        "lease_id": "lease_1",
        "amount_in_cents": 100,
        "transaction_date": "2026-04-03T00:00:00.000Z",
    }


def resident(number: int) -> dict[str, object]:
    return {"id": f"res_{number}", "first_name": "Zoë", "last_name": "Kim"}


def serve_payments(
    wire: responses.RequestsMock,
    offset: int,
    *numbers: int,
    has_more: object = False,
    **meta: object,
) -> None:
    serve_window(
        wire,
        PAYMENTS,
        page(*map(payment, numbers), has_more=has_more, **meta),
        LEDGER,
        offset=offset,
    )


def payments(gateway: V1Gateway) -> list[str]:
    rows = gateway.list_payments(property_id="prop_1")
    return [row.payment_id for row in rows if isinstance(row, PmsPayment)]


def test_it_goes_on_after_the_rows_that_it_got_until_there_are_no_more(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=True, total=3)
    serve_payments(wire, 2, 3, total=3)
    assert payments(gateway) == ["pay_1", "pay_2", "pay_3"]


@pytest.mark.parametrize("word", [None, "yes", 1])
def test_without_a_word_about_more_only_an_empty_page_is_the_end(
    wire: responses.RequestsMock, gateway: V1Gateway, word: object
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=word)
    serve_payments(wire, 2, *range(3, 253), has_more=word)
    serve_payments(wire, 252, has_more=word)
    assert len(payments(gateway)) == 252
    assert len(wire.calls) == 3


def test_an_empty_page_that_promises_more_is_an_error(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=True)
    serve_payments(wire, 2, has_more=True)
    with pytest.raises(UnreadableAnswer, match="more"):
        payments(gateway)


def test_an_empty_page_without_a_word_about_more_ends_too_early_before_the_total(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=None, total=3)
    serve_payments(wire, 2, has_more=None, total=3)
    with pytest.raises(UnreadableAnswer, match="2 of 3"):
        payments(gateway)


def test_a_list_that_ends_before_its_total_is_an_error(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_payments(wire, 0, 1, 2, total=3)
    with pytest.raises(UnreadableAnswer, match="2 of 3"):
        payments(gateway)


@pytest.mark.parametrize("total", [None, True, "9", 2])
def test_a_total_that_is_none_says_nothing(
    wire: responses.RequestsMock, gateway: V1Gateway, total: object
) -> None:
    serve_payments(wire, 0, 1, 2, total=total)
    assert payments(gateway) == ["pay_1", "pay_2"]


@pytest.mark.parametrize("word", [True, None])
def test_an_offset_that_is_not_heeded_is_noticed(
    wire: responses.RequestsMock, gateway: V1Gateway, word: object
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=word)
    serve_payments(wire, 2, 1, 2, has_more=word)
    with pytest.raises(UnreadableAnswer, match="circles"):
        payments(gateway)


@pytest.mark.parametrize("answer", [[], None, {}, {"results": None}, {"results": {}}])
def test_a_page_that_is_none_is_an_error_and_never_an_empty_list(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object
) -> None:
    serve_window(wire, PAYMENTS, answer, LEDGER)
    with pytest.raises(UnreadableAnswer):
        payments(gateway)


def test_a_list_without_meta_is_read_all_the_same(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, PAYMENTS, {"results": [payment(1)]}, LEDGER)
    serve_window(wire, PAYMENTS, {"results": []}, LEDGER, offset=1)
    assert payments(gateway) == ["pay_1"]


def test_a_bad_row_stands_in_its_place_and_stops_nothing(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    rows = page(payment(1), {**payment(2), "amount_in_cents": "?"}, None, payment(3))
    serve_window(wire, PAYMENTS, rows, LEDGER)
    found = list(gateway.list_payments(property_id="prop_1"))
    kinds = [PmsPayment, MalformedRecord, MalformedRecord, PmsPayment]
    assert [type(row) for row in found] == kinds


def test_each_page_is_told_when_its_last_row_was_taken(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_payments(wire, 0, 1, 2, has_more=True)
    serve_payments(wire, 2, 3)
    marks: list[str | None] = []
    rows = gateway.list_payments(property_id="prop_1", on_page=marks.append)
    assert len(list(islice(rows, 2))) == 2
    assert marks == []
    assert len(list(rows)) == 1
    assert marks == ["whole:2", None]


def test_a_list_goes_on_at_a_mark(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    serve_payments(wire, 2, 3)
    (row,) = gateway.list_payments(property_id="prop_1", resume_at="whole:2")
    assert isinstance(row, PmsPayment)
    assert row.payment_id == "pay_3"


def test_it_asks_for_what_changed_in_utc(wire: responses.RequestsMock, gateway: V1Gateway) -> None:
    serve_window(
        wire,
        RESIDENTS,
        page(resident(1)),
        CHANGED,
    )
    assert len(list(gateway.list_residents(property_id="prop_1", updated_since=SINCE))) == 1


def test_where_changes_cannot_be_asked_for_everything_is_read(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, RESIDENTS, REFUSAL, CHANGED, status=400)
    serve_window(wire, RESIDENTS, page(resident(1), has_more=True), PROPERTY)
    serve_window(wire, RESIDENTS, page(resident(2)), PROPERTY, offset=1)
    marks: list[str | None] = []
    rows = list(
        gateway.list_residents(property_id="prop_1", updated_since=SINCE, on_page=marks.append)
    )
    assert len(rows) == 2
    assert marks == ["whole:1", None]
    asked = len(wire.calls)
    assert len(list(gateway.list_residents(property_id="prop_1", updated_since=SINCE))) == 2
    assert len(wire.calls) == asked + 2


def test_a_narrowed_list_stays_narrow_when_it_is_taken_up_again(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, RESIDENTS, page(resident(1), has_more=True), CHANGED)
    serve_window(wire, RESIDENTS, page(resident(2)), CHANGED, offset=1)
    marks: list[str | None] = []
    rows = gateway.list_residents(property_id="prop_1", updated_since=SINCE, on_page=marks.append)
    assert len(list(rows)) == 2
    assert marks == ["1", None]
    again = gateway.list_residents(property_id="prop_1", updated_since=SINCE, resume_at="1")
    assert len(list(again)) == 1


def test_a_mark_of_a_narrowed_list_is_no_mark_in_the_whole_one(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, RESIDENTS, page(resident(1)), PROPERTY)
    assert len(list(gateway.list_residents(property_id="prop_1", resume_at="1"))) == 1


def test_a_whole_list_stays_whole_when_it_is_taken_up_again(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve_window(wire, RESIDENTS, page(resident(2)), PROPERTY, offset=1)
    rows = gateway.list_residents(property_id="prop_1", updated_since=SINCE, resume_at="whole:1")
    assert len(list(rows)) == 1


@pytest.mark.parametrize("status", [400, 404])
def test_a_refusal_that_is_not_about_the_changes_is_an_error(
    wire: responses.RequestsMock, gateway: V1Gateway, status: int
) -> None:
    serve_window(wire, RESIDENTS, REFUSAL, PROPERTY, status=status)
    with pytest.raises(PmsError) as caught:
        list(gateway.list_residents(property_id="prop_1"))
    assert isinstance(caught.value, InvalidRequest) == (status == 400)
