from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection, ConnectionStatus
from portfolios.tests.pages import check_page, text_of

HERE = reverse("home")


def stats_of(page) -> list[str]:
    return [text_of(stat) for stat in page.select(".stat")]


@pytest.mark.parametrize("who", ["manager", "accountant", "viewer", "stranger"])
def test_everybody_has_a_start_page(cast, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(HERE))
    assert len(stats_of(page)) == 5
    assert all(stat.endswith("0 none") for stat in stats_of(page))


def test_without_a_property_the_way_is_explained(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(HERE))
    assert len(page.select("section ol li")) == 5


def test_with_a_property_there_is_no_need_to_explain(cast, place, signed_in):
    assert check_page(signed_in(cast.manager).get(HERE)).select("section ol") == []


def test_what_needs_somebody_is_counted_and_linked(cast, connection, signed_in):
    Connection.objects.update(status=ConnectionStatus.LOGIN_EXPIRED)
    page = check_page(signed_in(cast.manager).get(HERE))
    assert "Connections to renew 1 open" in stats_of(page)
    assert page.select(f'.stat a[href="{reverse("integrations:propexo")}"]')
    stranger = check_page(signed_in(cast.stranger).get(HERE))
    assert "Connections to renew 0 none" in stats_of(stranger)
