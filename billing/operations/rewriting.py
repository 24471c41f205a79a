"""Writing a refused charge anew, after what its refusal named was put right.

The bytes of a charge are frozen, so that every attempt sends the same. They may change only when it
is certain that none of them has ever had an effect: the PMS refused each attempt, or nothing was
ever written. Reference, amount, unit, lease and date stay.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from billing.charge_codes import CodeNotMapped, find_code, links_with_portfolios
from billing.models import AttemptOutcome, Posting, PostingEvent
from billing.operations.calculations import WrongState
from billing.operations.postings import charge_order
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.pms import errors
from portfolios.models import User
from portfolios.operations.audit import record_event

# Refusals of what was written: sending the same again would be refused again.
REFUSED_AS_WRITTEN = frozenset({errors.InvalidChargeCode.code, errors.InvalidRequest.code})

_WITHOUT_EFFECT = (AttemptOutcome.NOT_APPLIED, AttemptOutcome.REJECTED)


def write_anew(*, posting: Posting, by: User, now: datetime) -> bool:
    """Write a refused charge with the charge code's mapping as it is now, if that changes anything.

    Shape: True when its bytes are others now. A reversal is never written anew.
    Errors: WrongState when an attempt may have had an effect, the code is not mapped, or the PMS
        would refuse what could be written.
    Effects: other frozen bytes, an event and an audit event, in the caller's transaction.
    """
    if posting.reverses_id is not None:
        return False
    if posting.attempts.exclude(outcome__in=_WITHOUT_EFFECT).exists():
        raise WrongState("An attempt to send this charge may have come through.")
    body = _write(posting)
    if body.decode() == posting.body:
        return False
    before, digest = posting.body_sha256, hashlib.sha256(body).hexdigest()
    Posting.objects.filter(pk=posting.pk).update(body=body.decode(), body_sha256=digest)
    posting.body, posting.body_sha256 = body.decode(), digest
    PostingEvent.objects.create(
        posting=posting,
        at=now,
        from_state=posting.state,
        to_state=posting.state,
        actor=by,
        note="Written anew with what the charge code is mapped to now.",
    )
    record_event(
        verb="posting.written_anew",
        subject=posting,
        by=by,
        now=now,
        before={"body_sha256": before},
        after={"body_sha256": digest},
    )
    return True


def _write(posting: Posting) -> bytes:
    job = posting.job
    link = links_with_portfolios().filter(property=job.calculation.bill.property_id).first()
    if link is None or link.connection_id != posting.connection_id:
        raise WrongState(f"{job.calculation.bill.property} is no longer posted to this PMS.")
    try:
        accounts = find_code(link, job.charge_code).pms_accounts()
        order = charge_order(job, posting.charge, reference=posting.reference, accounts=accounts)
        return open_gateway(posting.connection).charge_body(order=order)
    except (CodeNotMapped, PropexoNotConfigured) as error:
        raise WrongState(str(error)) from error
    except errors.Refused as refusal:
        raise WrongState(refusal.message) from refusal
