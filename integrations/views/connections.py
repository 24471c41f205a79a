"""The pages of connections to a PMS."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import Count, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from integrations.forms import ConnectionForm
from integrations.gateways import PropexoNotConfigured
from integrations.models import Connection, ConnectionStatus, PropertyLink, ReviewItem
from integrations.operations.connections import (
    CannotConnect,
    add_connection,
    reach_connection,
    renew_connection,
)
from integrations.pms.catalog import Support, platform
from integrations.views.connection_batch import REALPAGE
from integrations.views.sync_sheets import connection_sheet, link_sheet
from meterbase.lib.sheets import Sheet, chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Portfolio, User

PAGE_SIZE = 50

_KEY_KINDS = {"px_test_": "test", "px_live_": "live"}


def key_kind() -> str:
    """Tell what the API key opens, without showing it: test, live, other or none."""
    if not settings.PROPEXO_API_KEY:
        return "none"
    return _KEY_KINDS.get(settings.PROPEXO_API_KEY[:8], "other")


def _may_prepare_anywhere(user: User) -> bool:
    return access.rows(Portfolio, user=user, action=access.Action.PREPARE).exists()


@require_safe
@signed_in
def propexo(request: SignedInRequest) -> HttpResponseBase:
    """List the connections, with the way to the first one."""
    everything = access.rows(Connection, user=request.user).select_related("portfolio")
    expired = everything.filter(status=ConnectionStatus.LOGIN_EXPIRED)
    shows_expired = request.GET.get("status") == ConnectionStatus.LOGIN_EXPIRED
    connections = expired if shows_expired else everything
    if answer := list_file(request, lambda: _sheet(request, connections, shows_expired)):
        return answer
    page = Paginator(connections, PAGE_SIZE).get_page(request.GET.get("page"))
    counts = _count_properties(list(page.object_list), user=request.user)
    may_prepare = _may_prepare_anywhere(request.user)
    actions = [("PMS platforms", reverse("integrations:platform-list"))]
    if may_prepare:
        actions.insert(0, ("Add Connection", reverse("integrations:connection-create")))
    context = {
        "page": page,
        "rows": [(connection, counts.get(connection.pk, 0)) for connection in page],
        "filters": _filters(everything, expired, shows_expired=shows_expired),
        "shows_expired": shows_expired,
        "key_kind": key_kind(),
        "base_url": settings.PROPEXO_BASE_URL,
        "may_prepare": may_prepare,
        "actions": actions,
    }
    return render(request, "integrations/propexo.html", context)


def _sheet(
    request: SignedInRequest,
    connections: QuerySet[Connection],
    shows_expired: bool,  # noqa: FBT001 - a filter of the page
) -> Sheet:
    rows = list(connections)
    show = str(ConnectionStatus.LOGIN_EXPIRED.label) if shows_expired else ""
    counts = _count_properties(rows, user=request.user)
    return connection_sheet(rows, counts, filters=chosen_filters(show=show))


def _filters(
    everything: QuerySet[Connection], expired: QuerySet[Connection], *, shows_expired: bool
) -> list[dict[str, object]]:
    here = reverse("integrations:propexo")
    login = ConnectionStatus.LOGIN_EXPIRED
    return [
        {"label": "All", "count": everything.count(), "url": here, "active": not shows_expired},
        {
            "label": login.label,
            "count": expired.count(),
            "url": f"{here}?status={login}",
            "active": shows_expired,
        },
    ]


def _count_properties(connections: list[Connection], *, user: User) -> dict[int, int]:
    """Count what the reader may see of each connection's properties."""
    links = access.rows(PropertyLink, user=user).filter(connection__in=connections)
    return dict(links.order_by().values_list("connection").annotate(Count("pk")))


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def connection_create(request: SignedInRequest) -> HttpResponse:
    """Connect a PMS once Propexo has confirmed the connection."""
    posted = request.method == "POST"
    may_prepare = _may_prepare_anywhere(request.user)
    if posted and not may_prepare:
        raise PermissionDenied("Only a property manager can connect a PMS.")
    form = ConnectionForm(request.POST if posted else None, user=request.user)
    check = ""
    if posted and form.is_valid():
        try:
            connection = _connect(form, by=request.user)
        except PropexoNotConfigured as error:
            form.add_error(None, str(error))
        except CannotConnect as error:
            check = error.check
            form.add_error(error.field or None, error.message)
        else:
            messages.success(request, f"{connection} is connected. Choose what to import.")
            return redirect("integrations:connection-import", pk=connection.pk)
    context = {
        "form": form,
        "check": check,
        "may_prepare": may_prepare,
        "title": "Add Connection",
        "lead": "MeterBase asks Propexo about the connection before it stores anything.",
        "verb": "Connect",
        "cancel_url": reverse("integrations:propexo"),
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/connection_create.html", context)


def _connect(form: ConnectionForm, *, by: User) -> Connection:
    entry = form.cleaned_data
    return add_connection(
        portfolio=entry["portfolio"],
        propexo_connection_id=entry["propexo_connection_id"],
        pms=entry["pms"],
        integration_id=entry["integration_id"],
        transaction_batch_id=entry["transaction_batch_id"],
        gateway=reach_connection(propexo_connection_id=entry["propexo_connection_id"]),
        by=by,
        now=timezone.now(),
    )


@require_safe
@signed_in
def connection_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show a connection and the properties that came through it."""
    connection = access.fetch(
        Connection.objects.select_related("portfolio", "created_by"),
        access.Action.READ,
        user=request.user,
        pk=pk,
    )
    links = (
        access.rows(PropertyLink, user=request.user)
        .filter(connection=connection)
        .select_related("property__portfolio")
        .order_by("property__name", "pk")
    )
    if answer := list_file(request, lambda: link_sheet(connection, links)):
        return answer
    items = access.rows(ReviewItem, user=request.user).filter(
        connection=connection, resolved_at=None
    )
    context = {
        "connection": connection,
        "facts": _facts(connection),
        "has_batches": connection.pms == REALPAGE,
        "login_expired": connection.status == ConnectionStatus.LOGIN_EXPIRED,
        "page": Paginator(links, PAGE_SIZE).get_page(request.GET.get("page")),
        "item_count": items.count(),
        "posting_is_beta": platform(connection.pms).charge_posting is Support.BETA,
        "may_prepare": access.may(connection.portfolio, access.Action.PREPARE, user=request.user),
        "breadcrumbs": [("Propexo", reverse("integrations:propexo"))],
    }
    return render(request, "integrations/connection_detail.html", context)


_POSTING_WORDS = {
    True: "works, as Propexo last proved",
    False: "not offered for this PMS, or refused when Propexo last tried",
    None: "not tried by Propexo yet",
}


def _facts(connection: Connection) -> list[tuple[str, object]]:
    return [
        ("PMS type", connection.get_pms_display()),
        ("Propexo Connection ID", connection.propexo_connection_id),
        ("Propexo Integration ID", connection.integration_id),
        ("Charge posting", _POSTING_WORDS[connection.can_post_charges]),
        ("Portfolio", connection.portfolio),
        ("Connected by", connection.created_by),
    ]


@require_POST
@signed_in
def connection_renew(request: SignedInRequest, pk: int) -> HttpResponse:
    """Take a connection up again after its login was renewed in Propexo."""
    connection = access.fetch(
        Connection.objects.select_related("portfolio"),
        access.Action.PREPARE,
        user=request.user,
        pk=pk,
    )
    try:
        renew_connection(
            connection=connection,
            gateway=reach_connection(propexo_connection_id=connection.propexo_connection_id),
            by=request.user,
            now=timezone.now(),
        )
    except PropexoNotConfigured as error:
        messages.error(request, str(error))
    except CannotConnect as error:
        messages.error(request, f"{error.message} {error.check}")
    else:
        messages.success(request, "Propexo can log in again. What waited for it goes on.")
    return redirect("integrations:connection-detail", pk=connection.pk)
