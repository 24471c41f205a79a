"""Archiving several properties from their list, and taking them back."""

from __future__ import annotations

import pytest

from billing.models import Posting, PostingState, UtilityBill
from billing.operations.reversals import withdraw_reversal
from billing.tests.reversing import posted_story
from billing.tests.small_place import small_bill, small_job
from portfolios.models import AuditEvent, Property
from portfolios.tests.pages import check_page, text_of

ARCHIVE = "/properties/archive/"
RESTORE = "/properties/restore/"


@pytest.fixture
def add(cast, now):
    def make(name: str, **values) -> Property:
        return Property.objects.create(
            portfolio=cast.portfolio,
            propexo_property_id=f"p-{name}",
            name=name,
            created_at=now,
            **values,
        )

    return make


def archived() -> set[str]:
    return set(Property.objects.exclude(archived_at=None).values_list("name", flat=True))


def test_a_manager_archives_and_restores(cast, add, signed_in):
    one, two, _other = add("One"), add("Two"), add("Other")
    client = signed_in(cast.manager)
    chosen = {"place": [one.pk, two.pk], "back": "/properties/?sort=-name"}

    answer = client.post(ARCHIVE, chosen, follow=True)

    assert "2 properties are archived" in text_of(check_page(answer))
    assert answer.redirect_chain[0][0] == "/properties/?sort=-name"
    assert archived() == {"One", "Two"}
    page = check_page(client.get("/properties/", {"show": "archived"}))
    assert page.find("button", formaction=RESTORE)
    assert not page.find("button", formaction=ARCHIVE)
    assert "Restore it" in text_of(check_page(client.get(f"/portfolios/properties/{one.pk}/")))

    answer = client.post(RESTORE, {"place": [one.pk]}, follow=True)
    assert "1 property is restored" in text_of(check_page(answer))
    assert archived() == {"Two"}
    verbs = AuditEvent.objects.filter(subject_id=str(one.pk)).values_list("verb", flat=True)
    assert set(verbs) == {"property.archived", "property.restored"}


def test_what_still_has_work_is_not_archived_and_says_why(cast, add, settings, signed_in, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    busy, done = job.calculation.bill.property, add("Done")
    client = signed_in(cast.manager)

    page = check_page(client.post(ARCHIVE, {"place": [busy.pk, done.pk]}, follow=True))
    assert f"{busy} is not archived: it has 1 job under way." in text_of(page)
    assert archived() == {"Done"}

    Posting.objects.filter(job=job).update(state="rejected", error_code="LEASE_NOT_FOUND")
    count = job.postings.count()
    page = check_page(client.post(ARCHIVE, {"place": busy.pk}, follow=True))
    assert f"it has {count} failed charges." in text_of(page)


def test_what_is_left_of_a_stopped_job_keeps_a_property_in_the_lists(
    cast, settings, signed_in, now
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    first, *rest = job.postings.order_by("pk")
    posted = {"state": PostingState.POSTED, "remote_charge_id": "1"}
    Posting.objects.filter(pk=first.pk).update(**posted)
    Posting.objects.exclude(pk=first.pk).update(state=PostingState.CANCELLED)
    place = job.calculation.bill.property
    client = signed_in(cast.manager)

    page = check_page(client.post(ARCHIVE, {"place": place.pk}, follow=True))
    assert f"it has {len(rest)} charges left to post." in text_of(page)
    assert archived() == set()

    Posting.objects.exclude(pk=first.pk).update(state=PostingState.POSTED, remote_job_id="j")
    check_page(client.post(ARCHIVE, {"place": place.pk}, follow=True))
    assert archived() == {place.name}


def test_a_reversal_that_waits_keeps_a_property_in_the_lists(cast, settings, signed_in, clock):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    story = posted_story(cast, clock)
    asked = story.ask()
    place = story.job.calculation.bill.property
    client = signed_in(cast.manager)

    page = check_page(client.post(ARCHIVE, {"place": place.pk}, follow=True))
    assert "it has 1 reversal to decide on." in text_of(page)
    assert archived() == set()

    withdraw_reversal(reversal=asked, by=cast.accountant, now=clock())
    check_page(client.post(ARCHIVE, {"place": place.pk}, follow=True))
    assert archived() == {place.name}


def test_an_open_bill_keeps_a_property_in_the_lists(cast, signed_in, now):
    bill = small_bill(cast, now)

    page = check_page(
        signed_in(cast.manager).post(ARCHIVE, {"place": bill.property_id}, follow=True)
    )

    assert "it has 1 open bill." in text_of(page)
    assert UtilityBill.objects.filter(property__archived_at=None).exists()


@pytest.mark.parametrize("url", [ARCHIVE, RESTORE])
@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_others_archive_and_restore_nothing(cast, add, signed_in, now, url, who, status):
    here, away = add("Here"), add("Away", archived_at=now)
    client = signed_in(getattr(cast, who))

    assert client.post(url, {"place": [here.pk, away.pk]}).status_code == status
    assert archived() == {"Away"}


@pytest.mark.parametrize("url", [ARCHIVE, RESTORE])
def test_nothing_chosen_is_said(cast, signed_in, url):
    page = check_page(signed_in(cast.manager).post(url, follow=True))
    assert "Choose at least one property" in text_of(page)


def test_restoring_what_is_not_archived_is_said_and_not_written_down(cast, add, signed_in):
    page = check_page(signed_in(cast.manager).post(RESTORE, {"place": add("Here").pk}, follow=True))
    assert "None of these properties is archived." in text_of(page)
    assert not AuditEvent.objects.filter(verb="property.restored").exists()
