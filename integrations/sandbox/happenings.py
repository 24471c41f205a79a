"""What happened in the sandbox's world, before any contract has put it into words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from meterbase.lib.exact_json import JsonValue


class Kind(StrEnum):
    """The kinds of things that are told; the values are contract v1's triggers."""

    DATA_NEW = "DATA_NEW"
    DATA_UPDATE = "DATA_UPDATE"
    SYNC_COMPLETE = "SYNC_COMPLETE"
    FIRST_SYNC_COMPLETE = "FIRST_SYNC_COMPLETE"
    JOB_FAILURE = "JOB_FAILURE"
    WRITE_OPERATION_FAILURE = "WRITE_OPERATION_FAILURE"


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that happened behind a connection.

    Shape: `model` is contract v1's word for the kind of record (`units`, `resident_charges`).
        `new` and `previous` hold changed fields, for a new record `new` alone; `facts` are what an
        event says beyond that.
    """

    kind: Kind
    connection_id: str
    model: str = ""
    record_id: str = ""
    property_id: str = ""
    new: Mapping[str, JsonValue] = field(default_factory=dict)
    previous: Mapping[str, JsonValue] = field(default_factory=dict)
    facts: Mapping[str, JsonValue] = field(default_factory=dict)

    @property
    def concerns_a_record(self) -> bool:
        """Tell whether a record is new or changed."""
        return self.kind in {Kind.DATA_NEW, Kind.DATA_UPDATE}


def sync_finished(connection_id: str, *, is_first: bool, succeeded: int, failed: int) -> Happening:
    """Tell that a sync of the PMS has ended.

    Shape: two equal syncs are told in equal words, for contract v1 names no run and no time.
    """
    return Happening(
        kind=Kind.FIRST_SYNC_COMPLETE if is_first else Kind.SYNC_COMPLETE,
        connection_id=connection_id,
        facts={
            "job_schedule_id": f"schedule_{connection_id}",
            "successful_job_count": succeeded,
            "failed_job_count": failed,
            "is_sync_finished": True,
        },
    )


def job_failed(connection_id: str, *, job_id: str, root_job_id: str, job_type: str) -> Happening:
    """Tell that a job of Propexo's own has failed, for instance one that reads leases."""
    return Happening(
        kind=Kind.JOB_FAILURE,
        connection_id=connection_id,
        facts={"job_id": job_id, "root_job_id": root_job_id, "job_type": job_type},
    )


def write_failed(
    connection_id: str,
    *,
    job_id: str,
    root_job_id: str,
    errors: tuple[str, ...],
    write_status: str = "FAILURE",
    model: str = "resident_charges",
) -> Happening:
    """Tell that a write has not, or not wholly, arrived in the PMS."""
    return Happening(
        kind=Kind.WRITE_OPERATION_FAILURE,
        connection_id=connection_id,
        model=model,
        facts={
            "job_id": job_id,
            "root_job_id": root_job_id,
            "job_type": "WRITE_RESIDENT_CHARGES",
            "write_status": write_status,
            "errors": list(errors),
        },
    )
