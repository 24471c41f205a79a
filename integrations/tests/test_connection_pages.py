from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus
from integrations.operations.connections import CHECK_ID, CHECK_KEY
from integrations.pms.records import ConnectionHealth
from integrations.tests.fake_gateway import FakeGateway, make_connection
from portfolios.models import Membership, Portfolio, Property, Role
from portfolios.tests.pages import check_page, text_of

NEW = reverse("integrations:connection-create")


def filled(cast, **changes: object) -> dict[str, object]:
    values = {
        "propexo_connection_id": "conn_001",
        "pms": "yardi_voyager",
        "portfolio": cast.portfolio.pk,
    }
    return values | changes


def url_of(connection: Connection, name: str = "detail") -> str:
    return reverse(f"integrations:connection-{name}", args=[connection.pk])


def test_the_form_asks_for_what_propexo_knows_and_no_password(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(NEW))
    form = page.select("main form")[0]
    names = [field["name"] for field in form.select("input, select, textarea")]
    assert names == [
        "csrfmiddlewaretoken",
        "propexo_connection_id",
        "pms",
        "integration_id",
        "transaction_batch_id",
        "portfolio",
        "confirm_beta",
    ]
    assert form.select('input[type="password"]') == []
    assert len(form.select("#id_pms option")) == 1 + 10
    assert text_of(form.select("button")[0]) == "Connect"


def test_the_only_portfolio_is_chosen_already(cast, signed_in, now):
    page = check_page(signed_in(cast.manager).get(NEW))
    (chosen,) = page.select("#id_portfolio option[selected]")
    assert text_of(chosen) == "Lakeside"
    second = Portfolio.objects.create(name="Second", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=second, role=Role.MANAGER)
    page = check_page(signed_in(cast.manager).get(NEW))
    (chosen,) = page.select("#id_portfolio option[selected]")
    assert text_of(chosen) == "Choose a portfolio"


def test_only_portfolios_that_i_manage_are_offered(cast, signed_in, now):
    second = Portfolio.objects.create(name="Second", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=second, role=Role.VIEWER)
    page = check_page(signed_in(cast.manager).get(NEW))
    names = [text_of(option) for option in page.select("#id_portfolio option")]
    assert names == ["Lakeside"]


def test_connecting_leads_to_what_can_be_imported(cast, sandbox, signed_in):
    client = signed_in(cast.manager)
    response = client.post(NEW, filled(cast, integration_id="int_7"))
    connection = Connection.objects.get()
    assert response.headers["Location"] == url_of(connection, "import")
    assert connection.integration_id == "int_7"
    page = check_page(client.get(url_of(connection, "import")))
    assert "Maplewood Court Apartments" in text_of(page)
    assert "is connected" in text_of(page)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"propexo_connection_id": ""}, "Enter the Connection ID that the Propexo dashboard"),
        ({"propexo_connection_id": "x" * 101}, "at most 100 characters"),
        ({"pms": ""}, "Choose the PMS behind the connection."),
        ({"pms": "paper"}, "Choose one of the PMS types in the list."),
        ({"portfolio": ""}, "Choose a portfolio."),
        ({"integration_id": "x" * 101}, "at most 100 characters"),
    ],
)
def test_a_wrong_field_is_answered_by_a_sentence_and_nothing_is_stored(
    cast, sandbox, signed_in, changes, sentence
):
    response = signed_in(cast.manager).post(NEW, filled(cast, **changes))
    assert sentence in text_of(check_page(response))
    assert not Connection.objects.exists()


def test_a_portfolio_that_i_do_not_manage_is_refused(cast, sandbox, signed_in):
    elsewhere = Portfolio.objects.get(name="Elsewhere")
    response = signed_in(cast.manager).post(NEW, filled(cast, portfolio=elsewhere.pk))
    assert "in which you are a property manager" in text_of(check_page(response))
    assert not Connection.objects.exists()


def test_an_id_that_propexo_does_not_know_is_an_error_on_its_field(cast, sandbox, signed_in):
    response = signed_in(cast.manager).post(NEW, filled(cast, propexo_connection_id="conn_none"))
    page = check_page(response)
    assert page.select("#id_propexo_connection_id.is-invalid")
    assert "Propexo has no connection conn_none." in text_of(page)
    assert CHECK_ID in text_of(page)
    assert not Connection.objects.exists()


def test_a_wrong_pms_type_is_an_error_on_its_field(cast, sandbox, signed_in):
    page = check_page(signed_in(cast.manager).post(NEW, filled(cast, pms="buildium")))
    assert page.select("#id_pms.is-invalid")
    assert "not to Buildium" in text_of(page)


def test_a_wrong_key_is_explained(cast, sandbox, signed_in, settings):
    settings.PROPEXO_API_KEY = "px_live_wrong"
    response = signed_in(cast.manager).post(NEW, filled(cast))
    assert CHECK_KEY in text_of(check_page(response))
    assert "px_live_wrong" not in response.content.decode()


def test_without_a_key_nothing_is_asked(cast, signed_in, settings):
    settings.PROPEXO_API_KEY = ""
    page = check_page(signed_in(cast.manager).post(NEW, filled(cast)))
    assert "MeterBase has no Propexo API key yet." in text_of(page)
    assert not Connection.objects.exists()


@pytest.mark.parametrize(("pms", "provider"), [("rentvine", "rentvine"), ("resman", "resman")])
def test_a_beta_platform_needs_one_more_confirmation(cast, signed_in, monkeypatch, pms, provider):
    gateway = FakeGateway(connection=make_connection(provider=provider))
    monkeypatch.setattr(
        "integrations.operations.connections.find_gateway", lambda **_which: gateway
    )
    client = signed_in(cast.manager)
    page = check_page(client.post(NEW, filled(cast, pms=pms)))
    assert "is Beta: try it in a test environment first." in text_of(page)
    assert gateway.calls == []
    assert not Connection.objects.exists()
    client.post(NEW, filled(cast, pms=pms, confirm_beta="on"))
    assert Connection.objects.get().pms == pms


@pytest.mark.parametrize("who", ["accountant", "viewer", "stranger"])
def test_whoever_manages_nothing_is_told_so_and_refused(cast, sandbox, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(NEW))
    assert "You manage no portfolio" in text_of(page)
    assert page.select("main form") == []
    assert client.post(NEW, filled(cast)).status_code == 403
    assert not Connection.objects.exists()


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_a_connection_shows_its_state_and_properties(cast, place, signed_in, who):
    connection = place.link.connection
    page = check_page(signed_in(getattr(cast, who)).get(url_of(connection)))
    words = text_of(page)
    assert "Status Active" in words
    assert "Confirmed by Propexo 2 Apr 2026, 09:00 UTC" in words
    assert "Last sync 2 Apr 2026, 09:00 UTC" in words
    assert "Maplewood Court Apartments" in text_of(page.select("tbody tr")[0])
    import_links = page.select(f'.page-actions a[href="{url_of(connection, "import")}"]')
    assert [text_of(link) for link in import_links] == (
        ["Import Properties"] if who == "manager" else []
    )


@pytest.mark.parametrize(
    ("proven", "words"),
    [
        (True, "Charge posting works, as Propexo last proved"),
        (False, "Charge posting not offered for this PMS"),
        (None, "Charge posting not tried by Propexo yet"),
    ],
)
def test_a_connection_says_whether_charges_can_be_posted(
    cast, connection, signed_in, proven, words
):
    Connection.objects.update(can_post_charges=proven)
    page = text_of(check_page(signed_in(cast.viewer).get(url_of(connection))))
    assert words in page
    assert "batch ID" not in page


def test_a_connection_that_was_never_synced_says_how_long_it_takes(cast, connection, signed_in):
    words = text_of(check_page(signed_in(cast.viewer).get(url_of(connection))))
    assert "a first sync takes 5 to 60 minutes" in words


def test_a_property_in_a_portfolio_that_i_am_not_in_is_not_shown(cast, place, signed_in):
    elsewhere = Portfolio.objects.get(name="Elsewhere")
    Property.objects.filter(pk=place.pk).update(portfolio=elsewhere)
    page = check_page(signed_in(cast.viewer).get(url_of(place.link.connection)))
    assert "Maplewood" not in text_of(page)


def test_a_connection_does_not_exist_for_a_stranger(cast, connection, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url_of(connection)).status_code == 404
    assert client.post(url_of(connection, "renew")).status_code == 404


def test_a_manager_says_that_the_login_was_renewed(cast, connection, signed_in):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED, status_note="It expired.")
    client = signed_in(cast.manager)
    page = check_page(client.get(url_of(connection)))
    assert "It expired." in text_of(page)
    (form,) = page.select(f'form[action="{url_of(connection, "renew")}"]')
    assert text_of(form) == "I have renewed it"
    response = client.post(url_of(connection, "renew"), follow=True)
    assert "Propexo can log in again." in text_of(check_page(response))
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.ACTIVE


def test_a_login_that_is_still_expired_is_said_to_be(cast, connection, signed_in, monkeypatch):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    remote = make_connection(health=ConnectionHealth.AUTH_FAILED)
    monkeypatch.setattr(
        "integrations.operations.connections.find_gateway",
        lambda **_which: FakeGateway(connection=remote),
    )
    response = signed_in(cast.manager).post(url_of(connection, "renew"), follow=True)
    assert "can no longer log in" in text_of(check_page(response))
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_cannot_take_a_connection_up_again(cast, connection, signed_in, who):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url_of(connection)))
    assert "Only a property manager of this portfolio can take the connection" in text_of(page)
    assert client.post(url_of(connection, "renew")).status_code == 403
    connection.refresh_from_db()
    assert connection.status == ConnectionStatus.LOGIN_EXPIRED
