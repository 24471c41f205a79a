"""The go-live checklist of a connection: who says that charges may reach residents."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.go_live import TickForm, WithdrawalForm
from billing.go_live import MAY_TICK, ItemStanding, read_checklist
from billing.models import GoLiveItem, GoLiveTick
from billing.operations.go_live import AlreadyTicked, NotTicked, tick_item, withdraw_tick
from integrations.models import Connection
from portfolios import access
from portfolios.access import ALLOWED, Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Portfolio, Role, User


@dataclass(frozen=True, slots=True)
class _Advice:
    """What helps to check an item, and what a note about it may look like."""

    body: str
    example: str
    link_label: str
    route: str


_ADVICE = {
    GoLiveItem.SANDBOX_TRIED: _Advice(
        "Import, sync, calculate, approve and post with a test key or the PMS's test environment, "
        "then compare the test PMS's ledger with the job's page.",
        "For example: March water of Maple Court posted to the test PMS, job and ledger agree.",
        "Jobs",
        "billing:job-list",
    ),
    GoLiveItem.CODES_VERIFIED: _Advice(
        "Every code that bills are posted under is mapped at each property, and the account behind "
        "it is the one that accounting wants.",
        "For example: WATR and SEWR compared with the chart of accounts of 1 April.",
        "Charge codes of this connection",
        "billing:connection-charge-codes",
    ),
    GoLiveItem.RESULTS_CHECKED: _Advice(
        "Recalculate a few units of a real bill by hand: the weight, the share, the days. The "
        "charge's page shows every number that was used.",
        "For example: units 101, 214 and 307 of the March water bill worked out on paper.",
        "Bills",
        "billing:bill-list",
    ),
    GoLiveItem.ACCOUNTING_APPROVED: _Advice(
        "An accountant of the portfolio agrees that charges of this connection are posted to "
        "residents' ledgers.",
        "For example: agreed with the controller on 2 April.",
        "Approvals",
        "billing:approval-list",
    ),
}


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item on the page; the form is there for whoever may tick it."""

    standing: ItemStanding
    body: str
    link_label: str
    link_url: str
    may_tick: bool
    form: TickForm | None

    @property
    def needed_role(self) -> str:
        """Name who can tick it."""
        return _roles_for(self.standing.item)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def go_live(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what was ticked by whom and when; tick one item more."""
    connection = _connection(request, pk)
    sent: tuple[GoLiveItem, TickForm] | None = None
    if request.method == "POST":
        item = _item(request.POST.get("item", ""))
        _require(connection.portfolio, item, user=request.user)
        form = _tick_form(item, request)
        if form.is_valid():
            return _tick(request, connection, item, form.cleaned_data["note"])
        sent = (item, form)
    return render(request, "billing/go_live.html", _page(request, connection, sent))


def _tick(
    request: SignedInRequest, connection: Connection, item: GoLiveItem, note: str
) -> HttpResponse:
    try:
        tick_item(connection=connection, item=item, note=note, by=request.user, now=timezone.now())
    except AlreadyTicked as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Ticked in your name: {item.label}.")
    return redirect("billing:go-live", pk=connection.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def go_live_withdraw(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask why a tick no longer holds, then take it back."""
    ticks = GoLiveTick.objects.select_related("connection__portfolio", "ticked_by")
    tick = access.fetch(ticks, Action.READ, user=request.user, pk=pk)
    _require(tick.connection.portfolio, GoLiveItem(tick.item), user=request.user)
    form = WithdrawalForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        because = form.cleaned_data["because"]
        try:
            withdraw_tick(tick=tick, because=because, by=request.user, now=timezone.now())
        except NotTicked as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, "The tick is taken back; your reason stays with it.")
        return redirect("billing:go-live", pk=tick.connection_id)
    context = {
        "question": "Take this tick back?",
        "body": "No further charges can be posted over this connection until the item is ticked "
        "again. Those that were posted, or are on their way, stay.",
        "facts": [
            ("Item", tick.get_item_display()),
            ("Ticked by", f"{tick.ticked_by}, {tick.ticked_at:%-d %b %Y}"),
            ("What was looked at", tick.note),
        ],
        "form": form,
        "verb": "Take the tick back",
        "cancel_url": reverse("billing:go-live", args=[tick.connection_id]),
        "cancel_label": "Keep it",
        "breadcrumbs": [*_crumbs(tick.connection), ("Go-live checklist", _here(tick.connection))],
    }
    return render(request, "layouts/confirm.html", context)


def _connection(request: SignedInRequest, pk: int) -> Connection:
    connections = Connection.objects.select_related("portfolio")
    return access.fetch(connections, Action.READ, user=request.user, pk=pk)


def _item(name: str) -> GoLiveItem:
    try:
        return GoLiveItem(name)
    except ValueError:
        raise Http404("The go-live checklist has no such item.") from None


def _may(portfolio: Portfolio, item: GoLiveItem, *, user: User) -> bool:
    role = access.role_in(portfolio, user=user)
    return role is not None and bool(ALLOWED[role] & MAY_TICK[item])


def _require(portfolio: Portfolio, item: GoLiveItem, *, user: User) -> None:
    if not _may(portfolio, item, user=user):
        raise PermissionDenied(f"Only {_roles_for(item)} of {portfolio} can answer for this item.")


def _roles_for(item: GoLiveItem) -> str:
    names = [Role(role).label.lower() for role, can in ALLOWED.items() if can & MAY_TICK[item]]
    return " or ".join(f"{'an' if name[0] in 'aeiou' else 'a'} {name}" for name in names)


def _tick_form(item: GoLiveItem, request: SignedInRequest | None = None) -> TickForm:
    posted = request.POST if request else None
    return TickForm(posted, prefix=item.value, example=_ADVICE[item].example)


def _page(
    request: SignedInRequest, connection: Connection, sent: tuple[GoLiveItem, TickForm] | None
) -> dict[str, object]:
    role = access.role_in(connection.portfolio, user=request.user)
    can = ALLOWED[role] if role else frozenset()
    rows = [
        _row(standing, connection, may_tick=bool(can & MAY_TICK[standing.item]), sent=sent)
        for standing in read_checklist(connection)
    ]
    return {
        "connection": connection,
        "rows": rows,
        "open_count": sum(row.standing.tick is None for row in rows),
        "posting_enabled": settings.PROPEXO_CHARGE_POSTING_ENABLED,
        "breadcrumbs": _crumbs(connection),
    }


def _row(
    standing: ItemStanding,
    connection: Connection,
    *,
    may_tick: bool,
    sent: tuple[GoLiveItem, TickForm] | None,
) -> ItemRow:
    advice = _ADVICE[standing.item]
    form = None
    if may_tick and standing.tick is None:
        form = sent[1] if sent and sent[0] == standing.item else _tick_form(standing.item)
    of_connection = advice.route == "billing:connection-charge-codes"
    return ItemRow(
        standing=standing,
        body=advice.body,
        link_label=advice.link_label,
        link_url=reverse(advice.route, args=[connection.pk] if of_connection else []),
        may_tick=may_tick,
        form=form,
    )


def _crumbs(connection: Connection) -> list[tuple[str, str]]:
    here = reverse("integrations:connection-detail", args=[connection.pk])
    return [("Propexo", reverse("integrations:propexo")), (str(connection), here)]


def _here(connection: Connection) -> str:
    return reverse("billing:go-live", args=[connection.pk])
