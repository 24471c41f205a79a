"""The utility's own bill as a file: showing it, and putting one to a bill."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.views.decorators.http import require_http_methods

from billing.forms.bill_documents import DocumentForm
from billing.models import BillDocument, UtilityBill
from billing.operations.bills import BillLocked
from billing.operations.documents import (
    NotADocument,
    attach_document,
    document_content,
    document_file_name,
)
from billing.views.bill_page import bill_page, bills_to_look_at, bills_to_show
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in

# Whatever a file holds, it is shown as a file: no script of it runs here, nothing is loaded for it.
_ALONE = "default-src 'none'; frame-ancestors 'self'"
_SANDBOX = f"sandbox; {_ALONE}"


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def bill_document(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give a bill's document, or put one in its place."""
    if request.method == "POST":
        return _attach(
            request, access.fetch(bills_to_show(), Action.PREPARE, user=request.user, pk=pk)
        )
    bill = access.fetch(bills_to_look_at(), Action.READ, user=request.user, pk=pk)
    document = BillDocument.objects.filter(bill=bill).first()
    if document is None:
        raise Http404("This bill has no document.")
    return _file_of(document, asked_to_save="download" in request.GET)


def _attach(request: SignedInRequest, bill: UtilityBill) -> HttpResponse:
    form = DocumentForm(request.POST, request.FILES)
    if form.is_valid():
        upload = form.cleaned_data["document"]
        try:
            attach_document(
                bill=bill,
                name=upload.name,
                chunks=upload.chunks(),
                by=request.user,
                now=timezone.now(),
            )
        except NotADocument as refusal:
            form.add_error("document", str(refusal))
        except BillLocked as refusal:
            messages.error(request, str(refusal))
            return redirect("billing:bill-detail", pk=bill.pk)
        else:
            messages.success(request, "The document is kept with the bill.")
            return redirect("billing:bill-detail", pk=bill.pk)
    page = bill_page(request, bill, document_form=form)
    return render(request, "billing/bill_detail.html", page)


def _file_of(document: BillDocument, *, asked_to_save: bool) -> HttpResponse:
    """Give the file, to be shown by itself or in a frame of our own pages."""
    try:
        content = document_content(document)
    except FileNotFoundError:
        raise Http404("The file of this document is not where it was kept.") from None
    response = HttpResponse(content, content_type=document.content_type)
    disposition = content_disposition_header(asked_to_save, document_file_name(document))
    response["Content-Disposition"] = disposition or "attachment"
    response["X-Content-Type-Options"] = "nosniff"
    response["X-Frame-Options"] = "SAMEORIGIN"
    # A browser's viewer of PDFs, which keeps them to itself, does not run in a sandbox.
    response["Content-Security-Policy"] = _SANDBOX if document.is_picture else _ALONE
    response["Cache-Control"] = "private, no-cache"
    return response
