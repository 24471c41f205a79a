"""Every cent of every bill is on one step, and the rows behind a step add up to it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import cycle

import pytest

from billing.duplicates import Duplicates, earlier_charges
from billing.models import (
    Charge,
    ChargeKind,
    Method,
    OwnerBucket,
    OwnerShare,
    Posting,
    UtilityBill,
    VacancyPolicy,
)
from billing.operations.posting_jobs import Confirmation
from billing.reports.behind import Total, behind, total_of
from billing.reports.recovery import Recovery, read_recovery
from billing.reports.steps import FATES, Fate, Step
from billing.reports.tests.chance import STANDINGS, bills_by_chance
from billing.tests.acts import post, run_workers
from billing.tests.desk import Desk
from billing.tests.every_method import bring_terms, put_in_force, rule_by
from billing.tests.reversing import posted_story
from billing.tests.small_place import ORDER, small_bill

pytestmark = pytest.mark.django_db


def read() -> Recovery:
    return read_recovery(UtilityBill.objects.all())


def steps() -> dict[Step, int]:
    return dict(read().steps)


def test_a_bill_that_is_not_approved_is_on_that_step_alone(cast, now):
    desk = Desk(small_bill(cast, now), cast, now)
    assert steps() == {Step.NOT_APPROVED: 34_561}

    desk.in_review()

    assert steps() == {Step.NOT_APPROVED: 34_561}


@pytest.mark.parametrize(
    ("method", "vacancy"), list(zip(Method, cycle(VacancyPolicy), strict=False))
)
def test_the_steps_add_up_to_the_bill_by_every_method(bill, cast, now, method, vacancy):
    put_in_force(bill, rule_by(method, vacancy), by=cast.manager, now=now)
    bring_terms(bill, method, by=cast.manager, now=now)
    desk = Desk(bill, cast, now)
    calculation = desk.in_review()
    desk.approve(calculation)

    found = steps()

    owner: Counter[str] = Counter()
    for line in calculation.result["owner"]:
        owner[line["bucket"]] += line["cents"]
    assert found[Step.TO_POST] == calculation.tenants_cents
    assert found[Step.COMMON_AREA] == owner[OwnerBucket.COMMON_AREA]
    assert found.get(Step.VACANCY, 0) == owner[OwnerBucket.VACANCY]
    assert sum(cents for step, cents in found.items() if FATES[step] is Fate.OWNER) == (
        calculation.owner_cents
    )
    assert sum(found.values()) == bill.amount_cents
    assert Step.UNEXPLAINED not in found


def test_a_job_moves_money_from_step_to_step(approved, cast, gateway, now, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    tenants = approved.tenants_cents
    post(approved, by=cast.accountant, gateway=gateway, now=now, post_to_pms=False)
    assert steps()[Step.TO_POST] == tenants

    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    assert steps()[Step.WAITING] == tenants

    run_workers(job, gateway=gateway, now=now)
    assert steps()[Step.RECOVERED] == tenants
    assert sum(steps().values()) == approved.bill_cents


@pytest.mark.parametrize(("step", "columns"), STANDINGS)
def test_what_became_of_a_posting_decides_the_step(cast, now, settings, step, columns):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    story = bills_by_chance(cast, now, seed=0, count=0)
    first = story.job.postings.earliest("pk")
    Posting.objects.filter(pk=first.pk).update(**story.filled(columns))

    rows = behind(step, UtilityBill.objects.all()).filter(pk=first.charge_id)

    assert total_of(rows) == Total(1, first.amount_cents)
    assert sum(steps().values()) == story.job.calculation.bill_cents


def test_a_charge_that_was_reversed_and_posted_again_is_recovered_once(cast, clock, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    story = posted_story(cast, clock)
    tenants = story.job.calculation.tenants_cents
    story.reverse()
    story.work()
    assert steps()[Step.REVERSED] == tenants

    calculation = story.job.calculation
    earlier = Duplicates(earlier=earlier_charges(calculation), look=None)
    said = Confirmation(digest=earlier.digest, reason="It was right after all.")
    Desk(calculation.bill, cast, clock()).post(calculation, replace(ORDER, confirmed=said))
    story.work()

    assert steps()[Step.RECOVERED] == tenants
    assert Step.REVERSED not in steps()


def test_what_no_row_accounts_for_is_said(approved):
    OwnerShare.objects.filter(bucket=OwnerBucket.COMMON_AREA).delete()

    assert steps()[Step.UNEXPLAINED] == 56_616
    assert total_of(behind(Step.UNEXPLAINED, UtilityBill.objects.all())) == Total(1, 56_616)
    assert sum(steps().values()) == 566_161


def test_fees_are_beside_the_bill(approved):
    share = approved.charges.first()
    Charge.objects.create(
        calculation=approved,
        kind=ChargeKind.FEE,
        unit=share.unit,
        lease=share.lease,
        unit_label="101",
        propexo_unit_id=share.propexo_unit_id,
        propexo_lease_id=share.propexo_lease_id,
        amount_cents=300,
        explanation={},
    )
    assert sum(steps().values()) == 566_161
    assert steps()[Step.TO_POST] == approved.tenants_cents


@pytest.mark.parametrize("seed", range(5))
def test_the_rows_behind_each_step_add_up_to_it_and_the_steps_to_the_bills(
    cast, now, settings, seed
):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    bills_by_chance(cast, now, seed=seed)
    bills = UtilityBill.objects.all()

    found = steps()

    assert {step: total_of(behind(step, bills)).cents for step in Step} == {
        step: found.get(step, 0) for step in Step
    }
    billed = sum(bill.amount_cents for bill in bills)
    assert billed == sum(found.values()) == total_of(behind(None, bills)).cents
    assert Step.UNEXPLAINED not in found


@pytest.mark.parametrize("seed", range(3))
def test_groups_add_up_to_the_whole(cast, now, settings, seed):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    bills_by_chance(cast, now, seed=seed)
    whole = read()
    for groups in (whole.by(lambda bill: bill.month), whole.by(lambda bill: bill.utility)):
        sums: Counter[Step] = Counter()
        for _, part in groups:
            assert sum(part.steps.values()) == part.billed_cents
            sums.update(part.steps)
        assert {step: cents for step, cents in sums.items() if cents} == dict(whole.steps)


def test_chance_reaches_every_step(cast, now, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    bills_by_chance(cast, now, seed=4, count=16)
    assert set(steps()) == set(Step) - {Step.UNEXPLAINED}
