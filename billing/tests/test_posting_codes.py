"""Under which entry of the chart of accounts charges are posted, and what stops them before."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from billing.charge_codes import CodeNotMapped
from billing.models import Calculation, ChargeCode, Posting, PostingJob, PostingState
from billing.operations.calculations import WrongState
from billing.operations.charge_code_mappings import Target, map_charge_code
from billing.operations.failures import retry_posting
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.tests.small_place import ORDER, gateway_to_nowhere, small_calculation
from integrations.models import ChartAccount, ChartReading
from integrations.pms.errors import LeaseNotFound, NotSupported, Unavailable
from integrations.pms.records import ChargeOrder, PmsChargeCode
from integrations.tests.fake_gateway import FakeGateway
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def approved(settings, cast, now) -> Calculation:
    """Approve a calculation with three charges, at a property whose codes are mapped."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return small_calculation(cast, now)


@pytest.fixture
def post(approved, cast, now):
    """Give a function that confirms the posting of the approved calculation."""

    def confirm(order: PostingOrder = ORDER, gateway=None) -> PostingJob:
        return create_posting_job(
            calculation=approved,
            order=order,
            gateway=gateway or gateway_to_nowhere(),
            by=cast.accountant,
            now=now,
        )

    return confirm


class Writer(FakeGateway):
    """A gateway that keeps the orders it is asked to write."""

    def charge_body(self, *, order: ChargeOrder) -> bytes:
        self.calls.append(("charge_body", order))
        return order.reference.encode()

    @property
    def orders(self) -> list[ChargeOrder]:
        return [call[1] for call in self.calls if isinstance(call[1], ChargeOrder)]


def test_what_is_sent_is_what_the_code_is_mapped_to(post, approved, cast, now):
    place = approved.bill.property
    account = ChartAccount.objects.create(
        property=place, kind="charge_code", remote_id="4410-U", code="4410-U", first_seen_at=now
    )
    map_charge_code(
        place=place,
        charge_code=ChargeCode.objects.get(code="UTIL"),
        target=Target(account),
        by=cast.accountant,
        now=now,
    )
    job = post()

    assert job.charge_code == "UTIL"
    bodies = [json.loads(posting.body) for posting in job.postings.all()]
    assert {body["charge_code"] for body in bodies} == {"4410-U"}
    event = AuditEvent.objects.get(verb="job.created")
    assert event.after["in_the_pms"]["charge_code_id"] == "4410-U"


def test_the_order_carries_the_ids_of_both(post, approved, cast, now):
    connection = approved.bill.property.link.connection
    connection.contract, connection.provider = "v1", "yardi"
    connection.save()
    ChartAccount.objects.filter(code="UTIL", kind="charge_code").update(remote_id="cl_code")
    ChartAccount.objects.filter(code="UTIL", kind="financial_account").update(remote_id="cl_acc")
    writer = Writer()
    job = post(gateway=writer)

    assert len(writer.orders) == 3
    for order in writer.orders:
        assert (order.charge_code_id, order.financial_account_id) == ("cl_code", "cl_acc")
        assert (order.property_id, order.batch_id) == ("prop_001", job.public_id)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("NOPE", "NOPE is not among Lakeside's charge codes."),
        ("POOL", "POOL is not mapped to anything in Maplewood Court Apartments's chart"),
        ("RUBS", "RUBS is mapped to RUBS .* no longer in"),
    ],
)
@pytest.mark.parametrize("for_real", [True, False])
def test_a_code_that_is_not_mapped_is_refused_before_any_call_and_any_row(
    post, cast, now, code, sentence, for_real
):
    ChargeCode.objects.create(portfolio=cast.portfolio, code="POOL", name="Pool")
    ChartAccount.objects.filter(code="RUBS").update(missing_since=now)
    writer = Writer()
    with pytest.raises(CodeNotMapped, match=sentence) as refusal:
        post(replace(ORDER, charge_code=code, post_to_pms=for_real), gateway=writer)

    assert refusal.value.code == "INVALID_CHARGE_CODE"
    assert writer.calls == []
    assert not PostingJob.objects.exists()


def test_small_letters_are_the_same_code(post):
    job = post(replace(ORDER, charge_code="util"))

    assert job.charge_code == "UTIL"


def test_a_chart_that_was_never_read_is_read_first(post, approved, now):
    ChartReading.objects.all().delete()
    ChartAccount.objects.update(missing_since=now)
    row = PmsChargeCode("UTIL", "Utilities", "prop_001", "", "UTIL", "charge_code")
    writer = Writer(charge_codes=[row])
    post(gateway=writer)

    assert writer.calls[0][0] == "charge_codes"
    assert ChartReading.objects.get().read_at == now


def test_a_chart_that_cannot_be_read_stops_the_posting(post):
    ChartReading.objects.all().delete()
    with pytest.raises(Unavailable):
        post(gateway=Writer(error=Unavailable("Propexo does not answer.")))

    assert not PostingJob.objects.exists()


def test_a_charge_that_cannot_be_written_is_a_failure_from_the_start(post, cast, now):
    class Choosy(Writer):
        def charge_body(self, *, order: ChargeOrder) -> bytes:
            if order.unit_id == "unit_001_0001":
                raise LeaseNotFound("The PMS wants a resident, and MeterBase has none.")
            return super().charge_body(order=order)

    job = post(gateway=Choosy())

    failed = job.postings.get(state=PostingState.REJECTED)
    assert failed.error_code == "LEASE_NOT_FOUND"
    assert "unit 101" in failed.error
    assert job.postings.filter(state=PostingState.PENDING).count() == 2
    with pytest.raises(WrongState, match="no active lease on unit 101"):
        retry_posting(posting=failed, by=cast.accountant, now=now)


def test_a_pms_that_takes_no_charges_is_no_job_at_all(post):
    class Deaf(Writer):
        def charge_body(self, *, order: ChargeOrder) -> bytes:
            raise NotSupported(f"MRI Software takes no charges such as {order.reference}.")

    with pytest.raises(NotSupported):
        post(gateway=Deaf())

    assert not PostingJob.objects.exists()
    assert not Posting.objects.exists()
