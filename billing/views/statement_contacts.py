"""Whom residents may ask: for a whole portfolio, and for a property where it differs."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.statement_contact import StatementContactForm
from billing.statements.contacts import Contact, as_contact, own_contact, set_contact
from billing.views.breadcrumbs import Crumbs, below_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Portfolio, Property


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def portfolio_contact(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show whom the residents of a portfolio may ask, and change it."""
    portfolio = access.fetch(Portfolio.objects.all(), _action(request), user=request.user, pk=pk)
    url = reverse("portfolios:portfolio-detail", args=[portfolio.pk])
    crumbs = [("Portfolios", reverse("portfolios:portfolio-list")), (portfolio.name, url)]
    return _page(request, portfolio, None, back=url, crumbs=crumbs)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def property_contact(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show whom the residents of a property may ask, and change it."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, _action(request), user=request.user, pk=pk)
    url = reverse("billing:statement-list", args=[place.pk])
    crumbs = [*below_property(place), ("Statements", url)]
    return _page(request, place.portfolio, place, back=url, crumbs=crumbs)


def _action(request: SignedInRequest) -> Action:
    return Action.PREPARE if request.method == "POST" else Action.READ


def _page(
    request: SignedInRequest,
    portfolio: Portfolio,
    place: Property | None,
    *,
    back: str,
    crumbs: Crumbs,
) -> HttpResponse:
    stored = own_contact(portfolio, place)
    general = as_contact(own_contact(portfolio, None)) if place else None
    sent = request.POST if request.method == "POST" else None
    form = StatementContactForm(sent, contact=as_contact(stored), general=general)
    if request.method == "POST" and form.is_valid():
        set_contact(
            portfolio=portfolio,
            place=place,
            contact=form.contact(),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(
            request,
            "Saved. What is issued from now on says so; issued statements stay as they are.",
        )
        return redirect(back)
    may_prepare = access.may(portfolio, Action.PREPARE, user=request.user)
    context = {
        "title": "Whom residents may ask",
        "eyebrow": str(place or portfolio),
        "lead": _lead(place),
        "breadcrumbs": crumbs,
        "form": form,
        "stored": stored,
        "place": place,
        "portfolio": portfolio,
        "facts": [] if may_prepare else _as_words(form, as_contact(stored)),
        "verb": "Save",
        "cancel_url": back,
        "may_prepare": may_prepare,
    }
    return render(request, "billing/statement_contact.html", context)


def _lead(place: Property | None) -> str:
    if place is None:
        return "What stands on the statements of all properties that say nothing else."
    return "What stands on the statements of this property. What is empty here is the portfolio's."


def _as_words(form: StatementContactForm, contact: Contact) -> list[tuple[str, str]]:
    """Write the values for whoever may only read them."""
    return [
        (str(field.label), str(value) if (value := getattr(contact, field.name)) else "—")
        for field in form
    ]
