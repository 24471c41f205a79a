"""Setting how a property's bills for one utility are shared."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms import ShareRuleForm
from billing.models import Method, ShareRule, Utility, VacancyPolicy
from billing.operations.share_rules import set_share_rule
from billing.views.breadcrumbs import below_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

_FIRST_CHOICE = {
    "method": Method.SQUARE_FEET,
    "vacancy": VacancyPolicy.OWNER_PAYS,
    "common_area_percent": "0",
}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def share_rule_edit(request: SignedInRequest, pk: int, utility: str) -> HttpResponse:
    """Show a rule with its history, and put a new version in force."""
    if utility not in Utility.values:
        raise Http404("There is no such utility.")
    action = Action.PREPARE if request.method == "POST" else Action.READ
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, action, user=request.user, pk=pk)
    versions = list(
        ShareRule.objects.filter(property=place, utility=utility).select_related("created_by")
    )
    active = next((rule for rule in versions if rule.is_active), None)
    form = ShareRuleForm(request.POST or None, initial=_initial(active))
    if request.method == "POST" and form.is_valid():
        rule = set_share_rule(
            place=place,
            utility=Utility(utility),
            entry=form.entry(),
            by=request.user,
            now=timezone.now(),
        )
        messages.success(request, _answer(rule, active))
        return redirect("billing:property-detail", pk=place.pk)
    return render(
        request,
        "billing/share_rule_edit.html",
        _page(request, place, Utility(utility), form) | {"versions": versions, "active": active},
    )


def _initial(active: ShareRule | None) -> dict[str, Any]:
    if active is None:
        return dict(_FIRST_CHOICE)
    return {
        "method": active.method,
        "vacancy": active.vacancy,
        "common_area_percent": active.common_area_percent,
        "vacant_unit_occupants": active.vacant_unit_occupants,
    }


def _answer(rule: ShareRule, before: ShareRule | None) -> str:
    name = rule.get_utility_display().lower()
    if before is not None and before.pk == rule.pk:
        return f"The rule for {name} stays as it was, version {rule.version}."
    return f"Version {rule.version} of the rule for {name} is in force."


def _page(
    request: SignedInRequest, place: Property, utility: Utility, form: ShareRuleForm
) -> dict[str, object]:
    home = reverse("billing:property-detail", args=[place.pk])
    return {
        "title": f"How {utility.label.lower()} is shared",
        "eyebrow": place.name,
        "breadcrumbs": below_property(place),
        "form": form,
        "verb": "Save the rule",
        "cancel_url": home,
        "may_prepare": access.may(place.portfolio, Action.PREPARE, user=request.user),
    }
