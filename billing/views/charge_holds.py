"""Holding all charges of a connection up, and letting them go again."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.charge_holds import HoldForm, ReleaseForm
from billing.operations.calculations import WrongState
from billing.operations.restores import let_charges_go, unread_places
from integrations.models import Connection
from integrations.operations.charge_holds import hold_charges
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

_SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connection_charges(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show whether charges are sent over a connection; hold them up, or let them go."""
    action = Action.APPROVE if request.method == "POST" else Action.READ
    connections = Connection.objects.select_related("portfolio", "charges_held_by")
    connection = access.fetch(connections, action, user=request.user, pk=pk)
    unread = list(unread_places(connection))
    posted = request.POST if request.method == "POST" else None
    if connection.charges_held_at is None:
        return _held(request, connection, HoldForm(posted))
    return _released(request, connection, ReleaseForm(posted, unread=bool(unread)), unread)


def _held(request: SignedInRequest, connection: Connection, form: HoldForm) -> HttpResponse:
    if form.is_valid():
        hold_charges(
            connection=connection,
            because=form.cleaned_data["reason"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(
            request, "Held. What is being sent comes to its end; nothing else is sent."
        )
        return redirect("billing:connection-charges", pk=connection.pk)
    return _page(request, connection, form, [])


def _released(
    request: SignedInRequest, connection: Connection, form: ReleaseForm, unread: list[Property]
) -> HttpResponse:
    if form.is_valid():
        despite = form.cleaned_data.get("despite", "")
        try:
            let_charges_go(
                connection=connection, despite=despite, by=request.user, now=timezone.now()
            )
        except WrongState as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The charges of this connection are sent again.")
        return redirect("billing:connection-charges", pk=connection.pk)
    return _page(request, connection, form, unread)


def _page(
    request: SignedInRequest,
    connection: Connection,
    form: HoldForm | ReleaseForm,
    unread: list[Property],
) -> HttpResponse:
    context = {
        "connection": connection,
        "form": form,
        "unread": unread[:_SHOWN],
        "unread_count": len(unread),
        "may_act": access.may(connection.portfolio, Action.APPROVE, user=request.user),
        "breadcrumbs": [
            ("Propexo", reverse("integrations:propexo")),
            (str(connection), reverse("integrations:connection-detail", args=[connection.pk])),
        ],
    }
    return render(request, "billing/connection_charges.html", context)
