"""Whose a failure is, until when it rests, and in which list that puts it."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from billing.causes import CauseKind, known_codes
from billing.failures import FailureFilter, FailureTab, Owner, in_tab, sum_by_cause
from billing.models import FailureFollowUp, Posting, PostingState, ResolvedAs
from billing.operations.calculations import WrongState
from billing.operations.failures import link_posting, resolve_posting, retry_posting
from billing.operations.follow_ups import assign_failure, snooze_failure, wake_failure
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_job
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(settings, cast, now) -> Posting:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    posting = small_job(cast, now).postings.order_by("pk")[0]
    return put(posting, state=PostingState.REJECTED, error_code="RATE_LIMITED", error="No.")


def put(posting: Posting, **changes: object) -> Posting:
    Posting.objects.filter(pk=posting.pk).update(**changes)
    return Posting.objects.get(pk=posting.pk)


def tab_of(posting: Posting, now) -> list[str]:
    return [tab.value for tab in FailureTab if in_tab(tab, now=now).filter(pk=posting.pk).exists()]


def test_a_failure_is_somebodys_and_given_back(refused, cast, now):
    assign_failure(posting=refused, to=cast.manager, by=cast.accountant, now=now)
    found = FailureFollowUp.objects.get(posting=refused)
    assert (found.assigned_to, found.assigned_by, found.assigned_at) == (
        cast.manager,
        cast.accountant,
        now,
    )
    assert AuditEvent.objects.get(verb="posting.assigned").after == {"assigned_to": "Manager"}

    assign_failure(posting=refused, to=None, by=cast.manager, now=now)
    found.refresh_from_db()
    assert (found.assigned_to, found.assigned_at) == (None, None)


@pytest.mark.parametrize("who", ["viewer", "stranger"])
def test_it_is_not_given_to_somebody_who_can_do_nothing(refused, cast, now, who):
    with pytest.raises(WrongState, match="no manager or accountant"):
        assign_failure(posting=refused, to=getattr(cast, who), by=cast.accountant, now=now)
    assert not FailureFollowUp.objects.exists()


def test_it_rests_until_its_day(refused, cast, now):
    snooze_failure(posting=refused, until=date(2026, 4, 9), by=cast.manager, now=now)

    assert tab_of(refused, now) == ["snoozed"]
    assert tab_of(refused, now + timedelta(days=6)) == ["snoozed"]
    assert tab_of(refused, now + timedelta(days=7)) == ["open"]


def test_it_comes_back_when_it_fails_once_more(refused, cast, now):
    snooze_failure(posting=refused, until=date(2026, 4, 9), by=cast.manager, now=now)
    put(refused, state_at=now + timedelta(hours=1))

    assert tab_of(refused, now + timedelta(hours=2)) == ["open"]


def test_a_rest_is_ended_before_its_day(refused, cast, now):
    snooze_failure(posting=refused, until=date(2026, 4, 9), by=cast.manager, now=now)
    wake_failure(posting=refused, by=cast.accountant, now=now)
    assert tab_of(refused, now) == ["open"]
    with pytest.raises(WrongState, match="does not rest"):
        wake_failure(posting=refused, by=cast.accountant, now=now)


@pytest.mark.parametrize("until", [date(2026, 4, 2), date(2026, 3, 1), date(2026, 7, 2)])
def test_it_rests_neither_backwards_nor_for_ever(refused, cast, now, until):
    with pytest.raises(WrongState, match="90 days at most"):
        snooze_failure(posting=refused, until=until, by=cast.manager, now=now)


def test_what_is_no_open_failure_is_left_alone(refused, cast, now):
    resolve_posting(posting=refused, note="Done.", by=cast.accountant, now=now)
    with pytest.raises(WrongState):
        assign_failure(posting=refused, to=cast.manager, by=cast.accountant, now=now)
    with pytest.raises(WrongState):
        snooze_failure(posting=refused, until=date(2026, 4, 9), by=cast.manager, now=now)


def test_nothing_is_said_without_the_audit_trail(refused, cast, now):
    with audit_down():
        assign_failure(posting=refused, to=cast.manager, by=cast.accountant, now=now)
    with audit_down():
        snooze_failure(posting=refused, until=date(2026, 4, 9), by=cast.manager, now=now)
    assert not FailureFollowUp.objects.exclude(assigned_to=None, snoozed_until=None).exists()


def test_a_retried_charge_goes_from_list_to_list(refused, cast, now):
    retry_posting(posting=refused, by=cast.accountant, now=now + timedelta(minutes=1))
    assert tab_of(refused, now) == ["retrying"]

    put(refused, state=PostingState.POSTED, remote_charge_id="chg_1")
    assert tab_of(refused, now) == ["resolved"]

    put(refused, state=PostingState.REJECTED, remote_charge_id="")
    assert tab_of(refused, now) == ["open"], "the same key failed again"


def test_a_linked_charge_counts_as_resolved(refused, cast, now):
    doubtful = put(refused, state=PostingState.REVIEW)
    link_posting(posting=doubtful, charge_id="chg_9", note="Seen.", by=cast.accountant, now=now)
    assert tab_of(refused, now) == ["resolved"]


def test_only_what_stumbled_is_said_to_be_tried_again(refused, now):
    fresh = refused.job.postings.exclude(pk=refused.pk)[0]
    assert tab_of(fresh, now) == []
    put(fresh, token="claimed once")
    assert tab_of(fresh, now) == ["retrying"]
    put(fresh, state=PostingState.UNKNOWN, settle_at=now)
    assert tab_of(fresh, now) == ["retrying"]


@pytest.mark.parametrize("end", [ResolvedAs.OWNER, ResolvedAs.WRITTEN_OFF])
def test_a_refused_charge_is_closed_for_good(refused, cast, now, end):
    resolve_posting(posting=refused, note="Agreed.", by=cast.accountant, now=now, resolved_as=end)
    refused.refresh_from_db()
    assert (refused.resolved_as, refused.resolution) == (end, "Agreed.")
    assert AuditEvent.objects.get(verb="posting.resolved").after["resolved_as"] == end
    assert tab_of(refused, now) == ["resolved"]


@pytest.mark.parametrize("end", [ResolvedAs.OWNER, ResolvedAs.WRITTEN_OFF, ResolvedAs.BY_HAND])
@pytest.mark.parametrize("read_again", [True, False])
def test_what_may_be_in_the_pms_is_nobodys_to_write_off(refused, cast, now, end, read_again):
    doubtful = put(refused, state=PostingState.REVIEW)
    with pytest.raises(WrongState):
        resolve_posting(
            posting=doubtful if read_again else refused,
            note="Agreed.",
            by=cast.accountant,
            now=now,
            resolved_as=end,
            pms_reference="R 1" if end == ResolvedAs.BY_HAND else "",
        )
    refused.refresh_from_db()
    assert refused.resolved_at is None


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (FailureFilter(), 1),
        (FailureFilter(words="101"), 1),
        (FailureFilter(words="maplewood 101"), 1),
        (FailureFilter(words="nowhere"), 0),
        (FailureFilter(cause="RATE_LIMITED"), 1),
        (FailureFilter(cause=""), 0),
        (FailureFilter(owner=Owner.MINE), 0),
        (FailureFilter(owner=Owner.NOBODY), 1),
        (FailureFilter(pms="yardi_voyager"), 1),
        (FailureFilter(pms="entrata"), 0),
        (FailureFilter(older_than_days=1), 0),
        (FailureFilter(at_least_cents=100), 1),
        (FailureFilter(at_least_cents=10_000_000), 0),
        (FailureFilter(month=date(2026, 3, 1)), 1),
        (FailureFilter(month=date(2026, 4, 1)), 0),
        (FailureFilter(place=10**17), 0),
    ],
)
def test_the_list_is_narrowed(refused, cast, now, wanted, count):
    found = wanted.narrow(in_tab(FailureTab.OPEN, now=now), user=cast.manager, now=now)
    assert found.count() == count


def test_every_failure_is_of_exactly_one_kind(refused, cast, now):
    for code in [*known_codes(), "", "SOMETHING_NEW"]:
        for state in (PostingState.REJECTED, PostingState.REVIEW):
            put(refused, state=state, error_code=code)
            kinds = [
                kind
                for kind in CauseKind
                if FailureFilter(kind=kind)
                .narrow(in_tab(FailureTab.OPEN, now=now), user=cast.manager, now=now)
                .exists()
            ]
            assert len(kinds) == 1, (code, state, kinds)
            if state == PostingState.REVIEW:
                assert kinds == [CauseKind.UNKNOWN]


def test_causes_are_summed_with_their_money(refused, now):
    refused.job.postings.update(state=PostingState.REJECTED, error_code="RATE_LIMITED")
    put(refused, error_code="LEASE_NOT_FOUND", amount_cents=-10_000_000)
    first, second = sum_by_cause(in_tab(FailureTab.OPEN, now=now))
    assert (first.code, first.count, first.cents) == ("LEASE_NOT_FOUND", 1, 10_000_000)
    assert (second.code, second.count) == ("RATE_LIMITED", 2)
