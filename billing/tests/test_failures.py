"""What people do about charges that did not get through."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django_q.models import OrmQ

from billing.models import Posting, PostingAttempt, PostingState
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting, retry_posting
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_job
from portfolios.models import AuditEvent, LeaseStatus

pytestmark = pytest.mark.django_db


@pytest.fixture
def postings(settings, cast, now) -> list[Posting]:
    """Confirm a job whose charges wait."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    return list(small_job(cast, now).postings.all())


@pytest.fixture
def refused(postings) -> Posting:
    """Have one charge refused six times."""
    return put(
        postings[0],
        state=PostingState.REJECTED,
        tries=6,
        error_code="INVALID_CHARGE_CODE",
        error="No such code.",
        raw_error="404",
    )


@pytest.fixture
def undecided(postings, now) -> Posting:
    """Have one charge in doubt that only a person can settle."""
    PostingAttempt.objects.create(
        posting=postings[1], number=1, token="t", host="here", pid=1, started_at=now
    )
    return put(postings[1], state=PostingState.REVIEW, error="There twice.")


def put(posting: Posting, **changes) -> Posting:
    """Put a posting into a state, and read it again."""
    Posting.objects.filter(pk=posting.pk).update(**changes)
    return Posting.objects.get(pk=posting.pk)


def test_a_retried_charge_waits_for_a_worker_with_all_its_tries(refused, cast, now):
    OrmQ.objects.all().delete()
    later = now + timedelta(days=3)

    retry_posting(posting=refused, by=cast.accountant, now=later)

    posting = Posting.objects.get(pk=refused.pk)
    assert (posting.state, posting.tries, posting.not_before) == (PostingState.PENDING, 0, later)
    assert posting.error_code == posting.error == posting.raw_error == ""
    assert posting.reference == refused.reference
    assert posting.body == refused.body
    assert [event.actor for event in posting.events.all()][-1] == cast.accountant
    event = AuditEvent.objects.get(verb="posting.retried")
    assert (event.actor, event.before["error_code"]) == (cast.accountant, "INVALID_CHARGE_CODE")
    assert OrmQ.objects.exists()


@pytest.mark.parametrize("state", sorted(set(PostingState) - {PostingState.REJECTED}))
def test_only_a_refused_charge_can_be_retried(postings, cast, now, state: PostingState):
    posting = put(
        postings[0],
        state=state,
        token="t",
        lease_until=now,
        settle_at=now,
        remote_job_id="job_1",
        remote_charge_id="chg_1",
    )

    with pytest.raises(WrongState, match="certainly refused"):
        retry_posting(posting=posting, by=cast.accountant, now=now)

    assert Posting.objects.get(pk=posting.pk).state == state


def test_a_charge_cannot_be_retried_twice(refused, cast, now):
    read_before = Posting.objects.get(pk=refused.pk)
    retry_posting(posting=refused, by=cast.accountant, now=now)

    with pytest.raises(WrongState):
        retry_posting(posting=read_before, by=cast.manager, now=now)

    assert AuditEvent.objects.filter(verb="posting.retried").count() == 1


def test_a_failure_is_resolved_with_a_note(refused, cast, now):
    resolve_posting(posting=refused, note="Typed in by hand.", by=cast.accountant, now=now)

    posting = Posting.objects.get(pk=refused.pk)
    assert (posting.state, posting.resolution) == (PostingState.REJECTED, "Typed in by hand.")
    assert (posting.resolved_by, posting.resolved_at) == (cast.accountant, now)
    assert AuditEvent.objects.get(verb="posting.resolved").note == "Typed in by hand."


@pytest.mark.parametrize(
    "state", sorted(set(PostingState) - {PostingState.REJECTED, PostingState.REVIEW})
)
def test_only_a_failure_can_be_resolved(postings, cast, now, state: PostingState):
    posting = put(
        postings[0],
        state=state,
        token="t",
        lease_until=now,
        settle_at=now,
        remote_job_id="job_1",
        remote_charge_id="chg_1",
    )

    with pytest.raises(WrongState):
        resolve_posting(posting=posting, note="Done.", by=cast.accountant, now=now)

    assert Posting.objects.get(pk=posting.pk).resolved_at is None


@pytest.mark.parametrize("read_again", [True, False])
def test_a_resolved_failure_is_closed_to_everything_else(refused, cast, now, read_again):
    # A page may have been opened before somebody else resolved the failure.
    read_before = Posting.objects.get(pk=refused.pk)
    resolve_posting(posting=refused, note="Done.", by=cast.accountant, now=now)
    posting = Posting.objects.get(pk=refused.pk) if read_again else read_before

    with pytest.raises(WrongState):
        retry_posting(posting=posting, by=cast.manager, now=now)
    with pytest.raises(WrongState):
        resolve_posting(posting=posting, note="Again.", by=cast.manager, now=now)

    posting.refresh_from_db()
    assert (posting.state, posting.resolution) == (PostingState.REJECTED, "Done.")


def test_a_charge_in_doubt_is_linked_to_its_id(undecided, cast, now):
    link_posting(posting=undecided, charge_id="chg_9", note="Seen it.", by=cast.accountant, now=now)

    posting = Posting.objects.get(pk=undecided.pk)
    assert (posting.state, posting.remote_charge_id) == (PostingState.POSTED, "chg_9")
    attempt = posting.attempts.get()
    assert (attempt.outcome, attempt.evidence) == ("posted", "operator")
    event = AuditEvent.objects.get(verb="posting.linked")
    assert (event.after["remote_charge_id"], event.note) == ("chg_9", "Seen it.")


def test_a_charge_is_not_linked_to_the_id_of_another(undecided, postings, cast, now):
    put(postings[2], state=PostingState.POSTED, remote_charge_id="chg_9")

    with pytest.raises(WrongState, match="another charge"):
        link_posting(posting=undecided, charge_id="chg_9", note="", by=cast.accountant, now=now)

    assert undecided.attempts.get().outcome == ""


@pytest.mark.parametrize("state", sorted(set(PostingState) - {PostingState.REVIEW}))
def test_only_a_charge_that_needs_a_decision_is_linked(postings, cast, now, state):
    posting = put(
        postings[0],
        state=state,
        token="t",
        lease_until=now,
        settle_at=now,
        remote_job_id="job_1",
        remote_charge_id="chg_1",
    )

    with pytest.raises(WrongState, match="needs a decision"):
        link_posting(posting=posting, charge_id="chg_9", note="", by=cast.accountant, now=now)


@pytest.mark.parametrize("read_again", [True, False])
def test_a_resolved_doubt_is_not_linked(undecided, cast, now, read_again):
    read_before = Posting.objects.get(pk=undecided.pk)
    resolve_posting(posting=undecided, note="Voided.", by=cast.accountant, now=now)
    posting = Posting.objects.get(pk=undecided.pk) if read_again else read_before

    with pytest.raises(WrongState):
        link_posting(posting=posting, charge_id="chg_9", note="", by=cast.manager, now=now)

    assert undecided.attempts.get().outcome == ""


def test_no_act_happens_without_the_audit_trail(refused, undecided, cast, now):
    OrmQ.objects.all().delete()
    who = {"by": cast.accountant, "now": now}

    with audit_down():
        retry_posting(posting=refused, **who)
    with audit_down():
        resolve_posting(posting=refused, note="Done.", **who)
    with audit_down():
        link_posting(posting=undecided, charge_id="chg_9", note="", **who)

    refused.refresh_from_db()
    undecided.refresh_from_db()
    assert (refused.state, refused.resolved_at) == (PostingState.REJECTED, None)
    assert undecided.state == PostingState.REVIEW
    assert undecided.attempts.get().outcome == ""
    assert not OrmQ.objects.exists()


def test_a_charge_of_somebody_who_left_cannot_be_sent_again(refused, cast, now):
    refused.charge.lease.status = LeaseStatus.PAST
    refused.charge.lease.save()

    with pytest.raises(WrongState, match="would charge whoever lives there now"):
        retry_posting(posting=refused, by=cast.accountant, now=now)


def test_a_charge_posted_since_under_another_code_cannot_be_sent_again(refused, cast, now):
    again = Posting.objects.get(pk=refused.pk)
    again.pk = None
    again.business_key, again.reference = "another code", "MB-0000000000000"
    again.state, again.remote_charge_id = PostingState.POSTED, "chg_again"
    again.save()

    with pytest.raises(WrongState, match="would charge the resident twice"):
        retry_posting(posting=refused, by=cast.accountant, now=now)


def test_a_refused_fee_is_sent_again_though_the_share_was_posted(postings, cast, now):
    share, fee = postings[0], postings[1]
    put(share, state=PostingState.POSTED, remote_charge_id="chg_1")
    charge = fee.charge
    charge.kind, charge.unit, charge.lease = "fee", share.charge.unit, share.charge.lease
    charge.save()
    refused_fee = put(fee, state=PostingState.REJECTED, error_code="PMS_REJECTED", error="No.")

    retry_posting(posting=refused_fee, by=cast.accountant, now=now)

    assert Posting.objects.get(pk=fee.pk).state == PostingState.PENDING
