"""The list of all properties: found, sorted, and synced several at once."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from django.urls import reverse

from billing.models import Posting
from billing.tests.small_place import small_job
from integrations.models import Connection, ConnectionStatus, PropertyLink, SyncRun
from portfolios.models import Membership, Portfolio, Property, Role, Unit
from portfolios.tests.pages import check_page, text_of

pytestmark = pytest.mark.django_db

URL = "/properties/"
SYNC = "/properties/sync/"


@pytest.fixture(autouse=True)
def _today(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def connected(cast, now) -> Connection:
    return Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_9",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )


@pytest.fixture
def add(cast, now, connected):
    def make(name: str, *, synced_ago: timedelta | None = timedelta(0), **values) -> Property:
        place = Property.objects.create(
            portfolio=values.pop("portfolio", cast.portfolio),
            propexo_property_id=f"p-{name}",
            name=name,
            created_at=now,
            **values,
        )
        PropertyLink.objects.create(
            property=place,
            connection=connected,
            imported_by=cast.manager,
            imported_at=now,
            last_synced_at=None if synced_ago is None else now - synced_ago,
        )
        return place

    return make


def names(page) -> list[str]:
    return [link.string for link in page.select("tbody th a")]


def shown(client, **query) -> list[str]:
    return names(check_page(client.get(URL, query)))


def test_it_finds_narrows_and_sorts(cast, add, signed_in, now):
    add("Birch", city="Austin")
    add("Alder", city="Waco", synced_ago=timedelta(days=9))
    add("Old", archived_at=now)
    Property.objects.filter(name="Birch").get().units.create(
        propexo_unit_id="u1", unit_number="1", first_seen_at=now
    )
    client = signed_in(cast.viewer)

    assert shown(client) == ["Alder", "Birch"]
    assert shown(client, sort="-name") == ["Birch", "Alder"]
    assert shown(client, sort="sync") == ["Alder", "Birch"]
    assert shown(client, sort="-units") == ["Birch", "Alder"]
    assert shown(client, q="austin") == ["Birch"]
    assert shown(client, show="old") == ["Alder"]
    assert shown(client, show="archived") == ["Old"]
    assert shown(client, show="unconnected") == []
    assert shown(client, portfolio=str(cast.portfolio.pk)) == ["Alder", "Birch"]
    assert shown(client, portfolio="x") == shown(client, portfolio="9" * 30) == []


def test_it_counts_what_waits_at_each(cast, settings, signed_in, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    client = signed_in(cast.manager)
    place = job.calculation.bill.property
    assert shown(client, show="bills") == []
    assert shown(client, show="failures") == []

    first = job.postings.all()[0]
    Posting.objects.filter(pk=first.pk).update(state="rejected", error_code="LEASE_NOT_FOUND")
    page = check_page(client.get(URL, {"show": "failures"}))

    assert names(page) == [place.name]
    assert page.find("a", attrs={"aria-label": f"1 failed charge of {place}"})


def test_it_sorts_by_what_waits(cast, add, settings, signed_in, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    busy = job.calculation.bill.property
    add("Alder")
    add("Zelkova")
    first = job.postings.all()[0]
    Posting.objects.filter(pk=first.pk).update(state="rejected", error_code="LEASE_NOT_FOUND")
    client = signed_in(cast.viewer)

    assert shown(client, sort="-failures") == [busy.name, "Zelkova", "Alder"]
    assert shown(client, sort="failures") == ["Alder", "Zelkova", busy.name]

    assert shown(client, sort="-bills")[0] == "Zelkova"
    bill = job.calculation.bill
    bill.pk, bill.account_number = None, "another"
    bill.save()
    assert shown(client, sort="-bills") == [busy.name, "Zelkova", "Alder"]


def test_a_bill_is_open_until_its_charges_are_ordered_to_be_posted(cast, place, bill, signed_in):
    page = check_page(signed_in(cast.manager).get(URL, {"show": "bills"}))

    assert names(page) == [place.name]
    assert page.find("a", attrs={"aria-label": f"1 open bill of {place}"})


def test_a_manager_syncs_the_chosen(cast, add, signed_in):
    one, two, other = add("One"), add("Two"), add("Other")

    answer = signed_in(cast.manager).post(
        SYNC, {"place": [one.pk, two.pk], "back": f"{URL}?q=o"}, follow=True
    )

    assert answer.redirect_chain[0][0] == f"{URL}?q=o"
    assert "2 properties are being synced" in text_of(check_page(answer))
    assert set(SyncRun.objects.values_list("property", flat=True)) == {one.pk, two.pk}
    assert other.sync_runs.count() == 0


def test_one_without_a_pms_does_not_stop_the_others(cast, add, signed_in, now):
    linked = add("Linked")
    alone = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="alone", name="Alone", created_at=now
    )

    answer = signed_in(cast.manager).post(SYNC, {"place": [linked.pk, alone.pk]}, follow=True)

    text = text_of(check_page(answer))
    assert "1 property is being synced" in text
    assert "Not connected to a PMS, so not synced: Alone." in text


def test_nothing_chosen_is_said(cast, add, signed_in):
    answer = signed_in(cast.manager).post(SYNC, {"back": "https://evil.example/"}, follow=True)

    assert "Choose at least one property" in text_of(check_page(answer))
    assert answer.redirect_chain[0][0] == URL


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_others_sync_nothing(cast, add, signed_in, who, status):
    place = add("One")
    client = signed_in(getattr(cast, who))

    assert client.post(SYNC, {"place": place.pk}).status_code == status
    assert not SyncRun.objects.exists()
    assert check_page(client.get(URL)).select("input[type=checkbox]") == []


@pytest.mark.parametrize("nonsense", ["x", "-1", "9" * 40, "٣"])
def test_what_is_no_property_is_not_found(cast, add, signed_in, nonsense):
    assert signed_in(cast.manager).post(SYNC, {"place": nonsense}).status_code == 404


def test_one_property_too_many_of_others_syncs_none(cast, add, signed_in, now):
    mine = add("Mine")
    elsewhere = Portfolio.objects.create(name="Third", created_at=now)
    Membership.objects.create(user=cast.manager, portfolio=elsewhere, role=Role.VIEWER)
    theirs = add("Theirs", portfolio=elsewhere)

    answer = signed_in(cast.manager).post(SYNC, {"place": [mine.pk, theirs.pk]})

    assert answer.status_code == 403
    assert not SyncRun.objects.exists()


def test_an_empty_list_says_what_to_do_first(cast, signed_in):
    page = check_page(signed_in(cast.manager).get(URL))

    assert page.find("a", href=reverse("integrations:propexo"), string="Connect a PMS")


def test_strangers_see_only_their_own(cast, add, signed_in):
    add("One")

    assert shown(signed_in(cast.stranger)) == []


def test_more_properties_and_units_take_no_more_queries(
    cast, add, signed_in, now, django_assert_max_num_queries
):
    client = signed_in(cast.manager)
    place = add("First")
    with django_assert_max_num_queries(16) as few:
        client.get(URL)
    for number in range(40):
        add(f"Property {number}")
    Unit.objects.bulk_create(
        Unit(property=place, propexo_unit_id=str(n), unit_number=str(n), first_seen_at=now)
        for n in range(300)
    )
    with django_assert_max_num_queries(len(few)):
        client.get(URL)
