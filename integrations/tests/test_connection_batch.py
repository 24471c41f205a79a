from __future__ import annotations

import pytest
from django.urls import reverse

from integrations.models import Connection
from integrations.tests.test_connection_pages import url_of
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of


@pytest.fixture
def realpage(linked) -> Connection:
    """Make the connection one to RealPage."""
    Connection.objects.update(
        pms="realpage", provider="realpage_rpx", transaction_batch_id="rp_old"
    )
    return Connection.objects.get()


def page_of(connection: Connection) -> str:
    return reverse("integrations:connection-batch-id", args=[connection.pk])


def test_the_connection_shows_its_batch_and_leads_to_its_change(cast, realpage, signed_in):
    page = check_page(signed_in(cast.manager).get(url_of(realpage)))
    assert "RealPage batch ID rp_old · Change the batch ID" in text_of(page)
    assert page.select(f'a[href="{page_of(realpage)}"]')
    viewers = text_of(check_page(signed_in(cast.viewer).get(url_of(realpage))))
    assert "RealPage batch ID rp_old" in viewers
    assert "Change the batch ID" not in viewers


def test_a_manager_changes_the_batch_and_it_is_written_down(cast, realpage, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(page_of(realpage)))
    assert page.select('#id_transaction_batch_id[value="rp_old"]')
    answer = client.post(page_of(realpage), {"transaction_batch_id": " rp_new "}, follow=True)
    assert "The RealPage batch ID was saved." in text_of(check_page(answer))
    assert Connection.objects.get().transaction_batch_id == "rp_new"
    event = AuditEvent.objects.get(verb="connection.batch_id_set")
    assert event.actor == cast.manager
    assert (event.before, event.after) == (
        {"transaction_batch_id": "rp_old"},
        {"transaction_batch_id": "rp_new"},
    )


def test_the_same_batch_again_is_no_event(cast, realpage, signed_in):
    signed_in(cast.manager).post(page_of(realpage), {"transaction_batch_id": "rp_old"})
    assert not AuditEvent.objects.filter(verb="connection.batch_id_set").exists()


def test_a_batch_that_is_too_long_is_answered_by_a_sentence(cast, realpage, signed_in):
    answer = signed_in(cast.manager).post(page_of(realpage), {"transaction_batch_id": "x" * 101})
    assert "at most 100 characters" in text_of(check_page(answer))
    assert Connection.objects.get().transaction_batch_id == "rp_old"


def test_other_platforms_have_no_batches(cast, linked, signed_in):
    assert signed_in(cast.manager).get(page_of(linked)).status_code == 404


@pytest.mark.parametrize(
    ("who", "status"), [("accountant", 403), ("viewer", 403), ("stranger", 404)]
)
def test_nobody_else_changes_the_batch(cast, realpage, signed_in, who, status):
    answer = signed_in(getattr(cast, who)).post(page_of(realpage), {"transaction_batch_id": "x"})
    assert answer.status_code == status
    assert Connection.objects.get().transaction_batch_id == "rp_old"
