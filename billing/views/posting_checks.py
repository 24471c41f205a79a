"""Looking a charge in doubt up in the PMS, from its page."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.operations.calculations import WrongState
from billing.operations.ledger_looks import look_in_pms
from billing.views.postings import postings_to_show
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.pms.errors import PmsError
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def posting_check(request: SignedInRequest, pk: int) -> HttpResponse:
    """Look for a charge in doubt in the PMS's ledger, and show what is there."""
    posting = access.fetch(postings_to_show(), Action.APPROVE, user=request.user, pk=pk)
    try:
        sighting = look_in_pms(
            posting=posting,
            gateway=open_gateway(posting.connection),
            by=request.user,
            now=timezone.now(),
        )
    except (WrongState, PropexoNotConfigured) as refusal:
        messages.error(request, str(refusal))
    except PmsError as error:
        messages.error(request, f"The PMS's ledger could not be read: {error.message}")
    else:
        messages.info(request, sighting.sentence)
    return redirect("billing:posting-detail", pk=posting.pk)
