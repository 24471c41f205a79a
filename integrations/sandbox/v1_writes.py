"""Contract v1's writes: charges and credits become jobs; a 200 means a job and nothing more."""

from __future__ import annotations

from integrations.sandbox.exchange import Call, Reply, Request, Route, Sandbox
from integrations.sandbox.happenings import write_failed
from integrations.sandbox.pms_behaviour import BY_SLUG, BY_VENDOR, Behaviour
from integrations.sandbox.v1_admin import find_integration
from integrations.sandbox.v1_bodies import Body, ignores_unknown, read_object
from integrations.sandbox.v1_charge_bodies import charge_of, credit_of
from integrations.sandbox.v1_problems import bad_request, missing, not_supported, wrong_value
from integrations.sandbox.write_jobs import (
    Job,
    WriteOrder,
    look_at_job,
    retry_write,
    write_charge,
)
from integrations.sandbox.write_log import list_writes
from meterbase.lib.exact_json import JsonValue


def _post_charge(sandbox: Sandbox, request: Request) -> Reply:
    """Post by the generic path, whose answer has the job's id at the top."""
    body = read_object(request)
    behaviour = _behaviour(sandbox, body)
    if not behaviour.posts_charges:
        raise not_supported(behaviour.vendor, "create resident charge")
    charge = charge_of(body, behaviour, lenient=ignores_unknown(request))
    job = _write(sandbox, WriteOrder("resident_charges", charge, behaviour, body))
    return Reply(200, {"job_id": job.id, "data": {}})


def _post_vendor_charge(slug: str) -> Call:
    """Make the call of a vendor's own path, whose answer has the job's id in `meta`."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        wanted = BY_SLUG[slug]
        if not wanted.posts_charges:
            raise not_supported(wanted.vendor, "create resident charge")
        body = read_object(request)
        behaviour = _behaviour(sandbox, body)
        if behaviour is not wanted:
            message = f"The integration is {behaviour.vendor}, not {wanted.vendor}."
            raise bad_request(message, [wrong_value("integration_id", message, "custom")])
        charge = charge_of(body, behaviour, lenient=ignores_unknown(request))
        job = _write(sandbox, WriteOrder("resident_charges", charge, behaviour, body))
        return Reply(200, {"meta": {"job_id": job.id}, "result": dict(body)})

    return answer


def _post_credit(sandbox: Sandbox, request: Request) -> Reply:
    body = read_object(request)
    behaviour = _behaviour(sandbox, body)
    if not behaviour.posts_credits:
        raise not_supported(behaviour.vendor, "create resident credit")
    credit = credit_of(body, lenient=ignores_unknown(request))
    job = _write(sandbox, WriteOrder("resident_credits", credit, behaviour, body))
    return Reply(200, {"job_id": job.id, "data": {}})


def _behaviour(sandbox: Sandbox, body: Body) -> Behaviour:
    integration_id = body.get("integration_id")
    if not isinstance(integration_id, str):
        issue = missing("integration_id", "string")
        raise bad_request("The request body is invalid.", [issue])
    with sandbox.store.reading() as connection:
        return BY_VENDOR[find_integration(connection, integration_id)["vendor"]]


def _write(sandbox: Sandbox, order: WriteOrder) -> Job:
    return _told(sandbox, write_charge(sandbox, order))


def _told(sandbox: Sandbox, job: Job) -> Job:
    """Tell those who have registered for it when a write has failed."""
    if job.errors:
        sandbox.outbox.announce(
            write_failed(
                job.connection_id,
                job_id=job.id,
                root_job_id=job.id,
                errors=job.errors,
                write_status=job.outcome,
                model=job.category,
            )
        )
    return job


def _write_status(sandbox: Sandbox, request: Request) -> Reply:
    return Reply(200, look_at_job(sandbox.store, request.record_id, now=sandbox.now()))


def _retry_write(sandbox: Sandbox, request: Request) -> Reply:
    job = _told(sandbox, retry_write(sandbox, request.record_id))
    return Reply(200, {"success": True, "job_id": job.id})


def _write_log(sandbox: Sandbox, request: Request) -> Reply:
    logs: list[dict[str, JsonValue]] = list_writes(sandbox, request.query_text)
    return Reply(200, {"results": {"logs": logs}})


_CHARGES = "/v1/resident-charges/"
ROUTES = (
    Route("POST", _CHARGES, _post_charge),
    *(Route("POST", f"{_CHARGES}{slug}/", _post_vendor_charge(slug)) for slug in BY_SLUG),
    Route("POST", "/v1/resident-credits/", _post_credit),
    Route("GET", "/v1/admin/write-status/{id}", _write_status),
    Route("POST", "/v1/admin/retry-write/{id}", _retry_write),
    Route("GET", "/v1/admin/logs/writes/", _write_log),
)
