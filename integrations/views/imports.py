"""The pages of an import: what the PMS offers, and what came of it."""

from __future__ import annotations

from datetime import datetime

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from integrations.forms import ImportForm
from integrations.gateways import PropexoNotConfigured, open_gateway
from integrations.models import Connection
from integrations.operations.imports import ImportReport, import_properties
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway
from integrations.views.advice import Trouble, trouble_of
from integrations.views.offers import Offer, read_offers
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import User


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connection_import(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what the PMS offers, and import what was ticked."""
    connection = access.fetch(
        Connection.objects.select_related("portfolio"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    posted = request.method == "POST"
    form = ImportForm(
        request.POST if posted else None, user=request.user, preferred=connection.portfolio
    )
    trouble: Trouble | None = None
    if posted and form.is_valid():
        try:
            report = _import(connection, form, by=request.user)
        except (PmsError, PropexoNotConfigured) as error:
            trouble = trouble_of(error)
        else:
            return _result(request, connection, report)
    ticked = request.POST.getlist("propexo_property_ids") if posted else None
    return _choice(request, connection, form, ticked=ticked, trouble=trouble)


def _import(connection: Connection, form: ImportForm, *, by: User) -> ImportReport:
    return import_properties(
        connection=connection,
        portfolio=form.cleaned_data["portfolio"],
        propexo_property_ids=form.cleaned_data["propexo_property_ids"],
        gateway=open_gateway(connection),
        by=by,
        now=timezone.now(),
    )


def _choice(
    request: SignedInRequest,
    connection: Connection,
    form: ImportForm,
    *,
    ticked: list[str] | None,
    trouble: Trouble | None,
) -> HttpResponse:
    offers: list[Offer] = []
    pms_read_at: datetime | None = None
    if trouble is None:
        try:
            gateway = open_gateway(connection)
            offers = read_offers(
                connection=connection, gateway=gateway, user=request.user, ticked=ticked
            )
            pms_read_at = _pms_read_at(connection, gateway)
        except (PmsError, PropexoNotConfigured) as error:
            trouble = trouble_of(error)
    context = {
        "connection": connection,
        "form": form,
        "offers": offers,
        "pms_read_at": pms_read_at,
        "trouble": trouble,
        "may_import_any": any(offer.may_import for offer in offers),
        "breadcrumbs": _breadcrumbs(connection),
    }
    return render(request, "integrations/connection_import.html", context)


def _pms_read_at(connection: Connection, gateway: PmsGateway) -> datetime | None:
    """Ask when Propexo last read the PMS, for what it offers is as old as that."""
    remote = gateway.read_connection(connection_id=connection.propexo_connection_id)
    return remote.last_synced_at


def _result(request: SignedInRequest, connection: Connection, report: ImportReport) -> HttpResponse:
    context = {
        "connection": connection,
        "report": report,
        "breadcrumbs": _breadcrumbs(connection),
    }
    return render(request, "integrations/import_result.html", context)


def _breadcrumbs(connection: Connection) -> list[tuple[str, str]]:
    return [
        ("Propexo", reverse("integrations:propexo")),
        (str(connection), reverse("integrations:connection-detail", args=[connection.pk])),
    ]
