"""The page on which the batch of a RealPage connection is changed."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from integrations.forms import BatchIdForm
from integrations.models import Connection
from integrations.operations.connections import set_transaction_batch_id
from portfolios import access
from portfolios.http import SignedInRequest, signed_in

REALPAGE = "realpage"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connection_batch_id(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show and change the batch that RealPage books charges in."""
    connection = access.fetch(
        Connection.objects.select_related("portfolio"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    if connection.pms != REALPAGE:
        raise Http404("Only RealPage books charges in batches.")
    posted = request.method == "POST"
    form = BatchIdForm(
        request.POST if posted else None,
        initial={"transaction_batch_id": connection.transaction_batch_id},
    )
    here = reverse("integrations:connection-detail", args=[connection.pk])
    if posted and form.is_valid():
        _store(request, connection, form.cleaned_data["transaction_batch_id"])
        return redirect(here)
    context = {
        "form": form,
        "title": "RealPage batch ID",
        "eyebrow": connection,
        "lead": "Charges of new posting jobs name it. What waits already keeps the batch that it "
        "was written for.",
        "verb": "Save",
        "cancel_url": here,
        "breadcrumbs": [("Propexo", reverse("integrations:propexo")), (str(connection), here)],
    }
    return render(request, "integrations/connection_batch_id.html", context)


def _store(request: SignedInRequest, connection: Connection, batch_id: str) -> None:
    changed = set_transaction_batch_id(
        connection=connection,
        transaction_batch_id=batch_id,
        by=request.user,
        now=timezone.now(),
    )
    said = "The RealPage batch ID was saved." if changed else "The RealPage batch ID is the same."
    messages.success(request, said)
