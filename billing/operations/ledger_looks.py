"""Looking one charge in doubt up in the PMS, because a person asked for it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from billing.models import Posting, PostingEvent, PostingState
from billing.operations.calculations import WrongState
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.rate_limit import waiting
from meterbase.lib.money import cents_from_dollars, format_dollars
from portfolios.models import User
from portfolios.operations.audit import record_event

# A person waits for the answer. A ledger that was not read to its end proves nothing.
_LONGEST_WAIT_FOR_A_TURN = timedelta(seconds=5)
_LONGEST_LOOK_SECONDS = 20
_LAGS = "It shows charges only after Propexo has read the PMS again, so look in the PMS itself."


@dataclass(frozen=True, slots=True)
class Sighting:
    """What the PMS shows of a charge.

    Shape: `may_lag` tells that the ledger may be behind, so that its silence proves nothing;
        `sentence` says all of it in words.
    """

    charge_ids: tuple[str, ...]
    may_lag: bool
    sentence: str


def look_in_pms(*, posting: Posting, gateway: PmsGateway, by: User, now: datetime) -> Sighting:
    """Look for a charge in doubt by its reference; what follows is for people to decide.

    Errors: WrongState when it does not wait for a decision, or reading takes too long; PmsError
        when the PMS's ledger cannot be read. Then nothing is stored.
    Effects: reads the PMS; an event with what it showed, and an audit event.
    """
    if posting.state != PostingState.REVIEW or posting.resolved_at is not None:
        raise WrongState("Only a charge that needs a decision is looked up by hand.")
    with waiting(longest=_LONGEST_WAIT_FOR_A_TURN):
        found = _find(posting, gateway)
    sighting = _describe(posting, found, may_lag=not gateway.shows_charges_at_once)
    with transaction.atomic():
        PostingEvent.objects.create(
            posting=posting,
            at=now,
            from_state=PostingState.REVIEW,
            to_state=PostingState.REVIEW,
            actor=by,
            note=sighting.sentence,
        )
        record_event(
            verb="posting.looked_up",
            subject=posting,
            by=by,
            now=now,
            after={"charge_ids": list(sighting.charge_ids)},
            note=sighting.sentence,
        )
    return sighting


def _find(posting: Posting, gateway: PmsGateway) -> list[PmsCharge | MalformedRecord]:
    rows = gateway.list_charges(
        property_id=posting.job.calculation.bill.property.propexo_property_id,
        unit_id=posting.charge.propexo_unit_id,
    )
    found = []
    began = time.monotonic()
    for row in rows:
        if time.monotonic() - began > _LONGEST_LOOK_SECONDS:
            raise WrongState(
                f"The ledger could not be read to its end in {_LONGEST_LOOK_SECONDS} seconds. "
                "Look for the reference in the PMS itself."
            )
        if _is_ours(row, posting.reference):
            found.append(row)
    return found


def _is_ours(row: PmsCharge | MalformedRecord, reference: str) -> bool:
    if isinstance(row, MalformedRecord):
        return reference in row.raw
    return row.reference == reference


def _describe(
    posting: Posting, found: Sequence[PmsCharge | MalformedRecord], *, may_lag: bool
) -> Sighting:
    charges = [row for row in found if isinstance(row, PmsCharge)]
    ids = tuple(row.charge_id for row in charges)
    if not found:
        why = f" {_LAGS}" if may_lag else ""
        return Sighting((), may_lag, f"The ledger has no charge {posting.reference}.{why}")
    if not charges:
        sentence = "The ledger has a row with this reference that MeterBase cannot read."
        return Sighting((), may_lag, sentence)
    parts = "; ".join(_line(posting, row) for row in charges)
    return Sighting(ids, may_lag, f"Found {parts}.")


def _line(posting: Posting, row: PmsCharge) -> str:
    amount = cents_from_dollars(row.amount)
    differs = "" if amount == posting.amount_cents else ", which is not the amount that was sent"
    elsewhere = row.lease_id is not None and row.lease_id != posting.charge.propexo_lease_id
    lease = f", on another lease ({row.lease_id})" if elsewhere else ""
    day = f"{row.effective_date:%-d %b %Y}"
    return f"{row.charge_id}: {format_dollars(amount)}, dated {day}{differs}{lease}"
