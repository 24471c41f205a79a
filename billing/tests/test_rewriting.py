"""A charge that was refused as it was written is written anew, and only then."""

from __future__ import annotations

import json

import pytest

from billing.models import (
    AttemptOutcome,
    ChargeCode,
    ChargeCodeMapping,
    Posting,
    PostingAttempt,
    PostingState,
)
from billing.operations.calculations import WrongState
from billing.operations.failures import retry_posting
from billing.operations.job_control import stop_job
from billing.operations.rewriting import write_anew
from billing.posting.drain import drain
from billing.posting.tests.fake_pms import fake_pms
from billing.tests.small_place import small_job
from integrations.models import AccountKind, ChartAccount, PropertyLink
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def refused(settings, cast, now) -> Posting:
    """Have the first charge of a job refused for its code."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    settings.PROPEXO_API_KEY = "px_test_nobody"
    settings.PROPEXO_CONTRACT = "unified"
    posting = small_job(cast, now).postings.earliest("pk")
    Posting.objects.filter(pk=posting.pk).update(
        state=PostingState.REJECTED,
        token="t",
        error_code="INVALID_CHARGE_CODE",
        error="No such code.",
    )
    PostingAttempt.objects.create(
        posting=posting,
        number=1,
        token="t",
        host="here",
        pid=1,
        started_at=now,
        finished_at=now,
        outcome=AttemptOutcome.REJECTED,
    )
    return Posting.objects.get(pk=posting.pk)


def map_to(code: str) -> None:
    """Map UTIL to another entry of the chart."""
    mapping = ChargeCodeMapping.objects.get(charge_code__code="UTIL")
    for kind in AccountKind:
        account = ChartAccount.objects.get(kind=kind, code=code)
        field = "pms_charge_code" if kind == AccountKind.CHARGE_CODE else "financial_account"
        setattr(mapping, field, account)
    mapping.save()


def test_a_retry_sends_what_the_code_is_mapped_to_now(refused, cast, now, clock):
    before = json.loads(refused.body)
    map_to("RUBS")
    pms = fake_pms(clock)

    retry_posting(posting=refused, by=cast.accountant, now=now)
    drain(connection_id=refused.connection_id, gateway=pms, clock=clock)

    refused.refresh_from_db()
    after = json.loads(refused.body)
    assert (before["charge_code"], after["charge_code"]) == ("UTIL", "RUBS")
    assert {**after, "charge_code": "UTIL"} == before
    assert refused.state == PostingState.POSTED
    assert refused.reference in {*pms.amounts()}
    assert "Written anew" in "".join(refused.events.values_list("note", flat=True))
    assert AuditEvent.objects.get(verb="posting.written_anew").actor == cast.accountant


def test_an_unchanged_mapping_changes_nothing(refused, cast, now):
    assert not write_anew(posting=refused, by=cast.accountant, now=now)
    assert not AuditEvent.objects.filter(verb="posting.written_anew").exists()


def test_another_refusal_is_sent_again_as_it_is(refused, cast, now):
    Posting.objects.filter(pk=refused.pk).update(error_code="PMS_REJECTED")
    refused.refresh_from_db()
    map_to("RUBS")

    retry_posting(posting=refused, by=cast.accountant, now=now)

    assert json.loads(Posting.objects.get(pk=refused.pk).body)["charge_code"] == "UTIL"


def test_one_that_was_never_written_is_written_now(refused, cast, now):
    Posting.objects.filter(pk=refused.pk).update(body="", error_code="LEASE_NOT_CARED_FOR")
    refused.refresh_from_db()

    retry_posting(posting=refused, by=cast.accountant, now=now)

    refused.refresh_from_db()
    assert json.loads(refused.body)["unit_id"]
    assert refused.state == PostingState.PENDING


def test_a_code_that_is_mapped_to_nothing_is_still_refused(refused, cast, now):
    ChargeCodeMapping.objects.filter(charge_code=ChargeCode.objects.get(code="UTIL")).delete()

    with pytest.raises(WrongState, match="UTIL"):
        retry_posting(posting=refused, by=cast.accountant, now=now)

    assert Posting.objects.get(pk=refused.pk).state == PostingState.REJECTED


@pytest.mark.parametrize("outcome", ["", AttemptOutcome.POSTED])
def test_bytes_that_may_have_had_an_effect_stay(refused, cast, now, outcome):
    refused.attempts.update(outcome=outcome)
    map_to("RUBS")

    with pytest.raises(WrongState, match="may have come through"):
        write_anew(posting=refused, by=cast.accountant, now=now)


def test_a_property_that_moved_to_another_pms_is_not_written_for_the_old_one(refused, cast, now):
    PropertyLink.objects.all().delete()

    with pytest.raises(WrongState, match="no longer posted to this PMS"):
        write_anew(posting=refused, by=cast.accountant, now=now)


def test_a_refused_charge_of_a_stopped_job_goes_out_alone(refused, cast, now, clock):
    job = refused.job
    stop_job(job=job, by=cast.accountant, now=now)
    clock.advance(minutes=1)

    retry_posting(posting=refused, by=cast.accountant, now=clock())
    drain(connection_id=job.connection_id, gateway=fake_pms(clock), clock=clock)

    states = sorted(job.postings.values_list("state", flat=True))
    assert states == [PostingState.CANCELLED, PostingState.CANCELLED, PostingState.POSTED]
