"""Whom residents may ask: for a portfolio, for a property over it, and who may say so."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from django.urls import reverse

from billing.models import StatementContact
from billing.statements.contacts import Contact, contact_for
from billing.statements.tests.conftest import CONTACT
from portfolios.models import AuditEvent
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db


def sent(contact: Contact) -> dict[str, object]:
    return {name: "" if value is None else value for name, value in asdict(contact).items()}


def test_a_propertys_own_values_go_before_the_portfolios(month):
    month.fill_in()
    month.fill_in(Contact(agent_phone="206-555-0199", due_days=0), here=True)

    found = contact_for(month.place)

    assert found == replace(CONTACT, agent_phone="206-555-0199", due_days=0)


def test_a_manager_fills_it_in(month, signed_in):
    url = reverse("billing:portfolio-contact", args=[month.cast.portfolio.pk])

    signed_in(month.cast.manager).post(url, sent(CONTACT))

    assert contact_for(month.place) == CONTACT
    (event,) = AuditEvent.objects.filter(verb="statement_contact.set")
    assert event.after["agent_name"] == "Lakeside Homes LLC"


def test_the_same_again_is_no_change(month):
    month.fill_in()
    month.fill_in()

    assert AuditEvent.objects.filter(verb="statement_contact.set").count() == 1


def test_the_propertys_page_says_what_the_portfolio_says(month, signed_in):
    month.fill_in()
    url = reverse("billing:property-contact", args=[month.place.pk])

    page = check_page(signed_in(month.cast.manager).get(url))

    assert "The portfolio says: Lakeside Homes LLC. That counts if empty." in text_of(page)


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("due_days", "181", "Days until it is due must be a whole number from 0 to 180."),
        ("due_days", "-1", "Days until it is due must be a whole number from 0 to 180."),
        ("due_days", "soon", "Days until it is due must be a whole number from 0 to 180."),
        ("agent_name", "x" * 201, "Owner or agent may have 200 characters at most."),
        ("agent_email", "nobody", "E-mail address must be an address such as"),
        ("disputes", "x" * 501, "Disputes may have 500 characters at most."),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence_and_nothing_is_stored(
    month, signed_in, field, value, sentence
):
    url = reverse("billing:property-contact", args=[month.place.pk])

    page = check_page(signed_in(month.cast.manager).post(url, sent(CONTACT) | {field: value}))

    assert sentence in text_of(page)
    assert not StatementContact.objects.exists()


@pytest.mark.parametrize("name", ["portfolio-contact", "property-contact"])
def test_others_may_look_and_strangers_may_not(month, signed_in, name):
    month.fill_in()
    rows = {"portfolio-contact": month.cast.portfolio, "property-contact": month.place}
    url = reverse(f"billing:{name}", args=[rows[name].pk])
    viewer, stranger = signed_in(month.cast.viewer), signed_in(month.cast.stranger)

    page = check_page(viewer.get(url))

    assert "Only a property manager of this portfolio can change this." in text_of(page)
    assert viewer.post(url, sent(Contact())).status_code == 403
    assert stranger.get(url).status_code == 404
    assert stranger.post(url, sent(Contact())).status_code == 404
