"""Asking for a reversal, deciding on it, and what other pages say of it."""

from __future__ import annotations

from datetime import date

import pytest
from django.urls import reverse
from django.utils import timezone

from billing.models import Posting, PostingState, Reversal, ReversalState
from billing.statements.issue import issue_statement
from billing.tests.acts import alert_of
from billing.tests.reversing import REASON, Story, posted_story
from meterbase.lib.money import format_dollars
from portfolios.models import LeaseStatus
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock) -> Story:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    settings.PROPEXO_BASE_URL = "http://127.0.0.1:9"
    settings.PROPEXO_CONTRACT = "unified"
    return posted_story(cast, clock)


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def filled(story: Story, *postings: Posting, **more: object) -> dict[str, object]:
    return {
        "posting": [posting.pk for posting in postings or story.charges()],
        "reason": REASON,
        "how": "credits",
        "charge_date": "2026-04-03",
        **more,
    }


def test_the_page_shows_what_can_be_taken_back_before_anybody_asks(story, signed_in):
    one = story.charges()[0]
    story.ask([one])
    page = check_page(signed_in(story.cast.accountant).get(url("job-reverse", story.job.public_id)))
    words = text_of(the(page, "main"))
    others = format_dollars(sum(posting.amount_cents for posting in story.charges()[1:]))
    assert f"Can be reversed 2 charges, {others}" in words
    assert "waits for approval" in words
    ticked = {box["value"] for box in page.select("input[name=posting][checked]")}
    assert ticked == {str(posting.pk) for posting in story.charges()[1:]}
    assert not page.select(f'input[name=posting][value="{one.pk}"]')


def test_a_selection_is_shown_once_more_and_then_asked_for(story, signed_in):
    client, (one, two, _) = signed_in(story.cast.accountant), story.charges()
    here = url("job-reverse", story.job.public_id)
    page = check_page(client.post(here, filled(story, one, two)))
    total = format_dollars(one.amount_cents + two.amount_cents)
    assert text_of(the(page, "h1")) == f"Ask to reverse 2 charges, {total}?"
    assert not Reversal.objects.exists()
    sent = {
        field["name"]: field.get("value", "")
        for field in page.select("main form input[type=hidden]")
        if field["name"] != "posting"
    }
    kept = [field["value"] for field in page.select("main form input[name=posting]")]
    answer = client.post(here, {**sent, "posting": kept})
    reversal = Reversal.objects.get()
    assert answer.url == url("reversal-detail", reversal.public_id)
    assert set(reversal.items.values_list("posting", flat=True)) == {one.pk, two.pk}
    assert (reversal.reason, reversal.requested_by) == (REASON, story.cast.accountant)


def test_one_charge_is_reversed_from_its_own_page(story, signed_in):
    client, one = signed_in(story.cast.accountant), story.charges()[0]
    page = check_page(client.get(url("posting-detail", one.pk)))
    here = url("posting-reverse", one.pk)
    assert page.find("a", href=here)
    boxes = check_page(client.get(here)).select("input[name=posting]")
    assert [box["value"] for box in boxes] == [str(one.pk)]
    client.post(here, filled(story, *story.charges(), confirmed="on"))
    assert [item.posting for item in Reversal.objects.get().items.all()] == [one]


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"reason": ""}, "Reason must be given"),
        ({"charge_date": "soon"}, "Date of the credits must be a date"),
        ({"how": "magic"}, "How must be one of the two ways"),
        ({"how": "by_hand"}, "What the PMS calls it must be given"),
        ({"posting": []}, "Choose at least one charge"),
        ({"posting": ["77777", "x"]}, "Choose at least one charge"),
    ],
)
def test_a_wrong_value_is_answered_by_a_sentence(story, signed_in, wrong, words):
    client = signed_in(story.cast.accountant)
    answer = client.post(
        url("job-reverse", story.job.public_id), filled(story, confirmed="on") | wrong
    )
    assert words in alert_of(check_page(answer))
    assert not Reversal.objects.exists()


def test_another_accountant_approves(story, signed_in):
    reversal = story.ask()
    client = signed_in(story.second)
    listed = check_page(client.get(url("approval-list")))
    assert listed.find("a", href=url("reversal-detail", reversal.public_id))
    page = check_page(client.get(url("reversal-detail", reversal.public_id)))
    assert "Approve and reverse 3 charges" in text_of(the(page, "main"))

    client.post(url("reversal-approve", reversal.public_id))
    story.clock.time = timezone.now()
    story.work()

    page = check_page(client.get(url("reversal-detail", reversal.public_id)))
    words = text_of(the(page, "main"))
    assert "State Approved" in words
    assert "Reversal: posted" in words
    assert not page.find("form", action=url("reversal-approve", reversal.public_id))


def test_whoever_asked_only_withdraws(story, signed_in):
    reversal = story.ask()
    client = signed_in(story.cast.accountant)
    page = check_page(client.get(url("reversal-detail", reversal.public_id)))
    assert "another accountant has to decide" in text_of(the(page, "main"))
    assert not page.find("form", action=url("reversal-approve", reversal.public_id))
    for act in ("approve", "refuse"):
        page = check_page(
            client.post(url(f"reversal-{act}", reversal.public_id), {"verdict": "x"}, follow=True)
        )
        assert "somebody else has to decide" in text_of(the(page, "main"))
    client.post(url("reversal-withdraw", reversal.public_id))
    reversal.refresh_from_db()
    assert reversal.state == ReversalState.WITHDRAWN


def test_a_refusal_needs_a_reason(story, signed_in):
    reversal = story.ask()
    client = signed_in(story.second)
    here = url("reversal-refuse", reversal.public_id)
    assert "must be given" in alert_of(check_page(client.post(here, {"verdict": ""})))
    client.post(here, {"verdict": "The bill is right."})
    page = check_page(client.get(url("reversal-detail", reversal.public_id)))
    assert "The bill is right." in text_of(the(page, "main"))


@pytest.mark.parametrize(("who", "status"), [("stranger", 404), ("viewer", 403), ("manager", 403)])
def test_only_accountants_reverse(story, signed_in, who, status):
    reversal = story.ask([story.charges()[0]])
    client = signed_in(getattr(story.cast, who))
    job, posting = url("job-reverse", story.job.public_id), story.charges()[1].pk
    assert client.get(job).status_code == status
    for here in (
        job,
        url("posting-reverse", posting),
        url("reversal-approve", reversal.public_id),
        url("reversal-refuse", reversal.public_id),
        url("reversal-withdraw", reversal.public_id),
    ):
        answer = client.post(here, filled(story, confirmed="on", verdict="No."))
        assert answer.status_code == status
    read = client.get(url("reversal-detail", reversal.public_id))
    assert read.status_code == (404 if who == "stranger" else 200)
    reversal.refresh_from_db()
    assert (reversal.state, Reversal.objects.count()) == (ReversalState.REQUESTED, 1)


def test_the_job_says_how_much_of_it_stands(story, signed_in):
    one = story.charges()[0]
    reversing = story.reverse([one])
    story.work()
    client = signed_in(story.cast.viewer)

    page = check_page(client.get(url("job-detail", story.job.public_id)))
    words = text_of(the(page, "main"))
    assert "Posted, 1 reversed" in words
    assert "1 of 3 posted charges was reversed" in words
    assert f"{format_dollars(one.amount_cents)} in all" in words
    assert not page.find("a", href=url("job-reverse", story.job.public_id))

    page = check_page(client.get(url("job-detail", reversing.public_id)))
    words = text_of(the(page, "main"))
    assert "Reversal: posted" in words
    assert f"takes back charges of job {story.job.public_id}" in words
    listed = text_of(the(check_page(client.get(url("job-list"))), "main"))
    assert "Posted, 1 reversed" in listed
    assert "Reversal: posted" in listed


def test_the_charge_and_the_posting_say_by_whom_it_was_reversed(story, signed_in):
    one = story.charges()[0]
    reversing = story.reverse([one])
    story.work()
    client = signed_in(story.cast.viewer)
    for here in (url("posting-detail", one.pk), url("charge-detail", one.charge_id)):
        words = text_of(the(check_page(client.get(here)), "main"))
        assert "approved by Second" in words
        assert f"in job {reversing.public_id}" in words
    back = reversing.postings.get()
    words = text_of(the(check_page(client.get(url("posting-detail", back.pk))), "main"))
    assert f"Takes back {one.reference}" in words


def test_what_was_reversed_can_be_posted_again_from_there(story, signed_in):
    story.reverse()
    reversal = Reversal.objects.get()
    again = url("posting-create", story.job.calculation_id)
    here = url("reversal-detail", reversal.public_id)
    client = signed_in(story.second)
    assert not check_page(client.get(here)).find("a", href=again)
    story.work()
    assert check_page(client.get(here)).find("a", href=again)
    assert not check_page(signed_in(story.cast.viewer).get(here)).find("a", href=again)
    assert "3 charges" in text_of(the(check_page(client.get(again)), "main"))


def test_the_list_of_bills_says_that_a_bill_was_reversed(story, signed_in):
    story.reverse()
    story.work()
    page = check_page(signed_in(story.cast.viewer).get(url("bill-list")))
    assert "Reversed" in text_of(the(page, "main table"))


def test_an_earlier_reversal_that_was_closed_is_held_up_to_both(story, signed_in):
    one = story.charges()[0]
    back = story.reverse([one]).postings.get()
    Posting.objects.filter(pk=back.pk).update(
        state=PostingState.REJECTED,
        resolved_at=story.clock(),
        resolved_by=story.second,
        resolution="Credited in Yardi.",
    )
    words = "Unit 101: Second closed an earlier reversal"
    asks, decides = signed_in(story.cast.accountant), signed_in(story.second)
    page = check_page(asks.get(url("posting-reverse", one.pk)))
    assert words in text_of(the(page, "main"))
    reversal = story.ask([one])
    page = check_page(decides.get(url("reversal-detail", reversal.public_id)))
    assert words in text_of(the(page, "main"))
    assert "Credited in Yardi." in text_of(the(page, "main"))


def test_who_moved_out_is_offered_the_way_by_hand(story, signed_in):
    one = story.charges()[0]
    one.charge.lease.status = LeaseStatus.PAST
    one.charge.lease.save()
    client = signed_in(story.cast.accountant)
    page = check_page(client.get(url("job-reverse", story.job.public_id)))
    words = text_of(the(page, "main"))
    assert "would credit whoever lives there now" in words
    assert "By hand only." in words
    assert "Can be reversed 2 charges" in words
    assert not page.select(f'input[name=posting][value="{one.pk}"][checked]')

    page = check_page(client.get(url("posting-reverse", one.pk)))
    words = text_of(the(page, "main"))
    assert "Can be reversed by hand 1 charge" in words
    assert "MeterBase cannot reverse these charges in this PMS" not in words
    assert [radio["value"] for radio in page.select("input[name=how]")] == ["by_hand"]


def test_a_statement_says_that_its_charge_was_taken_back(story, signed_in):
    one, two, _ = story.charges()
    march, client = date(2026, 3, 1), signed_in(story.cast.viewer)
    for posting in (one, two):
        lease = posting.charge.lease
        issue_statement(lease=lease, month=march, by=story.cast.manager, now=story.clock())
    story.reverse([one])
    story.work()

    pages = [
        reverse("billing:statement-detail", args=[posting.charge.lease_id, "2026-03"])
        for posting in (one, two)
    ]
    gone, stays = (text_of(the(check_page(client.get(page)), "main")) for page in pages)

    assert "Not what is due any more." in gone
    assert "due any more" not in stays


def test_support_staff_can_look_at_it(story, signed_in, admin_client):
    reversal = story.ask()
    for name, pk in (("reversal", reversal.pk), ("reversalitem", reversal.items.first().pk)):
        assert admin_client.get(reverse(f"admin:billing_{name}_changelist")).status_code == 200
        here = reverse(f"admin:billing_{name}_change", args=[pk])
        assert admin_client.get(here).status_code == 200


def test_a_failed_reversal_waits_on_the_failures_page(story, signed_in):
    back = story.reverse([story.charges()[0]]).postings.get()
    Posting.objects.filter(pk=back.pk).update(state=PostingState.REJECTED, error="No.")
    client = signed_in(story.second)
    page = check_page(client.get(url("failure-list")))
    words = text_of(the(page, "main"))
    assert "Reversal: failed" in words
    assert format_dollars(-back.amount_cents) in words
    words = text_of(the(check_page(client.get(url("posting-detail", back.pk))), "main"))
    assert "This is a reversal" in words
    assert "cannot credit the resident twice" in words
    client.post(url("failure-retry"), {"posting": [back.pk]})
    back.refresh_from_db()
    assert back.state == PostingState.PENDING


def test_a_pms_that_takes_nothing_back_says_so_first_and_offers_the_way_by_hand(
    story, signed_in, settings
):
    connection = story.job.connection
    connection.contract, connection.provider = "v1", "yardi"
    connection.save()
    client = signed_in(story.cast.accountant)
    settings.PROPEXO_CONTRACT = "auto"
    here = url("job-reverse", story.job.public_id)

    page = check_page(client.get(here))
    words = text_of(the(page, "main"))
    assert "Yardi Voyager takes no credits through Propexo" in words
    assert [radio["value"] for radio in page.select("input[name=how]")] == ["by_hand"]
    answer = client.post(
        here, filled(story, how="by_hand", pms_reference="CM 4711", confirmed="on")
    )
    reversal = Reversal.objects.get()
    assert answer.url == url("reversal-detail", reversal.public_id)
    approver = signed_in(story.second)
    page = check_page(approver.get(answer.url))
    assert "Confirm that 3 charges were reversed" in text_of(the(page, "main"))
    approver.post(url("reversal-approve", reversal.public_id))

    assert all(posting.reversed_at for posting in story.charges())
    one = story.charges()[0]
    words = text_of(the(check_page(client.get(url("posting-detail", one.pk))), "main"))
    assert "by hand in the PMS as CM 4711" in words
