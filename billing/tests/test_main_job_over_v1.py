"""The main job over contract v1, with every PMS that Propexo can write charges to."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from billing.charge_codes import find_code, links_with_portfolios
from billing.closed_months import latest_closed_month
from billing.models import (
    ChargeCode,
    ChargeCodeMapping,
    PostingJob,
    PostingState,
)
from billing.operations.charge_code_mappings import Target, map_charge_code
from billing.operations.ledger_checks import check_ledger
from billing.operations.posting_jobs import (
    DuplicatesFound,
    NoPostMonth,
    PostingOrder,
    create_posting_job,
)
from billing.posting.drain import drain
from billing.posting.sweep import sweep
from billing.queries import count_job
from billing.tests.march import approve_bill, march_bill
from integrations.gateways import find_gateway, open_gateway
from integrations.models import AccountKind, ChartAccount, SyncRun
from integrations.operations.chart_of_accounts import read_chart
from integrations.operations.connections import add_connection
from integrations.operations.imports import import_properties
from integrations.pms.catalog import platform_of
from integrations.pms.errors import NotSupported
from integrations.pms.records import ChargeOrder
from integrations.pms.reference import reference_for
from integrations.pms.v1_charge_forms import takes_charges
from integrations.sandbox.closed_periods import close_through
from integrations.sandbox.moments import stamp
from integrations.sandbox.pms_behaviour import BEHAVIOURS
from integrations.sandbox.server import running_sandbox
from integrations.sync.run import run_sync
from meterbase.lib.money import cents_from_dollars, dollars_from_cents
from portfolios.models import UnitField
from portfolios.operations.units import set_unit_values

pytestmark = pytest.mark.django_db

SLUGS = [behaviour.slug for behaviour in BEHAVIOURS]


@pytest.fixture
def v1(tmp_path):
    """Run a sandbox of contract v1 with a building behind every PMS."""
    with running_sandbox(
        data_dir=tmp_path / "v1", properties=1, units=2, pms=SLUGS, contract="v1"
    ) as running:
        yield running


@pytest.fixture
def place(request, settings, cast, now, v1):
    """Connect, import and sync the building of a PMS."""
    slug = request.param
    settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY = v1.base_url, v1.api_key
    settings.PROPEXO_CONTRACT = "auto"
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    known = platform_of(provider=slug)
    assert known is not None
    connection = add_connection(
        portfolio=cast.portfolio,
        propexo_connection_id=f"conn_{slug}",
        pms=known.key,
        integration_id="",
        gateway=find_gateway(propexo_connection_id=f"conn_{slug}"),
        by=cast.manager,
        now=now,
    )
    connection.transaction_batch_id = "batch_7"
    connection.save()
    gateway = open_gateway(connection)
    report = import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=[f"prop_{slug}"],
        gateway=gateway,
        by=cast.manager,
        now=now,
    )
    run = SyncRun.objects.create(property=report.created[0], queued_at=now)
    run_sync(run_id=run.pk, gateway=gateway, clock=lambda: now)
    run.refresh_from_db()
    assert (run.state, run.error) == ("completed", "")
    made = report.created[0]
    # What the law of its place says of a rule is not the story here.
    made.state, made.city = "", ""
    made.save()
    say_what_the_pms_does_not(made, cast, now)
    map_util(made, cast, now)
    return made


def map_util(place, cast, now) -> None:
    """Map UTIL by hand, where the PMS's chart of accounts does not call it so."""
    read_chart(place=place, gateway=open_gateway(place.link.connection), now=now)
    code = ChargeCode.objects.get(portfolio=place.portfolio, code="UTIL")
    mapping = ChargeCodeMapping.objects.filter(property=place, charge_code=code).first()
    if mapping is not None:
        return
    chart = ChartAccount.objects.filter(property=place)
    target = Target(
        pms_charge_code=chart.filter(kind=AccountKind.CHARGE_CODE).first(),
        financial_account=chart.filter(kind=AccountKind.FINANCIAL_ACCOUNT).first(),
    )
    map_charge_code(place=place, charge_code=code, target=target, by=cast.accountant, now=now)


def say_what_the_pms_does_not(place, cast, now) -> None:
    """Type what a real roll lacks, as its calculation asks for; leases tell who lives there."""
    assert place.units.filter(occupied=None).exists()
    for unit in place.units.filter(sqft=None):
        set_unit_values(unit=unit, values={UnitField.SQFT: "800"}, by=cast.manager, now=now)


@pytest.fixture
def approved(place, cast, now):
    """Enter a bill, share it by square feet, and have it approved."""
    return approve_bill(march_bill(place, 566_161, cast=cast, now=now), cast=cast, now=now)


ORDER = PostingOrder(charge_date=date(2026, 4, 1), charge_code="UTIL", description="Water")


def post(approved, cast, now, order: PostingOrder = ORDER) -> PostingJob:
    return create_posting_job(
        calculation=approved,
        order=order,
        gateway=open_gateway(approved.bill.property.link.connection),
        by=cast.accountant,
        now=now,
    )


def work(job: PostingJob, clock) -> None:
    """Let workers and sweepers do their rounds until the job is over, or a day is."""
    gateway = open_gateway(job.connection)
    for _ in range(200):
        drain(connection_id=job.connection_id, gateway=gateway, clock=clock)
        sweep(gateway_for=lambda _: gateway, clock=clock)
        if count_job(job).is_over:
            return
        clock.time += timedelta(seconds=15)


@pytest.mark.parametrize("place", [slug for slug in SLUGS if takes_charges(slug)], indirect=True)
def test_every_charge_is_in_the_pms_once_and_to_the_cent(place, approved, cast, now, clock, v1):
    before = len(v1.ledger())

    job = post(approved, cast, now)
    work(job, clock)

    counts = count_job(job)
    # Who moved out before the charge's date is refused by the PMS itself.
    problems = set(job.postings.exclude(error="").values_list("error_code", flat=True))
    assert counts.posted >= 10
    assert problems <= {"LEASE_NOT_FOUND"}, problems
    assert counts.posted + counts.failed == counts.total
    mine = v1.ledger()[before:]
    assert sum(cents_from_dollars(entry.amount) for entry in mine) == counts.posted_cents
    assert len(mine) == counts.posted
    assert not job.postings.exclude(remote_job_id="").filter(state=PostingState.UNKNOWN)


@pytest.mark.parametrize(
    "place", [slug for slug in SLUGS if not takes_charges(slug)], indirect=True
)
def test_a_pms_that_takes_no_charges_is_told_apart_before_anything_is_made(
    place, approved, cast, now
):
    with pytest.raises(NotSupported):
        post(approved, cast, now)
    assert not PostingJob.objects.exists()


@pytest.mark.parametrize("place", ["appfolio"], indirect=True)
def test_the_ledger_is_read_back_as_far_as_propexo_has_synced(
    place, approved, cast, now, clock, v1
):
    job = post(approved, cast, now)
    work(job, clock)

    posted = count_job(job).posted

    let_propexo_have_synced(v1, at=now - timedelta(days=1))
    before = read_back(job, clock)
    assert (before.sent + before.unsettled, before.missing, before.doubled) == (posted, 0, 0)

    let_propexo_have_synced(v1, at=clock() + timedelta(days=1))
    after = read_back(job, clock)
    assert (after.sent, after.unsettled, after.doubled) == (posted, 0, 0)


def let_propexo_have_synced(v1, *, at) -> None:
    with v1.sandbox.store.changing() as store:
        store.execute("UPDATE connections SET last_synced_at = ?", [stamp(at)])


def read_back(job: PostingJob, clock):
    place = job.calculation.bill.property
    gateway = open_gateway(job.connection)
    return check_ledger(place=place, gateway=gateway, by=None, clock=clock, job=job)


MAY = date(2026, 5, 1)


@pytest.mark.parametrize("place", ["yardi", "entrata"], indirect=True)
def test_charges_of_a_closed_month_are_booked_in_the_next_one(
    place, approved, cast, now, clock, v1
):
    close_through(v1.sandbox.store, property_id=place.propexo_property_id, month="2026-04")
    before = len(v1.ledger())
    refused = post(approved, cast, now)
    work(refused, clock)
    codes = set(refused.postings.values_list("error_code", flat=True))
    assert "PERIOD_CLOSED" in codes
    assert codes <= {"PERIOD_CLOSED", "LEASE_NOT_FOUND"}
    closed = latest_closed_month(place)
    assert closed is not None
    assert closed.next_open == MAY

    job = post(approved, cast, clock(), replace(ORDER, post_month=closed.next_open))
    work(job, clock)

    assert count_job(job).posted >= 10
    assert "2026-05" in job.postings.filter(state=PostingState.POSTED)[0].body
    assert len(v1.ledger()) - before == count_job(job).posted
    with v1.sandbox.store.reading() as store:
        months = "SELECT DISTINCT post_month FROM charges ORDER BY seq DESC LIMIT 1"
        assert store.execute(months).fetchone()["post_month"] == "2026-05"


@pytest.mark.parametrize("place", ["appfolio", "realpage_rpx"], indirect=True)
def test_a_pms_that_takes_no_post_month_is_not_sent_one(place, approved, cast, now):
    with pytest.raises(NoPostMonth, match="takes no post month through Propexo"):
        post(approved, cast, now, replace(ORDER, post_month=MAY))
    assert not PostingJob.objects.exists()


@pytest.mark.parametrize("place", ["yardi", "appfolio", "buildium"], indirect=True)
def test_what_others_charged_is_found_as_far_as_propexo_has_synced(
    place, approved, cast, now, clock, v1
):
    charge = approved.charges.exclude(lease__status="past").first()
    charge_by_others(approved, charge)
    let_propexo_have_synced(v1, at=clock() + timedelta(days=1))
    with v1.sandbox.store.changing() as store:
        store.execute("UPDATE charges SET readable_from = created_at")

    with pytest.raises(DuplicatesFound) as refusal:
        post(approved, cast, now)

    (finding,) = refusal.value.found.findings
    assert (finding.kind, finding.charge, finding.is_probable) == ("in_the_pms", charge, True)
    look = refusal.value.found.look
    assert look is not None
    assert look.shown_until == clock() + timedelta(days=1)


def charge_by_others(approved, charge) -> None:
    """Let another program charge the same through Propexo."""
    link = links_with_portfolios().get(property=approved.bill.property)
    accounts = find_code(link, "UTIL").pms_accounts()
    gateway = open_gateway(link.connection)
    reference = reference_for("of another program", 0)
    order = ChargeOrder(
        property_id=link.property.propexo_property_id,
        unit_id=charge.propexo_unit_id,
        lease_id=charge.propexo_lease_id,
        resident_id=charge.propexo_resident_id,
        amount=dollars_from_cents(charge.amount_cents),
        effective_date=date(2026, 4, 3),
        charge_code=accounts.code,
        description="Water",
        reference=reference,
        charge_code_id=accounts.charge_code_id,
        financial_account_id=accounts.financial_account_id,
    )
    gateway.post_charge(body=gateway.charge_body(order=order), reference=reference)
