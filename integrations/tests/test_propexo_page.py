from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus
from portfolios.models import Membership, Portfolio, Role
from portfolios.tests.pages import check_page, text_of

HERE = reverse("integrations:propexo")
ADD = reverse("integrations:connection-create")


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_members_see_their_connections(cast, place, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(HERE))
    (row,) = [text_of(row) for row in page.select("tbody tr")]
    assert row.startswith("Yardi Voyager · Northbank Residential Active Lakeside conn_001 1 ")


def test_a_stranger_sees_none_of_them(cast, place, signed_in):
    page = check_page(signed_in(cast.stranger).get(HERE))
    assert "Northbank" not in text_of(page)
    assert "No connection yet" in text_of(page)


def test_only_a_manager_can_add_a_connection(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(HERE))
    assert text_of(page.select(f'.page-actions a[href="{ADD}"]')[0]) == "Add Connection"
    for who in (cast.accountant, cast.viewer, cast.stranger):
        assert check_page(signed_in(who).get(HERE)).select(f'a[href="{ADD}"]') == []


def test_the_set_up_is_explained_in_four_steps_that_begin_with_an_account(cast, signed_in):
    steps = check_page(signed_in(cast.viewer).get(HERE)).select("ol li")
    assert [text_of(step).split(":")[0] for step in steps] == [
        "Step 1",
        "Step 2",
        "Step 3",
        "Step 4",
    ]
    assert "propexo.com" in text_of(steps[0])
    assert "PROPEXO_API_KEY" in text_of(steps[1])


def test_the_page_advises_to_test_first_and_to_sync_off_peak(cast, signed_in):
    words = text_of(check_page(signed_in(cast.viewer).get(HERE)))
    assert "Try it in a test environment first" in words
    assert "outside office hours" in words


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("px_test_9f8e7d6c5b", "Test mode"),
        ("px_live_9f8e7d6c5b", "Live"),
        ("zz_9f8e7d6c5b", "Test or live not known"),
    ],
)
def test_the_page_tells_test_from_live_without_showing_the_key(
    cast, signed_in, settings, key, words
):
    settings.PROPEXO_API_KEY = key
    response = signed_in(cast.manager).get(HERE)
    assert words in text_of(check_page(response).select("dl.facts")[0])
    assert "9f8e7d6c5b" not in response.content.decode()


def test_without_a_key_the_page_says_that_nothing_is_configured(cast, signed_in, settings):
    settings.PROPEXO_API_KEY = ""
    assert "Propexo is not configured" in text_of(check_page(signed_in(cast.viewer).get(HERE)))


@pytest.mark.parametrize(("enabled", "word"), [(True, "On"), (False, "Off")])
def test_the_page_says_whether_posting_is_on(cast, signed_in, settings, enabled, word):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = enabled
    facts = text_of(check_page(signed_in(cast.viewer).get(HERE)).select("dl.facts")[0])
    assert f"Charge posting {word}" in facts


def test_a_connection_that_needs_a_login_is_marked(cast, connection, signed_in):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    page = check_page(signed_in(cast.viewer).get(HERE))
    assert "Needs a new login" in text_of(page.select("tbody tr")[0])


def test_the_list_takes_the_same_queries_however_long_it_is(
    cast, signed_in, now, django_assert_max_num_queries
):
    for number in range(10):
        portfolio = Portfolio.objects.create(name=f"More {number}", created_at=now)
        Membership.objects.create(user=cast.manager, portfolio=portfolio, role=Role.MANAGER)
        Connection.objects.create(
            portfolio=portfolio,
            propexo_connection_id=f"conn_{number}",
            pms="entrata",
            status=ConnectionStatus.ACTIVE,
            validated_at=now,
            created_by=cast.manager,
            created_at=now,
        )
    client = signed_in(cast.manager)
    with django_assert_max_num_queries(8):
        client.get(HERE)


def test_the_matrix_shows_ten_platforms_and_what_each_can_do(cast, signed_in):
    page = check_page(signed_in(cast.viewer).get(reverse("integrations:platform-list")))
    rows = [text_of(row) for row in page.select("tbody tr")]
    assert rows == [
        *(
            f"{name} Yes Yes Yes Yes"
            for name in (
                "Yardi Voyager",
                "RealPage",
                "Entrata",
                "AppFolio",
                "Buildium",
                "Rent Manager",
                "MRI Software",
                "Propertyware",
            )
        ),
        "RentVine Yes Yes Yes Beta",
        "Res-Man Yes Yes Yes Beta",
    ]
    assert [text_of(head) for head in page.select("thead th")] == [
        "PMS",
        "Property import",
        "Unit sync",
        "Lease sync",
        "Charge posting",
    ]
