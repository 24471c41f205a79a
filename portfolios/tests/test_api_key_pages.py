from __future__ import annotations

import pytest
from django.urls import reverse

from portfolios.models import ApiKey
from portfolios.operations.api_keys import create_api_key, find_user_by_secret
from portfolios.tests.pages import check_page, text_of, the

LIST = reverse("portfolios:api-key-list")


@pytest.fixture
def made(cast, now):
    return create_api_key(user=cast.viewer, name="Nightly", by=cast.viewer, now=now)


def revoke_url(key: ApiKey) -> str:
    return reverse("portfolios:api-key-revoke", args=[key.pk])


def test_the_secret_is_shown_once(cast, signed_in, now):
    client = signed_in(cast.viewer)
    response = client.post(LIST, {"name": "Nightly"})
    page = check_page(response)
    secret = str(the(page, "#new-secret")["value"])
    assert find_user_by_secret(secret=secret, now=now) == cast.viewer
    assert "no-store" in response.headers["Cache-Control"]
    again = client.get(LIST)
    check_page(again)
    assert secret not in again.content.decode()


def test_a_key_without_a_name_is_refused_with_a_sentence(cast, signed_in):
    client = signed_in(cast.viewer)
    assert "Give the key a name." in text_of(check_page(client.post(LIST, {"name": ""})))
    page = check_page(client.post(LIST, {"name": "x" * 81}))
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
    assert find_user_by_secret(secret=made.secret, now=now) == cast.viewer
    response = client.post(revoke_url(made.key))
    assert response.headers["Location"] == LIST
    assert find_user_by_secret(secret=made.secret, now=now) is None
    page = check_page(client.get(LIST))
    assert "Revoked" in text_of(page)
    assert page.select(f'a[href="{revoke_url(made.key)}"]') == []


@pytest.mark.parametrize("who", ["manager", "stranger"])
def test_another_persons_key_does_not_exist(cast, made, signed_in, now, who):
    client = signed_in(getattr(cast, who))
    assert client.get(revoke_url(made.key)).status_code == 404
    assert client.post(revoke_url(made.key)).status_code == 404
    assert find_user_by_secret(secret=made.secret, now=now) == cast.viewer
