"""Files that are made in the background: asking for one, watching it, taking it."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import FileResponse, Http404, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from billing.models import Calculation, FileKind, PreparedFile
from billing.operations.prepared_files import Subject, file_folder, request_file
from billing.statements.issue import missing_in_month
from billing.statements.month import months_of, read_totals
from billing.views.breadcrumbs import below_property
from integrations.beats import ClusterState, state_of
from integrations.clusters import GENERAL
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Lease, Property

# Workers look for work far more often than this.
_PATIENCE = timedelta(seconds=60)
_STATEMENTS = (FileKind.STATEMENTS_PDF, FileKind.STATEMENTS_ZIP)
_REMEDIES = {
    ClusterState.ABSENT: "Whoever runs this installation starts the background workers: none runs.",
    ClusterState.DEAF: "Whoever runs this installation restarts the background workers: they run, "
    "but do not work.",
    ClusterState.WORKING: "The background workers run; they are busy with other work.",
}


@require_POST
@signed_in
def statements_file(request: SignedInRequest, pk: int) -> HttpResponse:
    """Issue the statements of a property's month, and make a file of them."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.PREPARE, user=request.user, pk=pk)
    kind = next((each for each in _STATEMENTS if each == request.POST.get("kind")), None)
    month = _month_in(request, place)
    back = redirect("billing:statement-list", pk=place.pk)
    if kind is None or month is None:
        messages.error(request, "Choose a month with approved charges, and one PDF or a zip.")
        return back
    now = timezone.now()
    missing = missing_in_month(place, month, read_totals(place, month), now=now)
    if missing is not None:
        messages.error(request, str(missing))
        return back
    file = request_file(kind=kind, about=Subject(place, month=month), by=request.user, now=now)
    return redirect("billing:file-detail", pk=file.pk)


@require_POST
@signed_in
def lease_records(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make a records pack of one resident."""
    leases = Lease.objects.select_related("unit__property__portfolio")
    lease = access.fetch(leases, Action.READ, user=request.user, pk=pk)
    about = Subject(lease.unit.property, lease=lease)
    return _request_records(request, FileKind.LEASE_RECORDS, about)


@require_POST
@signed_in
def calculation_records(request: SignedInRequest, pk: int) -> HttpResponse:
    """Make a records pack of one calculation."""
    calculations = Calculation.objects.select_related("bill__property__portfolio")
    found = access.fetch(calculations, Action.READ, user=request.user, pk=pk)
    about = Subject(found.bill.property, calculation=found)
    return _request_records(request, FileKind.CALCULATION_RECORDS, about)


@require_safe
@signed_in
def file_detail(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show how far a file has come, and give it when it is made."""
    file = _file(request, pk)
    context = {
        "file": file,
        "waiting": _waiting(file),
        "breadcrumbs": [
            *below_property(file.property),
            ("Statements", reverse("billing:statement-list", args=[file.property_id])),
        ],
    }
    template = "billing/file_detail.html"
    return render(request, f"{template}#progress" if request.htmx else template, context)


@require_safe
@signed_in
def file_download(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Give a file that is made."""
    file = _file(request, pk)
    if not file.sha256:
        raise Http404("This file is not made yet.")
    try:
        content = (file_folder() / file.sha256).open("rb")
    except FileNotFoundError:
        raise Http404("This file is not where it was kept. Ask for it again.") from None
    response = FileResponse(
        content, as_attachment=True, filename=file.name, content_type=file.content_type
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-cache"
    return response


def _file(request: SignedInRequest, pk: int) -> PreparedFile:
    files = PreparedFile.objects.select_related(
        "property__portfolio", "requested_by", "lease__unit", "calculation__bill"
    ).defer("calculation__inputs", "calculation__result")
    return access.fetch(files, Action.READ, user=request.user, pk=pk)


def _request_records(request: SignedInRequest, kind: FileKind, about: Subject) -> HttpResponse:
    file = request_file(kind=kind, about=about, by=request.user, now=timezone.now())
    return redirect("billing:file-detail", pk=file.pk)


def _month_in(request: SignedInRequest, place: Property) -> date | None:
    wanted = request.POST.get("month", "")
    return next((month for month in months_of(place) if f"{month:%Y-%m}" == wanted), None)


def _waiting(file: PreparedFile) -> str:
    """Say what to do when nobody makes a file; nothing while somebody does."""
    now = timezone.now()
    if file.is_over or file.continue_at is None or now - file.continue_at <= _PATIENCE:
        return ""
    return _REMEDIES[state_of(GENERAL, now=now)]
