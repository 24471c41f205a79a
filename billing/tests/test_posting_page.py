"""Posting an approved calculation."""

from __future__ import annotations

import pytest
import requests
from django.urls import reverse

from billing.models import ChargeCode, ChargeCodeMapping, PostingJob, PostingState
from billing.operations.calculations import calculate_bill
from billing.tests.acts import alert_of, post, run_workers
from integrations.models import ChartAccount, Connection, PropertyLink
from portfolios.models import Unit
from portfolios.tests.pages import check_page, text_of, the

ORDER = {
    "charge_date": "2026-04-01",
    "charge_code": "WATER",
    "description": "March 2026 Water Charge (RUBS)",
}
CONFIRMED = ORDER | {"confirmed": "on"}


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def enabled(settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True


def charge_by_hand(sandbox, charge) -> None:
    """Charge in the PMS what MeterBase is about to charge."""
    body = {
        "unit_id": charge.propexo_unit_id,
        "amount": charge.amount_cents / 100,
        "effective_date": "2026-04-03",
        "charge_code": "WATER",
        "description": "Water March",
    }
    answer = requests.post(
        f"{sandbox.base_url}/v1/charges",
        json=body,
        headers={"Authorization": f"Bearer {sandbox.api_key}"},
        timeout=5,
    )
    assert answer.status_code == 201, answer.text


def fields_of(page) -> dict[str, str]:
    """Collect what a browser would send from the page's form."""
    form = the(page, "main form")
    chosen = {str(field["name"]): field.select_one("option[selected]") for field in form("select")}
    return {
        str(field["name"]): str(field.get("value", ""))
        for field in form.select("input:not([type=checkbox])")
        if field["name"] != "csrfmiddlewaretoken"
    } | {name: str(option["value"]) for name, option in chosen.items() if option}


@pytest.mark.usefixtures("enabled")
def test_an_accountant_posts_after_a_last_look(cast, approved, sandbox, signed_in):
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("calculation-detail", approved.pk)))
    assert page.find("a", href=url("posting-create", approved.pk))
    page = check_page(client.get(url("posting-create", approved.pk)))
    page = check_page(client.post(url("posting-create", approved.pk), fields_of(page)))
    assert not PostingJob.objects.exists()
    total = f"${approved.tenants_cents // 100:,}.{approved.tenants_cents % 100:02d}"
    assert text_of(the(page, "h1")) == (
        f"Post 45 charges, {total}, to Yardi Voyager as WATER, dated 1 Apr 2026 "
        "(post month by that date)?"
    )
    assert "Residents will see them. They can be reversed, not deleted." in text_of(
        the(page, "main")
    )
    response = client.post(url("posting-create", approved.pk), fields_of(page))
    job = PostingJob.objects.get()
    assert response.url == url("job-detail", job.public_id)
    assert (job.created_by, job.post_to_pms) == (cast.accountant, True)
    assert job.postings.filter(state=PostingState.PENDING).count() == 45
    assert sandbox.ledger() == ()


@pytest.mark.usefixtures("enabled")
def test_the_form_starts_with_what_suits_the_bill(cast, approved, signed_in):
    page = check_page(signed_in(cast.accountant).get(url("posting-create", approved.pk)))
    sent = fields_of(page)
    assert {name: sent[name] for name in ORDER} == ORDER


def test_while_posting_is_off_only_a_dry_run_is_offered(cast, approved, settings, signed_in):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("posting-create", approved.pk)))
    assert "Charge posting is switched off" in text_of(the(page, "main"))
    assert the(page, '[name="dry_run"]').has_attr("checked")
    buttons = [text_of(button) for button in the(page, "main").find_all("button")]
    assert buttons == ["Continue to the dry run"]


@pytest.mark.parametrize("data", [ORDER, CONFIRMED])
def test_while_posting_is_off_nothing_can_be_posted(cast, approved, settings, signed_in, data):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = False
    page = check_page(signed_in(cast.accountant).post(url("posting-create", approved.pk), data))
    assert "Charge posting is switched off" in alert_of(page)
    assert not PostingJob.objects.exists()


def test_a_dry_run_sends_nothing_and_shows_what_would_be_sent(
    cast, approved, gateway, sandbox, now, signed_in
):
    client = signed_in(cast.accountant)
    page = check_page(client.post(url("posting-create", approved.pk), ORDER | {"dry_run": "on"}))
    assert text_of(the(page, "h1")).startswith("Record a dry run of 45 charges")
    page = check_page(client.post(url("posting-create", approved.pk), fields_of(page), follow=True))
    assert "Dry run: nothing sent" in text_of(the(page, "main"))
    job = PostingJob.objects.get()
    assert run_workers(job, gateway=gateway, now=now) == 0
    assert sandbox.ledger() == ()


@pytest.mark.usefixtures("enabled")
def test_an_earlier_posting_is_shown_with_who_when_and_how_much(
    cast, approved, gateway, now, signed_in
):
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)
    page = check_page(signed_in(cast.accountant).get(url("posting-create", approved.pk)))
    notice = the(page, "main .notice:not(#go-live)")
    assert "This bill: 45 of 45 charges" in text_of(notice)
    assert "by Accountant on 2 Apr 2026, 09:00 UTC" in text_of(notice)
    assert notice.find("a", href=url("job-detail", job.public_id))


@pytest.mark.usefixtures("enabled")
def test_posting_twice_is_refused_with_who_and_when(
    cast, approved, gateway, sandbox, now, signed_in
):
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)
    client = signed_in(cast.accountant)
    page = check_page(client.post(url("posting-create", approved.pk), CONFIRMED))
    alert = alert_of(page)
    assert f"posted before, by Accountant on 2026-04-02 in job {job.public_id}" in alert
    assert PostingJob.objects.count() == 1
    assert len(sandbox.ledger()) == 45


@pytest.mark.usefixtures("enabled")
def test_charging_again_under_another_code_takes_a_reason(cast, approved, gateway, now, signed_in):
    first = post(approved, by=cast.accountant, gateway=gateway, now=now)
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)
    page = check_page(client.post(page_url, ORDER | {"charge_code": "UTIL"}))
    notice = text_of(the(page, "main .notice.tone-warning:not(#go-live)"))
    assert "45 earlier charges, 45 of the same amount to the cent" in notice
    told = the(page, "main .notice:not(#go-live)")
    assert told.find("a", href=url("job-detail", first.public_id))
    assert "Probable duplicate" in text_of(the(page, "main"))

    silent = fields_of(page)
    page = check_page(client.post(page_url, silent))
    assert "Why residents are to be charged all the same must be given" in alert_of(page)
    assert PostingJob.objects.count() == 1

    client.post(page_url, fields_of(page) | {"reason": "The first was for the pool."})
    job = PostingJob.objects.exclude(pk=first.pk).get()
    main = text_of(the(check_page(client.get(url("job-detail", job.public_id))), "main"))
    assert "45 findings that Accountant confirmed: “The first was for the pool.”" in main


@pytest.mark.usefixtures("enabled")
def test_what_was_found_after_the_last_look_is_shown_before_anything_is_posted(
    cast, approved, gateway, now, signed_in
):
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)
    page = check_page(client.post(page_url, ORDER | {"charge_code": "UTIL"}))
    assert not page.select("[name=reason]")
    sent = fields_of(page)
    post(approved, by=cast.accountant, gateway=gateway, now=now)

    page = check_page(client.post(page_url, sent))

    assert "Residents may have been charged this already" in alert_of(page)
    assert page.select("[name=reason]")
    assert PostingJob.objects.count() == 1


def take_back(job: PostingJob, now) -> None:
    """Have all charges of a job posted and reversed."""
    job.postings.update(state=PostingState.POSTED, remote_job_id="job_1", reversed_at=now)


@pytest.mark.usefixtures("enabled")
def test_a_page_sent_again_after_its_charges_were_reversed_asks_first(
    cast, approved, now, signed_in
):
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)
    sent = fields_of(check_page(client.post(page_url, ORDER)))
    client.post(page_url, sent)
    first = PostingJob.objects.get()
    take_back(first, now)

    page = check_page(client.post(page_url, sent))

    assert PostingJob.objects.count() == 1
    assert "45 of them taken back on purpose" in alert_of(page)
    main = text_of(the(page, "main"))
    assert "This bill, taken back on purpose since and charged again now: 45 charges" in main
    assert "Reversed, charged again" in main
    client.post(page_url, fields_of(page) | {"reason": "The reversal was a mistake."})
    assert PostingJob.objects.exclude(pk=first.pk).get().postings.count() == 45


@pytest.mark.usefixtures("enabled")
def test_other_charges_than_the_page_showed_are_asked_about_anew(
    cast, approved, gateway, now, signed_in
):
    post(approved, by=cast.accountant, gateway=gateway, now=now)
    first = PostingJob.objects.get()
    take_back(first, now)
    rest = first.postings.filter(pk__gte=first.postings.order_by("pk")[43].pk)
    rest.update(state=PostingState.CANCELLED, reversed_at=None)
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)
    page = check_page(client.post(page_url, ORDER))
    assert text_of(the(page, "h1")).startswith("Post 2 charges")
    sent = fields_of(page)
    client.post(page_url, sent)
    assert PostingJob.objects.count() == 2

    page = check_page(client.post(page_url, sent))

    assert PostingJob.objects.count() == 2
    assert "What is left to be posted has changed since you were asked" in alert_of(page)
    assert text_of(the(page, "h1")).startswith("Post 43 charges")
    assert page.select("[name=reason]")


@pytest.mark.usefixtures("enabled")
def test_a_charge_by_hand_in_the_pms_is_shown_before_anything_is_posted(
    cast, approved, sandbox, signed_in
):
    charge = approved.charges.get(unit_label="304")
    charge_by_hand(sandbox, charge)
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)

    page = check_page(client.post(page_url, ORDER))
    main = text_of(the(page, "main"))
    assert "In the PMS's ledger, not made by MeterBase: 1 charge" in main
    assert "Probable duplicate" in main
    assert "MeterBase looked through 1 row of the PMS's ledger" in main

    client.post(page_url, fields_of(page) | {"reason": "That was the bill for February."})
    assert PostingJob.objects.get().duplicates_reason == "That was the bill for February."


@pytest.mark.usefixtures("enabled")
def test_where_nothing_was_charged_the_page_says_how_far_it_looked(cast, approved, signed_in):
    page = check_page(signed_in(cast.accountant).post(url("posting-create", approved.pk), ORDER))
    main = text_of(the(page, "main"))
    assert "MeterBase looked through 0 rows of the PMS's ledger" in main
    assert "and found none" in main
    assert not page.select("[name=reason]")


@pytest.mark.usefixtures("enabled")
def test_a_ledger_that_cannot_be_read_is_said_and_confirmed(cast, approved, sandbox, signed_in):
    fault = {"kind": "status_500_before", "method": "GET", "path": "/v1/charges*", "count": 99}
    answer = requests.post(f"{sandbox.base_url}/_sandbox/faults", json=fault, timeout=5)
    assert answer.ok, answer.text
    client, page_url = signed_in(cast.accountant), url("posting-create", approved.pk)

    page = check_page(client.post(page_url, ORDER))
    assert "The PMS's ledger was not looked through." in text_of(the(page, "main"))

    client.post(page_url, fields_of(page) | {"reason": "I looked there myself."})
    assert "was not looked through" in PostingJob.objects.get().duplicates_found


@pytest.mark.usefixtures("enabled")
@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"charge_date": "soon"}, "Charge date must be a date"),
        ({"charge_date": "2026-02-28"}, "Charge date must lie between 2026-03-01"),
        ({"charge_date": "2062-04-01"}, "Charge date must lie between"),
        ({"charge_code": " "}, "Charge code must be given"),
        ({"charge_code": "NOPE"}, "NOPE is not among Lakeside's charge codes."),
        ({"description": ""}, "Description must be given"),
        ({"description": "w" * 121}, "120 characters"),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence(cast, approved, signed_in, change, sentence):
    client = signed_in(cast.accountant)
    page = check_page(client.post(url("posting-create", approved.pk), CONFIRMED | change))
    assert sentence in alert_of(page)
    assert not PostingJob.objects.exists()


@pytest.mark.usefixtures("enabled")
def test_an_old_calculation_is_not_posted(cast, approved, signed_in):
    Unit.objects.filter(unit_number="304").update(sqft=999)
    page = check_page(
        signed_in(cast.accountant).post(url("posting-create", approved.pk), CONFIRMED)
    )
    assert "out of date" in alert_of(page)
    assert not PostingJob.objects.exists()


@pytest.mark.usefixtures("enabled")
def test_without_an_api_key_nothing_is_posted(cast, approved, settings, signed_in):
    settings.PROPEXO_API_KEY = ""
    page = check_page(
        signed_in(cast.accountant).post(url("posting-create", approved.pk), CONFIRMED)
    )
    assert "no Propexo API key" in alert_of(page)
    assert not PostingJob.objects.exists()


def test_a_property_without_a_pms_says_so(cast, approved, signed_in):
    PropertyLink.objects.all().delete()
    page = check_page(signed_in(cast.accountant).get(url("posting-create", approved.pk)))
    assert "connected to no PMS" in text_of(the(page, "main"))
    assert not the(page, "main").find("form")


def test_a_platform_in_beta_is_named_so(cast, approved, signed_in):
    Connection.objects.update(pms="rentvine")
    page = check_page(signed_in(cast.accountant).get(url("posting-create", approved.pk)))
    assert "in beta" in text_of(the(page, "main"))


def test_a_draft_leads_back_to_its_page(cast, bill, now, signed_in):
    draft = calculate_bill(bill=bill, by=cast.manager, now=now)
    client = signed_in(cast.accountant)
    page = check_page(client.get(url("posting-create", draft.pk), follow=True))
    assert "Only an approved calculation" in alert_of(page)


@pytest.mark.usefixtures("enabled")
@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_posts(cast, approved, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    assert client.get(url("posting-create", approved.pk)).status_code == status
    assert client.post(url("posting-create", approved.pk), CONFIRMED).status_code == status
    assert not PostingJob.objects.exists()


@pytest.mark.usefixtures("enabled")
def test_only_mapped_codes_are_offered(cast, approved, signed_in):
    client = signed_in(cast.accountant)
    check_page(client.get(url("posting-create", approved.pk)))
    ChartAccount.objects.filter(code="GAS").update(missing_since=approved.prepared_at)
    ChargeCode.objects.create(portfolio=cast.portfolio, code="POOL", name="Pool")
    page = check_page(client.get(url("posting-create", approved.pk)))

    offered = [option["value"] for option in the(page, '[name="charge_code"]').select("option")]
    assert offered == ["", "ELEC", "RUBS", "SEWER", "TRASH", "UTIL", "WATER"]
    assert the(page, "main form").find("a", href=url("charge-codes", approved.bill.property_id))


@pytest.mark.usefixtures("enabled")
@pytest.mark.parametrize("code", ["WATER", "POOL"])
def test_a_code_that_cannot_be_used_is_answered_on_its_field_with_a_link(
    cast, approved, sandbox, signed_in, code
):
    client = signed_in(cast.accountant)
    client.get(url("posting-create", approved.pk))
    ChartAccount.objects.filter(code="WATER").update(missing_since=approved.prepared_at)
    ChargeCode.objects.create(portfolio=cast.portfolio, code="POOL", name="Pool")
    sent = CONFIRMED | {"charge_code": code}
    page = check_page(client.post(url("posting-create", approved.pk), sent))

    assert f"Charge code : {code} is" in alert_of(page)
    alert = the(page, "main [role=alert]")
    assert alert.find("a", href=url("charge-codes", approved.bill.property_id))
    assert not PostingJob.objects.exists()
    assert sandbox.ledger() == ()


@pytest.mark.usefixtures("enabled")
def test_where_the_usual_code_is_not_mapped_the_page_says_so(cast, approved, signed_in):
    client = signed_in(cast.accountant)
    client.get(url("posting-create", approved.pk))
    ChargeCodeMapping.objects.filter(charge_code__code="WATER").delete()
    page = check_page(client.get(url("posting-create", approved.pk)))

    assert "WATER is not mapped to anything" in text_of(the(page, "main form"))
    assert not the(page, '[name="charge_code"]').select("option[selected]")
