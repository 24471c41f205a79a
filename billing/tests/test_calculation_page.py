"""A calculation with its proof, and the explanation of a charge."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import CalculationState, Method, Utility, VacancyPolicy
from billing.operations.calculations import calculate_bill
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.tests.acts import alert_of, link, post
from portfolios.models import Unit
from portfolios.tests.pages import check_page, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def draft(cast, bill, now):
    return calculate_bill(bill=bill, by=cast.manager, now=now)


def use_rule(bill, cast, now, method: Method, vacancy: VacancyPolicy, people: int | None = None):
    entry = ShareRuleEntry(method=method, vacancy=vacancy, vacant_unit_occupants=people)
    place = bill.property
    set_share_rule(place=place, utility=Utility.WATER, entry=entry, by=cast.manager, now=now)


def rows_of(page) -> dict[str, str]:
    rows = page.select('[aria-label="Shares by unit"] tbody tr')
    return {text_of(the(row, "th")): text_of(row) for row in rows}


def head_of(page) -> str:
    return text_of(the(page, '[aria-label="Shares by unit"] thead'))


def test_the_page_proves_the_sum(cast, draft, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", draft.pk)))
    text = text_of(the(page, "main"))
    assert "common area $566.16" in text
    assert "= bill $5,661.61: it adds up to the cent" in text
    assert "$5,661.61 = bill" in text_of(the(page, "[aria-label='Shares by unit'] tfoot"))


def test_the_page_lists_every_unit_in_the_order_of_its_number(cast, draft, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", draft.pk)))
    rows = rows_of(page)
    assert len(rows) == 49
    assert list(rows)[:2] == ["101", "102"]
    assert list(rows)[-1] == "Common area, 10 %"
    assert sum("Vacant" in text for text in rows.values()) == 3


def test_every_charge_leads_to_its_explanation(cast, draft, signed_in):
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", draft.pk)))
    for charge in draft.charges.all():
        why = link(page, url("charge-detail", charge.pk))["aria-label"]
        assert f"unit {charge.unit_label} pays" in why


def test_a_calculation_by_people_shows_the_people(cast, bill, now, signed_in):
    use_rule(bill, cast, now, Method.OCCUPANTS, VacancyPolicy.OWNER_PAYS, people=2)
    made = calculate_bill(bill=bill, by=cast.manager, now=now)
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", made.pk)))
    assert "People" in head_of(page)
    assert sum("2 assumed" in text for text in rows_of(page).values()) == 3


def test_a_calculation_by_rooms_shows_both_and_the_vacant_units_take_no_part(
    cast, bill, now, signed_in
):
    use_rule(bill, cast, now, Method.BED_BATH, VacancyPolicy.OCCUPIED_ONLY)
    made = calculate_bill(bill=bill, by=cast.manager, now=now)
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", made.pk)))
    assert "Bedrooms Bathrooms" in head_of(page)
    assert sum("takes no part" in text for text in rows_of(page).values()) == 3


def test_a_unit_that_is_not_billable_is_listed_all_the_same(cast, bill, now, signed_in):
    Unit.objects.filter(unit_number="101").update(billable=False)
    made = calculate_bill(bill=bill, by=cast.manager, now=now)
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", made.pk)))
    assert "Not billable" in rows_of(page)["101"]


def test_strangers_see_no_calculation(cast, draft, signed_in):
    client = signed_in(cast.stranger)
    assert client.get(url("calculation-detail", draft.pk)).status_code == 404
    assert client.post(url("calculation-submit", draft.pk)).status_code == 404
    charge = draft.charges.first()
    assert client.get(url("charge-detail", charge.pk)).status_code == 404


def test_a_manager_submits_a_draft(cast, draft, signed_in):
    client = signed_in(cast.manager)
    page = check_page(client.get(url("calculation-detail", draft.pk)))
    assert page.find("form", action=url("calculation-submit", draft.pk))
    client.post(url("calculation-submit", draft.pk))
    draft.refresh_from_db()
    assert draft.state == CalculationState.IN_REVIEW
    assert draft.submitted_by == cast.manager


@pytest.mark.parametrize("who", ["viewer", "accountant"])
def test_nobody_else_submits(cast, draft, signed_in, who):
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(url("calculation-detail", draft.pk)))
    assert "A property manager of this portfolio submits it" in text_of(page)
    assert client.post(url("calculation-submit", draft.pk)).status_code == 403
    draft.refresh_from_db()
    assert draft.state == CalculationState.DRAFT


def test_submitting_twice_is_answered_by_a_sentence(cast, draft, signed_in):
    client = signed_in(cast.manager)
    client.post(url("calculation-submit", draft.pk))
    page = check_page(client.post(url("calculation-submit", draft.pk), follow=True))
    assert "this one is in review" in alert_of(page)


def test_an_old_calculation_says_what_has_changed(cast, draft, signed_in):
    Unit.objects.filter(unit_number="304").update(sqft=999)
    client = signed_in(cast.manager)
    page = check_page(client.get(url("calculation-detail", draft.pk)))
    text = text_of(the(page, "main"))
    assert "out of date" in text
    assert "unit 304 has other square feet" in text
    assert page.find("form", action=url("calculation-create", draft.bill_id))
    assert not page.find("form", action=url("calculation-submit", draft.pk))
    page = check_page(client.post(url("calculation-submit", draft.pk), follow=True))
    assert "out of date" in alert_of(page)
    draft.refresh_from_db()
    assert draft.state == CalculationState.DRAFT


def test_a_superseded_calculation_leads_to_the_versions(cast, draft, now, signed_in):
    calculate_bill(bill=draft.bill, by=cast.manager, now=now)
    page = check_page(signed_in(cast.viewer).get(url("calculation-detail", draft.pk)))
    assert "newer version" in text_of(the(page, "main"))


def test_a_charge_prints_every_step(cast, draft, signed_in):
    charge = draft.charges.get(unit_label="304")
    page = check_page(signed_in(cast.viewer).get(url("charge-detail", charge.pk)))
    text = text_of(the(page, "main"))
    steps = charge.explanation["steps"]
    assert len(steps) >= 4
    for step in steps:
        assert " ".join(step["expression"].split()) in text
    assert "1 Mar 2026 up to 1 Apr 2026" in text
    assert "= bill $5,661.61" in text
    assert charge.resident_name in text


def test_a_charge_that_was_posted_shows_its_reference(
    cast, approved, gateway, settings, now, signed_in
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    posting = job.postings.all()[0]
    page = check_page(signed_in(cast.viewer).get(url("charge-detail", posting.charge_id)))
    assert text_of(link(page, url("posting-detail", posting.pk))) == posting.reference
