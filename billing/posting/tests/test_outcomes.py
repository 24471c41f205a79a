"""What each answer of the PMS means for a charge; what is not certain is unknown."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from billing.posting.outcomes import (
    Accepted,
    NothingSent,
    Outcome,
    Posted,
    Rejected,
    Unknown,
    outcome_of_error,
    outcome_of_receipt,
)
from integrations.pms import errors
from integrations.pms.pacing import NotYet
from integrations.pms.records import ChargeReceipt

WAIT = timedelta(seconds=17)

TABLE: list[tuple[errors.PmsError, type[Outcome], str]] = [
    (errors.Throttled("Slow down.", retry_after=WAIT), NothingSent, "RATE_LIMITED"),
    (NotYet("Others first.", retry_after=WAIT), NothingSent, "RATE_LIMITED"),
    (errors.NeverSent("No connection."), NothingSent, "NOT_SENT"),
    (errors.PmsLoginExpired("Renew it."), NothingSent, "AUTHORIZATION_FAILED"),
    (errors.ApiKeyRefused("Check the key."), NothingSent, "API_KEY_REFUSED"),
    (errors.DuplicateCharge("There.", charge_id="chg_1"), Unknown, "DUPLICATE_CHARGE"),
    (errors.LeaseNotFound("No lease."), Rejected, "LEASE_NOT_FOUND"),
    (errors.InvalidChargeCode("No code."), Rejected, "INVALID_CHARGE_CODE"),
    (errors.InvalidRequest("No amount."), Rejected, "VALIDATION_FAILED"),
    (errors.NotFound("No unit."), Rejected, "NOT_FOUND"),
    (errors.Refused("No."), Rejected, "PMS_REJECTED"),
    (errors.PeriodClosed("March is closed."), Rejected, "PERIOD_CLOSED"),
    (errors.NotSupported("Not for this PMS."), Rejected, "NOT_SUPPORTED"),
    (errors.OutcomeUnknown("Broke off."), Unknown, "OUTCOME_UNKNOWN"),
    (errors.Unavailable("Down."), Unknown, "OUTCOME_UNKNOWN"),
    (errors.UnreadableAnswer("What?"), Unknown, "OUTCOME_UNKNOWN"),
    (errors.PmsError("Something."), Unknown, "OUTCOME_UNKNOWN"),
]


@pytest.mark.parametrize(
    ("error", "kind", "code"), TABLE, ids=[type(error).__name__ for error, *_ in TABLE]
)
def test_each_error_has_its_outcome(error: errors.PmsError, kind: type, code: str):
    outcome = outcome_of_error(error)

    assert type(outcome) is kind
    assert not isinstance(outcome, Posted | Accepted)
    assert outcome.code == code


def test_no_error_is_missing_from_the_table():
    assert {type(error) for error, *_ in TABLE} == {errors.PmsError, *kinds_of(errors.PmsError)}


def kinds_of(kind: type[errors.PmsError]) -> Iterator[type[errors.PmsError]]:
    """List all errors below one."""
    for below in kind.__subclasses__():
        yield below
        yield from kinds_of(below)


def test_a_throttled_call_makes_the_whole_connection_wait_as_told():
    outcome = outcome_of_error(errors.Throttled("Slow down.", retry_after=WAIT))

    assert isinstance(outcome, NothingSent)
    assert (outcome.connection_waits, outcome.wait, outcome.counts) == (True, WAIT, True)


@pytest.mark.parametrize("error", [errors.PmsLoginExpired("Renew."), errors.ApiKeyRefused("Key.")])
def test_a_login_that_failed_does_not_count_as_a_try(error: errors.PmsError):
    outcome = outcome_of_error(error)

    assert isinstance(outcome, NothingSent)
    assert (outcome.login_expired, outcome.counts) == (True, False)


def test_only_a_duplicate_is_looked_up_at_once():
    at_once = {
        type(error)
        for error, *_ in TABLE
        if isinstance(outcome := outcome_of_error(error), Unknown) and outcome.look_now
    }

    assert at_once == {errors.DuplicateCharge}


def test_a_receipt_with_an_id_is_posted():
    receipt = ChargeReceipt(charge_id="chg_1", job_id=None, http_status=201, answer="{}")

    assert outcome_of_receipt(receipt, lease_id="lease_1") == Posted("chg_1", 201, "{}")


def test_a_receipt_with_a_job_alone_is_accepted():
    receipt = ChargeReceipt(charge_id=None, job_id="job_1", http_status=200, answer="{}")

    assert outcome_of_receipt(receipt, lease_id="lease_1") == Accepted("job_1", 200, "{}")


def test_a_receipt_without_any_id_is_unknown():
    receipt = ChargeReceipt(charge_id=None, job_id=None, http_status=202, answer="{}")

    outcome = outcome_of_receipt(receipt, lease_id="lease_1")

    assert isinstance(outcome, Unknown)
    assert outcome.http_status == 202


def test_waiting_for_a_turn_pauses_the_connection_and_is_no_try_of_the_charge():
    outcome = outcome_of_error(NotYet("Others first.", retry_after=WAIT))
    assert outcome == NothingSent(
        "never-sent",
        "Others first.",
        "RATE_LIMITED",
        wait=WAIT,
        connection_waits=True,
        counts=False,
    )
