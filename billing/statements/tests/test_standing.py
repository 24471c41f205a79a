"""How far the charges of an issued statement are."""

from __future__ import annotations

import pytest

from billing.models import Charge, Posting, PostingState, ResolvedAs, Statement
from billing.operations.failures import resolve_posting
from billing.statements.standing import StatementStanding, standings_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ready(month, settings):
    """Let statements be issued and charges be posted."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    month.fill_in()
    return month


def standing(statement: Statement) -> StatementStanding:
    """Tell how a statement stands."""
    return standings_of(Statement.objects.prefetch_related("lines"))[statement.pk]


def post(calculation) -> None:
    # What the engine proves before it says so is not what this is about.
    Posting.objects.filter(charge__calculation=calculation).update(
        state=PostingState.POSTED, remote_job_id="x"
    )


def test_a_charge_that_comes_to_nothing_holds_no_statement_up(ready):
    water, gas_desk = ready.approve(), ready.add_gas()
    gas = ready.approve(gas_desk)
    Charge.objects.filter(calculation=gas, unit__unit_number="101").update(amount_cents=0)
    ready.desk.post(water)
    gas_desk.post(gas)
    statement = ready.issue()
    assert statement.lines.filter(amount_cents=0).exists()
    assert standing(statement) == StatementStanding.ISSUED

    post(water)
    assert standing(statement) == StatementStanding.POSTED


def test_a_charge_that_was_posted_by_hand_counts_as_posted(ready, cast, now):
    ready.desk.post(ready.approve())
    statement = ready.issue()
    refused = Posting.objects.get(charge__unit__unit_number="101")
    Posting.objects.filter(pk=refused.pk).update(state=PostingState.REJECTED)
    assert standing(statement) == StatementStanding.ISSUED

    resolve_posting(
        posting=refused,
        note="Typed in.",
        by=cast.accountant,
        now=now,
        resolved_as=ResolvedAs.BY_HAND,
        pms_reference="8812",
    )
    assert standing(statement) == StatementStanding.POSTED
