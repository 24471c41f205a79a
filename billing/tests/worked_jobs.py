"""Jobs of the sandbox's first property, as far as their workers have got."""

from __future__ import annotations

from datetime import datetime

from billing.models import Calculation, PostingJob
from billing.tests.acts import end_lease_of, post, run_workers
from integrations.gateways import open_property_gateway
from integrations.sandbox.server import RunningSandbox
from meterbase.tests.told_once import told_once
from portfolios.models import User


@told_once
def ordered_job(approved: Calculation, by: User, now: datetime, _pms: RunningSandbox) -> PostingJob:
    """Confirm the posting of 45 charges; posting has to be switched on."""
    gateway = open_property_gateway(approved.bill.property)
    return post(approved, by=by, gateway=gateway, now=now)


@told_once
def worked_job(
    approved: Calculation, by: User, now: datetime, pms: RunningSandbox, moved_out: str = ""
) -> PostingJob:
    """Post them; the resident of the unit that is named has moved out behind MeterBase's back."""
    job = ordered_job(approved, by, now, pms)
    if moved_out:
        end_lease_of(moved_out, pms)
    run_workers(job, gateway=open_property_gateway(approved.bill.property), now=now)
    return job
