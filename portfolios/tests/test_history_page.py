"""The history of a property."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import reverse

from billing.tests.small_place import small_job
from portfolios.history import events_of
from portfolios.models import AuditEvent, Property, UnitField
from portfolios.operations.audit import record_event
from portfolios.operations.units import set_unit_values
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(settings, cast, now) -> Property:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_job(cast, now).calculation.bill.property


@pytest.fixture
def elsewhere(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="other", name="Other", created_at=now
    )


def url_of(place) -> str:
    return reverse("portfolios:property-history", args=[place.pk])


def test_it_knows_everything_from_the_unit_to_the_posting(cast, place, now):
    verbs = set(events_of(place).values_list("verb", flat=True))

    assert {"bill.entered", "calculation.approved", "share_rule.set"} <= verbs
    assert any(verb.startswith(("job.", "posting")) for verb in verbs)


def test_what_was_done_elsewhere_is_not_in_it(cast, place, elsewhere, now):
    record_event(verb="property.archived", subject=elsewhere, by=cast.manager, now=now)

    assert events_of(elsewhere).get().subject_label == "Other"
    assert not events_of(place).filter(subject_label="Other").exists()


def test_it_shows_who_changed_what_from_what_to_what(cast, place, signed_in, now):
    unit = place.units.first()
    later = now + timedelta(hours=1)
    set_unit_values(unit=unit, values={UnitField.SQFT: "700"}, by=cast.manager, now=later)

    page = check_page(signed_in(cast.viewer).get(url_of(place)))

    first = page.select("tbody tr")[0]
    assert "Manager" in text_of(first)
    assert "700" in text_of(first)
    assert first.find("a", href=reverse("portfolios:unit-edit", args=[unit.pk]))


def test_it_can_be_searched_and_narrowed(cast, place, signed_in):
    client = signed_in(cast.viewer)
    entered = check_page(client.get(url_of(place), {"what": "bill.entered"}))
    assert len(entered.select("tbody tr")) == 1
    assert len(check_page(client.get(url_of(place), {"q": "approved"})).select("tbody tr")) == 1
    nothing = check_page(client.get(url_of(place), {"q": "no such words"}))
    assert "Nothing like this was done" in text_of(nothing)
    check_page(client.get(url_of(place), {"who": "meterbase", "q": "\x00", "page": "x"}))


def test_a_character_that_no_database_takes_narrows_nothing(cast, place, signed_in):
    client = signed_in(cast.viewer)
    everything = check_page(client.get(url_of(place))).select("tbody tr")
    asked = check_page(client.get(url_of(place), {"what": "\x00"}))
    assert len(asked.select("tbody tr")) == len(everything) > 0
    entered = check_page(client.get(url_of(place), {"what": ["odd", "bill\x00.entered"]}))
    assert len(entered.select("tbody tr")) == 1


def test_money_is_written_in_dollars(cast, place, signed_in, now):
    record_event(
        verb="bill.changed",
        subject=place,
        by=None,
        now=now,
        before={"amount_cents": 100},
        after={"amount_cents": 123_456},
        note="A slip of the pen.",
    )

    text = text_of(check_page(signed_in(cast.viewer).get(url_of(place))))

    assert "Amount: $1.00 → $1,234.56" in text
    assert "A slip of the pen." in text


def test_an_empty_history_says_what_will_stand_there(cast, elsewhere, signed_in):
    page = check_page(signed_in(cast.viewer).get(url_of(elsewhere)))

    assert "Nothing was done yet" in text_of(page)


def test_strangers_see_nothing(cast, place, signed_in):
    assert signed_in(cast.stranger).get(url_of(place)).status_code == 404


def test_more_events_take_no_more_queries(
    cast, place, signed_in, now, django_assert_max_num_queries
):
    client = signed_in(cast.viewer)
    with django_assert_max_num_queries(10) as few:
        client.get(url_of(place))
    AuditEvent.objects.bulk_create(
        AuditEvent(
            at=now,
            actor_name="MeterBase",
            portfolio=cast.portfolio,
            verb="property.read",
            subject_type="portfolios.property",
            subject_id=str(place.pk),
            subject_label="Maplewood",
        )
        for _ in range(300)
    )
    with django_assert_max_num_queries(len(few)):
        client.get(url_of(place))
