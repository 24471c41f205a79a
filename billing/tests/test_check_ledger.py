"""Reading the ledger back: what is there, what differs, what is lost, doubled or a stranger's."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from billing.models import DifferenceKind, Posting, PostingJob, PostingState
from billing.operations.ledger_checks import check_ledger
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.posting.drain import drain
from billing.posting.tests.fake_pms import FakePms, Fate
from billing.tests.small_place import small_job
from conftest import NOW
from integrations.models import Connection
from integrations.pms import errors
from integrations.pms.records import MalformedRecord
from integrations.pms.reference import reference_for

pytestmark = pytest.mark.django_db


class WholeLedger(FakePms):
    """A PMS in memory that shows the ledger of a whole property."""

    def list_charges(self, **_filters: object):
        """Show every row."""
        if self.ledger_error is not None:
            raise self.ledger_error
        return iter(self.rows())


@pytest.fixture
def pms(clock) -> WholeLedger:
    return WholeLedger(clock)


@pytest.fixture
def job(settings, cast, now, pms, clock) -> PostingJob:
    """Post three charges."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    made = small_job(cast, now)
    drain(connection_id=made.connection_id, gateway=pms, clock=clock)
    return made


@pytest.fixture
def check(job, pms, clock):
    """Give a function that reads the ledger back."""
    place = job.calculation.bill.property
    return lambda **only: check_ledger(place=place, gateway=pms, by=None, clock=clock, **only)


def kinds(found) -> list[str]:
    return [difference.kind for difference in found.differences.all()]


def counts(found) -> tuple[int, ...]:
    return (found.sent, found.there, found.differs, found.missing, found.extra, found.doubled)


def test_a_ledger_that_shows_every_charge_once_is_clean(check):
    found = check()

    assert counts(found) == (3, 3, 0, 0, 0, 0)
    assert found.is_clean


def test_rows_that_others_made_are_passed_over(check, pms):
    pms.rows().append(replace(pms.rows()[0], charge_id="chg_rent", description="Rent"))

    assert check().is_clean


def test_a_lost_charge_is_missing(check, pms):
    gone = pms.rows().pop(0)

    found = check()

    assert counts(found) == (3, 2, 0, 1, 0, 0)
    assert "does not show it" in found.differences.get().message
    assert found.differences.get().reference in gone.description


def test_a_doubled_charge_names_both(check, pms):
    pms.rows().append(replace(pms.rows()[0], charge_id="chg_again"))

    found = check()

    assert counts(found) == (3, 3, 0, 0, 0, 1)
    assert "chg_again" in found.differences.get().message


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"amount": Decimal("0.01")}, r"The PMS has \$0.01 where MeterBase posted"),
        ({"lease_id": "lease_other"}, "on the lease lease_other"),
        ({"charge_id": "chg_other"}, "The PMS calls it chg_other"),
    ],
)
def test_another_amount_lease_or_id_differs(check, pms, change, sentence):
    pms.rows()[0] = replace(pms.rows()[0], **change)

    found = check()

    assert counts(found) == (3, 2, 1, 0, 0, 0)
    assert found.differences.filter(message__regex=sentence).exists()


def test_a_row_that_cannot_be_read_differs(check, pms):
    row = pms.rows()[0]
    pms.rows()[0] = MalformedRecord(
        "charge", row.charge_id, ("amount is no number",), row.description
    )

    assert counts(check()) == (3, 2, 1, 0, 0, 0)


def test_a_reference_that_meterbase_does_not_know_is_extra(check, pms):
    strange = reference_for("somebody else's")
    pms.rows().append(replace(pms.rows()[0], charge_id="chg_x", description=f"Water [{strange}]"))

    found = check()

    assert counts(found) == (3, 3, 0, 0, 1, 0)
    assert kinds(found) == [DifferenceKind.EXTRA]


def test_a_charge_that_meterbase_calls_failed_but_the_pms_has_is_extra(check, job):
    Posting.objects.filter(pk=job.postings.first().pk).update(
        state=PostingState.REJECTED, remote_charge_id=""
    )

    found = check()

    assert counts(found) == (2, 2, 0, 0, 1, 0)
    assert "stands at failed" in found.differences.get().message


def test_a_charge_in_doubt_is_neither_lost_nor_extra(cast, settings, now, pms, clock):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    made = small_job(cast, now)
    pms.script.append(Fate.TAKEN_BUT_ANSWER_LOST)
    drain(connection_id=made.connection_id, gateway=pms, clock=clock)

    found = check_ledger(
        place=made.calculation.bill.property, gateway=pms, by=None, clock=clock, job=made
    )

    assert counts(found) == (2, 2, 0, 0, 0, 0)
    assert (found.unsettled, found.is_clean) == (1, True)


def test_a_charge_that_needs_a_decision_and_is_there_is_extra(check, job):
    one, two, _ = job.postings.order_by("pk")
    Posting.objects.filter(pk__in=[one.pk, two.pk]).update(state=PostingState.REVIEW)
    Posting.objects.filter(pk=two.pk).update(
        resolved_at=NOW, resolved_by=job.created_by, resolution="Charged there by hand."
    )

    found = check()

    assert (found.extra, found.is_clean) == (2, False)
    said = dict(found.differences.values_list("posting", "message"))
    assert said[one.pk] == (
        f"The PMS has it as {one.remote_charge_id}, and in MeterBase it needs a decision: link it."
    )
    assert "see that nobody is charged twice" in said[two.pk]
    assert Connection.objects.get().ledger_showed_unknown


def reversal_of(posting: Posting, **changes: object) -> Posting:
    """Have a charge taken back by a posting of its own."""
    original = Posting.objects.get(pk=posting.pk)
    posting.pk, posting._state.adding = None, True
    posting.reverses = original
    posting.business_key = f"reversal:{original.reference}"
    posting.reference = reference_for(posting.business_key)
    posting.amount_cents = -original.amount_cents
    posting.remote_charge_id = "chg_back"
    for name, value in changes.items():
        setattr(posting, name, value)
    posting.save()
    Posting.objects.filter(pk=original.pk).update(reversed_at=original.state_at)
    return posting


def test_a_charge_and_what_takes_it_back_are_both_there(check, job, pms):
    charged = job.postings.first().reference
    back = reversal_of(job.postings.first())
    row = next(row for row in pms.rows() if row.reference == charged)
    described = f"Reversal [{back.reference}]"
    pms.rows().append(replace(row, charge_id="chg_back", amount=-row.amount, description=described))

    found = check()

    assert counts(found) == (4, 4, 0, 0, 0, 0)
    assert found.is_clean


def test_a_charge_below_zero_that_is_not_shown_is_missing(check, job):
    reversal_of(job.postings.first())

    assert counts(check()) == (4, 3, 0, 1, 0, 0)


def test_a_credit_that_no_ledger_lists_is_not_waited_for(check, job):
    reversal_of(job.postings.first(), sent_as="credit")

    found = check()

    assert counts(found) == (3, 3, 0, 0, 0, 0)
    assert (found.unsettled, found.is_clean) == (0, True)


def test_what_was_taken_back_by_hand_may_have_gone(check, job, pms):
    posting = job.postings.first()
    Posting.objects.filter(pk=posting.pk).update(reversed_at=posting.state_at)
    pms.rows()[:] = [row for row in pms.rows() if row.reference != posting.reference]

    found = check()

    assert counts(found) == (2, 2, 0, 0, 0, 0)
    assert found.unsettled == 0


def test_progress_does_not_get_into_what_a_program_reads(check, capsys, settings):
    settings.PROPEXO_API_KEY = ""

    with pytest.raises(CommandError, match="API key") as ending:
        call_command("check_ledger", "--json")

    assert ending.value.returncode == 2
    printed = capsys.readouterr()
    assert (printed.out, "Reading the ledger" in printed.err) == ("", True)


def test_a_ledger_that_cannot_be_read_says_so_and_counts_nothing(check, pms):
    pms.ledger_error = errors.Unavailable("Propexo is not available right now (503).")

    found = check()

    assert counts(found) == (0, 0, 0, 0, 0, 0)
    assert "not available" in found.error
    assert not found.is_clean


def test_the_command_compares_with_the_real_ledger_and_ends_with_its_verdict(
    settings, approved, cast, gateway, sandbox, clock, capsys
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    order = PostingOrder(charge_date=NOW.date(), charge_code="UTIL", description="Water")
    made = create_posting_job(
        calculation=approved, order=order, gateway=gateway, by=cast.accountant, now=NOW
    )
    drain(connection_id=made.connection_id, gateway=gateway, clock=clock)

    call_command("check_ledger", "--json")
    answer = json.loads(capsys.readouterr().out)
    assert (answer["sent"], answer["there"], answer["clean"]) == (45, 45, True)

    with sandbox.sandbox.store.changing() as ledger:
        ledger.execute("DELETE FROM charges WHERE seq = 1")
    with pytest.raises(SystemExit) as ending:
        call_command("check_ledger", "--job", made.public_id)
    assert ending.value.code == 1
    assert "1 missing" in capsys.readouterr().out


def test_the_command_refuses_a_job_that_does_not_exist(db):
    with pytest.raises(CommandError, match="no job job_nowhere"):
        call_command("check_ledger", "--job", "job_nowhere")
