"""A job of 45 charges that waits for its workers."""

from __future__ import annotations

from datetime import date, datetime

import pytest

from billing.models import Calculation, PostingJob
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from conftest import Cast
from integrations.pms.gateway import PmsGateway


@pytest.fixture
def job(
    settings, cast: Cast, approved: Calculation, gateway: PmsGateway, now: datetime
) -> PostingJob:
    """Confirm the posting of the approved calculation; nothing is sent yet."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return create_posting_job(
        calculation=approved,
        order=PostingOrder(
            charge_date=date(2026, 4, 1),
            charge_code="UTIL",
            description="March 2026 Utility Charge (RUBS)",
        ),
        gateway=gateway,
        by=cast.accountant,
        now=now,
    )
