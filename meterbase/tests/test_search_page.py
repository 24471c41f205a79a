from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Posting, Reversal
from billing.tests.acts import post
from billing.tests.small_place import small_job
from portfolios.models import Lease
from portfolios.tests.pages import check_page, check_part, text_of, the

HERE = reverse("search")


def found(client, text: str) -> dict[str, list[str]]:
    page = check_page(client.get(HERE, {"q": text}))
    groups = the(page, "#results").select("section")
    return {
        text_of(the(group, "h2")): [text_of(hit) for hit in group.select("li")] for group in groups
    }


@pytest.fixture
def viewer(cast, signed_in):
    return signed_in(cast.viewer)


def test_nothing_is_searched_for_at_first(viewer):
    page = check_page(viewer.get(HERE))
    assert "Type what you look for" in text_of(page)
    assert the(page, "#search-q")["value"] == ""


def test_every_page_has_the_box_in_its_header(viewer):
    page = check_page(viewer.get(reverse("home")))
    assert the(page, ".site-search form")["action"] == HERE
    assert the(page, ".site-search input")["name"] == "q"


def test_a_property_is_found_by_name_and_address(place, viewer):
    (hit,) = found(viewer, "maplewood")["Properties"]
    assert hit.startswith("Maplewood Court Apartments")
    assert found(viewer, place.address)["Properties"] == [hit]


def test_a_unit_is_found_by_its_number_and_its_property(place, viewer):
    assert "Unit 304 · Maplewood Court Apartments" in found(viewer, "304")["Units"]
    assert found(viewer, "maplewood 304")["Units"] == ["Unit 304 · Maplewood Court Apartments"]
    assert "Units" not in found(viewer, "maplewood")


def test_a_resident_is_found_by_parts_of_the_name(place, viewer):
    lease = Lease.objects.filter(status="active").earliest("pk")
    lease.resident_name = "Zoë van der Kim"
    lease.save()
    (hit,) = found(viewer, "kim zoë")["Residents"]
    assert hit.startswith("Zoë van der Kim · Active lease, unit")


@pytest.mark.parametrize("text", ["WA-77", "5661.61", "$5,661.61", "number"])
def test_a_bill_is_found_by_account_amount_and_number(bill, viewer, text):
    bill.account_number = "WA-7700"
    bill.save()
    hits = found(viewer, str(bill.pk) if text == "number" else text)["Bills"]
    assert "March 2026 water, $5,661.61 · Maplewood Court Apartments, account WA-7700" in hits


def test_a_charge_and_a_job_are_found_by_their_names(
    cast, approved, gateway, viewer, now, settings
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    first = Posting.objects.earliest("pk")
    assert first.reference in found(viewer, first.reference.lower())["Charges"][0]
    (hit,) = found(viewer, job.public_id)["Jobs"]
    assert hit.startswith(job.public_id)


def test_only_eight_are_shown_and_the_rest_is_told(place, viewer):
    assert len(found(viewer, "1")["Units"]) == 8
    page = check_page(viewer.get(HERE, {"q": "1"}))
    assert "There are more." in text_of(page)


def test_a_stranger_finds_nothing(cast, approved, signed_in):
    stranger = signed_in(cast.stranger)
    for text in ("maplewood", "304", "5661.61", str(approved.bill_id), "a"):
        assert found(stranger, text) == {}


def test_a_reversal_is_found_by_its_name(cast, now, settings, viewer):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    Reversal.objects.create(
        public_id="rev_abc123",
        job=job,
        reason="Read wrongly.",
        charge_date=now.date(),
        requested_by=cast.accountant,
        requested_at=now,
    )
    (hit,) = found(viewer, "REV_abc")["Reversals"]
    assert hit.startswith(f"rev_abc123 · Waiting for approval: of {job.public_id}")


@pytest.mark.parametrize(
    "text", ["\x00", "%", "'; --", "9" * 40, "1e400", "MB-", "job_", "rev_", "x" * 500]
)
def test_odd_words_do_no_harm(place, viewer, text):
    check_page(viewer.get(HERE, {"q": text}))


def test_the_part_that_is_swapped_is_the_part_of_the_page(place, viewer):
    query = {"q": "maplewood 304"}
    part = check_part(viewer.get(HERE, query, headers={"HX-Request": "true"}))
    page = check_page(viewer.get(HERE, query))
    assert str(the(part, "#results")) == str(the(page, "#results"))


def test_the_search_takes_the_same_queries_whatever_it_finds(
    place, viewer, django_assert_max_num_queries
):
    with django_assert_max_num_queries(8):
        viewer.get(HERE, {"q": "1"})
