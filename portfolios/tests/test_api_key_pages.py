from __future__ import annotations

import pytest
from django.urls import reverse

from portfolios.models import ApiKey
from portfolios.operations.api_keys import create_api_key, find_key
from portfolios.tests.pages import check_page, text_of, the

LIST = reverse("portfolios:api-key-list")


@pytest.fixture
def made(cast, now):
    return create_api_key(user=cast.viewer, name="Nightly", by=cast.viewer, now=now)


CHOSEN = {"name": "Nightly", "scopes": ["charges:read"], "reach": "every"}


def owner_of(secret: str, now):
    key = find_key(secret=secret, now=now)
    return key.user if key else None


def revoke_url(key: ApiKey) -> str:
    return reverse("portfolios:api-key-revoke", args=[key.pk])


def test_the_secret_is_shown_once(cast, signed_in, now):
    client = signed_in(cast.viewer)
    response = client.post(LIST, CHOSEN)
    page = check_page(response)
    secret = str(the(page, "#new-secret")["value"])
    assert owner_of(secret, now) == cast.viewer
    assert "no-store" in response.headers["Cache-Control"]
    again = client.get(LIST)
    check_page(again)
    assert secret not in again.content.decode()


def test_a_key_without_a_name_is_refused_with_a_sentence(cast, signed_in):
    client = signed_in(cast.viewer)
    assert "Give the key a name." in text_of(check_page(client.post(LIST, CHOSEN | {"name": ""})))
    page = check_page(client.post(LIST, CHOSEN | {"name": "x" * 81}))
    assert "at most 80 characters" in text_of(page)
    assert not ApiKey.objects.exists()


def test_the_list_shows_my_own_keys_only(cast, made, signed_in):
    mine = check_page(signed_in(cast.viewer).get(LIST))
    assert "Nightly" in text_of(mine)
    assert made.key.prefix in text_of(mine)
    assert "Nightly" not in text_of(check_page(signed_in(cast.manager).get(LIST)))


def test_a_key_is_revoked_after_a_question(cast, made, signed_in, now):
    client = signed_in(cast.viewer)
    page = check_page(client.get(revoke_url(made.key)))
    assert "Revoke the key Nightly?" in text_of(page)
    assert owner_of(made.secret, now) == cast.viewer
    response = client.post(revoke_url(made.key))
    assert response.headers["Location"] == LIST
    assert find_key(secret=made.secret, now=now) is None
    page = check_page(client.get(LIST))
    assert "Revoked" in text_of(page)
    assert page.select(f'a[href="{revoke_url(made.key)}"]') == []


@pytest.mark.parametrize("who", ["manager", "stranger"])
def test_another_persons_key_does_not_exist(cast, made, signed_in, now, who):
    client = signed_in(getattr(cast, who))
    assert client.get(revoke_url(made.key)).status_code == 404
    assert client.post(revoke_url(made.key)).status_code == 404
    assert owner_of(made.secret, now) == cast.viewer


def test_what_a_key_may_do_and_where_has_to_be_chosen(cast, signed_in):
    client = signed_in(cast.viewer)
    nothing = text_of(check_page(client.post(LIST, {"name": "Nightly", "reach": "chosen"})))

    assert "Tick at least one thing that the program may do." in nothing
    assert "Tick at least one portfolio." in nothing
    assert not ApiKey.objects.exists()


def test_a_key_is_made_for_chosen_portfolios_only(cast, signed_in):
    client = signed_in(cast.viewer)
    chosen = CHOSEN | {"reach": "chosen", "portfolios": [cast.portfolio.pk]}
    check_page(client.post(LIST, chosen))
    key = ApiKey.objects.get()

    assert (key.every_portfolio, list(key.portfolios.all())) == (False, [cast.portfolio])
    assert (key.scopes, key.plan) == (["charges:read"], "standard")


def test_somebody_elses_portfolio_cannot_be_chosen(cast, signed_in):
    client = signed_in(cast.stranger)
    chosen = CHOSEN | {"reach": "chosen", "portfolios": [cast.portfolio.pk]}

    assert "Tick only portfolios of yours." in text_of(check_page(client.post(LIST, chosen)))
    assert not ApiKey.objects.exists()


def test_only_support_staff_chooses_the_plan(cast, signed_in):
    client = signed_in(cast.viewer)
    check_page(client.post(LIST, CHOSEN | {"plan": "enterprise"}))
    cast.viewer.is_staff = True
    cast.viewer.save()
    check_page(client.post(LIST, CHOSEN | {"plan": "enterprise"}))

    assert sorted(ApiKey.objects.values_list("plan", flat=True)) == ["enterprise", "standard"]
