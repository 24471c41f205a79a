"""The page of a charge in doubt: one accountant asks to send it again, another confirms."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import Posting, PostingState
from billing.tests.small_place import small_job
from portfolios.models import Membership, Role, User
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


def url(name: str, posting: Posting) -> str:
    return reverse(f"billing:{name}", args=[posting.pk])


@pytest.fixture
def undecided(settings, cast, now) -> Posting:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    posting = small_job(cast, now).postings.order_by("pk")[0]
    Posting.objects.filter(pk=posting.pk).update(
        state=PostingState.REVIEW, error="The PMS does not show it."
    )
    return posting


@pytest.fixture
def colleague(cast) -> User:
    """Have a second accountant."""
    user = User.objects.create_user("colleague", password="correct horse")
    Membership.objects.create(user=user, portfolio=cast.portfolio, role=Role.ACCOUNTANT)
    return user


def main_of(client, posting) -> str:
    return text_of(the(check_page(client.get(url("posting-detail", posting))), "main"))


def test_one_asks_and_another_confirms(cast, colleague, undecided, signed_in):
    first, second = signed_in(cast.accountant), signed_in(colleague)

    first.post(url("posting-ask-again", undecided), {"resend_reason": "Not in Yardi."})
    assert "Another accountant has to confirm" in main_of(first, undecided)
    first.post(url("posting-send-again", undecided))
    undecided.refresh_from_db()
    assert undecided.state == PostingState.REVIEW, "not on one person's word"

    assert "“Not in Yardi.”" in main_of(second, undecided)
    second.post(url("posting-send-again", undecided))
    undecided.refresh_from_db()
    assert undecided.state == PostingState.PENDING


def test_a_reason_has_to_be_given(cast, undecided, signed_in):
    answer = signed_in(cast.accountant).post(url("posting-ask-again", undecided), {})

    assert "How you know that it is not there must be given" in text_of(check_page(answer))


def test_the_other_one_may_refuse(cast, colleague, undecided, signed_in):
    signed_in(cast.accountant).post(
        url("posting-ask-again", undecided), {"resend_reason": "Not there."}
    )
    signed_in(colleague).post(url("posting-withdraw-again", undecided))

    undecided.refresh_from_db()
    assert (undecided.state, undecided.resend_asked_at) == (PostingState.REVIEW, None)


@pytest.mark.parametrize(
    "act", ["posting-ask-again", "posting-send-again", "posting-withdraw-again"]
)
def test_only_accountants_decide(cast, undecided, signed_in, act):
    assert signed_in(cast.manager).post(url(act, undecided)).status_code == 403
    assert signed_in(cast.stranger).post(url(act, undecided)).status_code == 404
