"""One call to the PMS, outside any transaction."""

from __future__ import annotations

from billing.models import Posting, SentAs
from billing.posting.claim import Claim, boot_clock
from billing.posting.outcomes import NothingSent, Outcome, outcome_of_error, outcome_of_receipt
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ChargeReceipt

# A process that was frozen for longer than this after it wrote its intent does not send any more.
PRE_SEND_SECONDS = 2.0


def send(claim: Claim, *, gateway: PmsGateway) -> Outcome:
    """Send a claimed charge once.

    Effects: a resident may be charged.
    """
    if boot_clock() - claim.claimed_at > PRE_SEND_SECONDS:
        return NothingSent("never-sent", "The worker was held up before it could send.", "NOT_SENT")
    try:
        receipt = _post(claim.posting, gateway)
    except PmsError as error:
        return outcome_of_error(error)
    return outcome_of_receipt(receipt, lease_id=claim.posting.charge.propexo_lease_id)


def _post(posting: Posting, gateway: PmsGateway) -> ChargeReceipt:
    """Make the call that the frozen bytes were written for."""
    post = gateway.post_credit if posting.sent_as == SentAs.CREDIT else gateway.post_charge
    return post(body=posting.body.encode(), reference=posting.reference)
