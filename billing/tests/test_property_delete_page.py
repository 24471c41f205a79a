"""Deleting a property by hand: what goes is named, and the name is typed."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import UtilityBill
from billing.property_deletion import count_what_goes, delete_property
from billing.tests.small_place import small_bill, small_job
from integrations.models import SyncRun, SyncState
from portfolios.models import AuditEvent, Property


@pytest.fixture
def place(cast, now) -> Property:
    return small_bill(cast, now).property


def _address(place: Property) -> str:
    return reverse("billing:property-delete", args=[place.pk])


def test_it_names_what_goes_and_deletes_once_the_name_is_typed(cast, place, signed_in):
    manager = signed_in(cast.manager)
    text = manager.get(_address(place)).content.decode()
    assert "cannot be undone" in text
    assert ">Units<" in text
    for typed in ("", place.name.lower(), "Elm Court"):
        assert manager.post(_address(place), {"name": typed}).status_code == 200
    assert Property.objects.filter(pk=place.pk).exists()

    answer = manager.post(_address(place), {"name": place.name}, follow=True)
    assert answer.redirect_chain == [(reverse("property-list"), 302)]
    assert f"{place.name} is deleted" in answer.content.decode()
    assert not Property.objects.exists()
    assert AuditEvent.objects.filter(verb="property.deleted").count() == 1


def test_it_counts_what_really_goes(cast, place, now):
    UtilityBill.objects.update(voided_at=now, voided_by=cast.manager, voided_because="Twice.")
    counted = count_what_goes(place)
    assert counted == {"units": 3, "tenants": 3, "bills": 1, "invoices": 0}
    assert delete_property(place=place, by=cast.manager, now=now) == counted


@pytest.mark.parametrize("who", ["viewer", "accountant", "stranger"])
def test_only_a_property_manager_is_asked(cast, place, signed_in, who):
    client = signed_in(getattr(cast, who))
    expected = 404 if who == "stranger" else 403
    assert client.get(_address(place)).status_code == expected
    assert client.post(_address(place), {"name": place.name}).status_code == expected
    assert Property.objects.filter(pk=place.pk).exists()


def test_a_property_whose_charges_were_posted_is_to_be_archived(cast, now, signed_in, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    place = small_job(cast, now).calculation.bill.property
    for send in ("get", "post"):
        client = signed_in(cast.manager)
        answer = getattr(client, send)(_address(place), {"name": place.name}, follow=True)
        assert "Archive it instead" in answer.content.decode()
    assert Property.objects.filter(pk=place.pk).exists()


def test_a_property_that_is_being_synced_is_not_deleted(cast, place, now, signed_in):
    SyncRun.objects.create(property=place, queued_at=now, state=SyncState.RUNNING)
    answer = signed_in(cast.manager).post(_address(place), {"name": place.name}, follow=True)
    assert "is being synced" in answer.content.decode()
    assert Property.objects.filter(pk=place.pk).exists()
