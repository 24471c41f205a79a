from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from integrations.models import PropertyLink
from integrations.pms import errors
from integrations.pms.records import MalformedRecord
from integrations.tests.fake_gateway import FakeGateway, make_connection, make_property
from portfolios.models import AuditEvent, Membership, Portfolio, Property, Role
from portfolios.tests.pages import check_page, text_of

IDS = "propexo_property_ids"


@pytest.fixture
def here(connection) -> str:
    return reverse("integrations:connection-import", args=[connection.pk])


@pytest.fixture
def pretend(monkeypatch):
    def use(gateway: FakeGateway) -> None:
        monkeypatch.setattr("integrations.views.imports.open_gateway", lambda _connection: gateway)

    return use


def rows_of(page) -> list[str]:
    return [text_of(row) for row in page.select("tbody tr")]


def ticked(page) -> list[str]:
    return [str(box["value"]) for box in page.select(f'input[name="{IDS}"][checked]')]


def test_the_list_comes_live_from_the_pms_and_viewing_it_stores_nothing(cast, here, signed_in):
    events = AuditEvent.objects.count()
    page = check_page(signed_in(cast.manager).get(here))
    assert len(rows_of(page)) == 3
    assert rows_of(page)[0].startswith(
        "Maplewood Court Apartments 1420 Kinney Ave, Austin, TX, 78704 48"
    )
    assert rows_of(page)[0].endswith("New")
    assert ticked(page) == ["prop_001", "prop_002", "prop_003"]
    assert not Property.objects.exists()
    assert AuditEvent.objects.count() == events


def test_the_connections_portfolio_is_chosen_already(cast, here, signed_in, now):
    another = Portfolio.objects.create(name="Another", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=another, role=Role.MANAGER)
    page = check_page(signed_in(cast.manager).get(here))
    assert [text_of(option) for option in page.select("#id_portfolio option")] == [
        "Another",
        "Lakeside",
    ]
    assert text_of(page.select("#id_portfolio option[selected]")[0]) == "Lakeside"


def test_only_what_was_ticked_is_imported(cast, here, signed_in):
    sent = {IDS: ["prop_001", "prop_003"], "portfolio": cast.portfolio.pk}
    page = check_page(signed_in(cast.manager).post(here, sent))
    created = Property.objects.order_by("propexo_property_id")
    assert [place.propexo_property_id for place in created] == ["prop_001", "prop_003"]
    assert [place.portfolio for place in created] == [cast.portfolio] * 2
    assert len(rows_of(page)) == 2
    syncs = [form["action"] for form in page.select("main form")]
    assert sorted(syncs) == sorted(
        reverse("integrations:property-sync", args=[place.pk]) for place in created
    )


def test_what_was_imported_before_is_marked_and_can_be_brought_up_to_date(
    cast, place, here, signed_in
):
    client = signed_in(cast.manager)
    page = check_page(client.get(here))
    assert rows_of(page)[0].endswith("Imported into Lakeside")
    assert ticked(page) == ["prop_002", "prop_003"]
    assert len(page.select(f'input[name="{IDS}"]')) == 3
    Property.objects.update(name="Old name")
    page = check_page(client.post(here, {IDS: ["prop_001"], "portfolio": cast.portfolio.pk}))
    assert "Updated 1" in text_of(page)
    page = check_page(client.post(here, {IDS: ["prop_001"], "portfolio": cast.portfolio.pk}))
    assert "Unchanged 1" in text_of(page)


def test_what_is_in_a_portfolio_that_i_am_not_in_cannot_be_ticked_and_is_not_named(
    cast, place, here, signed_in
):
    elsewhere = Portfolio.objects.get(name="Elsewhere")
    Property.objects.filter(pk=place.pk).update(portfolio=elsewhere)
    response = signed_in(cast.manager).get(here)
    page = check_page(response)
    assert "Imported into a portfolio that you are not in" in rows_of(page)[0]
    assert "Elsewhere" not in response.content.decode()
    assert len(page.select(f'input[name="{IDS}"]')) == 2


def test_what_was_skipped_is_listed_with_its_reason(cast, place, here, signed_in, now):
    second = Portfolio.objects.create(name="Second", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=second, role=Role.MANAGER)
    sent = {IDS: ["prop_001", "prop_none"], "portfolio": second.pk}
    words = text_of(check_page(signed_in(cast.manager).post(here, sent)))
    assert "prop_001: It was imported into another portfolio before." in words
    assert "prop_none: The PMS shows no property prop_none on this connection." in words
    assert "Skipped 2" in words


def test_a_row_that_cannot_be_read_is_named_and_cannot_be_ticked(cast, here, signed_in, pretend):
    bad = MalformedRecord("property", "prop_bad", ("unit_count is -1.", "name is 5."), "{}")
    pretend(FakeGateway(connection=make_connection(), properties=[bad, make_property()]))
    page = check_page(signed_in(cast.manager).get(here))
    assert "prop_bad unit_count is -1. name is 5. Could not be read" in rows_of(page)[0]
    assert ticked(page) == ["prop_x"]


def test_a_property_that_propexo_does_not_load_says_so_and_is_not_ticked(
    cast, here, signed_in, pretend
):
    off = make_property("prop_off", name="Elm Court", enabled=False)
    on = make_property("prop_on", enabled=True)
    pretend(FakeGateway(connection=make_connection(), properties=[off, on]))
    page = check_page(signed_in(cast.manager).get(here))
    assert "Switched off in Propexo" in rows_of(page)[0]
    assert "Switched off in Propexo" not in rows_of(page)[1]
    assert ticked(page) == ["prop_on"]


def test_ticking_nothing_is_answered_by_a_sentence_and_leaves_nothing_ticked(cast, here, signed_in):
    page = check_page(signed_in(cast.manager).post(here, {"portfolio": cast.portfolio.pk}))
    assert "Tick at least one property." in text_of(page)
    assert ticked(page) == []
    assert not Property.objects.exists()


def test_importing_without_a_portfolio_is_refused_and_keeps_the_ticks(cast, here, signed_in):
    page = check_page(signed_in(cast.manager).post(here, {IDS: ["prop_002"], "portfolio": ""}))
    assert "Choose a portfolio." in text_of(page)
    assert ticked(page) == ["prop_002"]
    assert not Property.objects.exists()


def test_a_portfolio_that_i_do_not_manage_is_refused(cast, here, signed_in):
    elsewhere = Portfolio.objects.get(name="Elsewhere")
    sent = {IDS: ["prop_002"], "portfolio": elsewhere.pk}
    page = check_page(signed_in(cast.manager).post(here, sent))
    assert "in which you are a property manager" in text_of(page)
    assert not Property.objects.exists()


@pytest.mark.parametrize(
    ("read_at", "words"),
    [
        (timezone.now() - timedelta(hours=3, minutes=1), "PMS data from 3 hours ago"),
        (None, "Propexo has not said when it last read the PMS."),
    ],
)
def test_the_page_says_how_old_the_list_is(cast, here, signed_in, pretend, read_at, words):
    remote = make_connection(last_synced_at=read_at)
    pretend(FakeGateway(connection=remote, properties=[make_property()]))
    assert words in text_of(check_page(signed_in(cast.manager).get(here)))


def test_an_empty_list_says_why_it_may_be_empty(cast, here, signed_in, pretend):
    pretend(FakeGateway(connection=make_connection()))
    words = text_of(check_page(signed_in(cast.manager).get(here)))
    assert "a first sync takes 5 to 30 minutes" in words
    assert "Propexo dashboard" in words
    assert "extra permissions" in words


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.PmsLoginExpired("The login has expired."), "Renew the PMS login in the Propexo"),
        (errors.Unavailable("Propexo did not answer."), "Try again in a few minutes"),
        (errors.ApiKeyRefused("Unknown key."), "PROPEXO_API_KEY"),
        (errors.UnreadableAnswer("Odd."), "tell support"),
    ],
)
def test_a_pms_that_cannot_be_read_is_explained(
    cast, here, signed_in, pretend, method, error, words
):
    pretend(FakeGateway(error=error))
    sent = {IDS: ["prop_001"], "portfolio": cast.portfolio.pk}
    response = getattr(signed_in(cast.manager), method)(here, sent)
    page = check_page(response)
    assert error.message in text_of(page)
    assert words in text_of(page)
    assert not PropertyLink.objects.exists()


def test_without_a_key_the_page_says_what_is_missing(cast, here, signed_in, settings):
    settings.PROPEXO_API_KEY = ""
    words = text_of(check_page(signed_in(cast.manager).get(here)))
    assert "Propexo is not configured" in words


@pytest.mark.parametrize(
    ("who", "status"), [("accountant", 403), ("viewer", 403), ("stranger", 404)]
)
def test_only_a_manager_imports(cast, here, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.get(here).status_code == status
    sent = {IDS: ["prop_001"], "portfolio": cast.portfolio.pk}
    assert client.post(here, sent).status_code == status
    assert not Property.objects.exists()
