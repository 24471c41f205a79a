"""One call to the PMS, outside any transaction."""

from __future__ import annotations

from billing.posting.claim import Claim, boot_clock
from billing.posting.outcomes import NothingSent, Outcome, outcome_of_error, outcome_of_receipt
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway

# A process that was frozen for longer than this after it wrote its intent does not send any more.
PRE_SEND_SECONDS = 2.0


def send(claim: Claim, *, gateway: PmsGateway) -> Outcome:
    """Send a claimed charge once.

    Effects: a resident may be charged.
    """
    if boot_clock() - claim.claimed_at > PRE_SEND_SECONDS:
        return NothingSent("never-sent", "The worker was held up before it could send.", "NOT_SENT")
    try:
        receipt = gateway.post_charge(
            body=claim.posting.body.encode(), reference=claim.posting.reference
        )
    except PmsError as error:
        return outcome_of_error(error)
    return outcome_of_receipt(receipt, lease_id=claim.posting.charge.propexo_lease_id)
