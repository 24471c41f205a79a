from __future__ import annotations

from collections.abc import Callable

import pytest
import responses

from integrations.pms.errors import NotFound, OutcomeUnknown, UnreadableAnswer
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import PmsWriteJob
from integrations.pms.tests.v1_wire import open_v1
from integrations.pms.tests.wire import BASE, serve
from integrations.pms.transport import Transport


@pytest.fixture
def gateway(open_transport: Callable[[str], Transport]) -> V1Gateway:
    return open_v1(open_transport(BASE))


JOB = "/v1/admin/write-status/cl_job"


@pytest.mark.parametrize(
    ("answer", "job"),
    [
        (
            {"write_status": "PENDING", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "pending", None),
        ),
        (
            {"write_status": "SUCCESS", "errors": [], "created_record_id": "cl_charge"},
            PmsWriteJob("cl_job", "succeeded", "cl_charge"),
        ),
        (
            {"write_status": "SUCCESS", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "succeeded", None),
        ),
        (
            {"write_status": "FAILURE", "errors": ["Invalid charge code X", {"a": 1}]},
            PmsWriteJob(
                "cl_job",
                "failed",
                None,
                ("Invalid charge code X", '{"a":1}'),
                "INVALID_CHARGE_CODE",
            ),
        ),
        (
            {"write_status": "FAILURE", "errors": [], "created_record_id": None},
            PmsWriteJob("cl_job", "failed", None, (), "PMS_REJECTED"),
        ),
    ],
)
def test_a_write_job_tells_how_far_it_is(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object, job: PmsWriteJob
) -> None:
    serve(wire, JOB, answer)
    assert gateway.read_write_job(job_id="cl_job") == job


def test_a_job_that_ended_in_part_leaves_the_outcome_unknown(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, JOB, {"write_status": "PARTIAL_SUCCESS", "errors": ["?"]})
    with pytest.raises(OutcomeUnknown, match="in part"):
        gateway.read_write_job(job_id="cl_job")


@pytest.mark.parametrize("answer", [{}, [], {"write_status": "DONE"}, {"write_status": None}])
def test_a_job_that_says_nothing_known_cannot_be_read(
    wire: responses.RequestsMock, gateway: V1Gateway, answer: object
) -> None:
    serve(wire, JOB, answer)
    with pytest.raises(UnreadableAnswer):
        gateway.read_write_job(job_id="cl_job")


def test_a_job_that_propexo_does_not_know_is_not_found(
    wire: responses.RequestsMock, gateway: V1Gateway
) -> None:
    serve(wire, JOB, {"error": {"code": "invalid_request", "message": "x"}}, status=404)
    with pytest.raises(NotFound):
        gateway.read_write_job(job_id="cl_job")
