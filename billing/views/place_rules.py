"""What the rules of a place ask about a property, and setting one of them aside."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms import PlaceFactsForm, SetAsideForm
from billing.models import PlaceFacts, PlaceOverride
from billing.operations.places import set_aside, set_place_facts
from billing.rubs.rules import PlaceRule, Severity, load_places
from billing.views.breadcrumbs import below_property
from billing.views.rule_scope import RuleScope, find_place, find_scope
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def place_facts(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show what is known of a property for the law, and change it."""
    action = Action.PREPARE if request.method == "POST" else Action.READ
    place = find_place(request, pk, action)
    stored = PlaceFacts.objects.filter(property=place).select_related("set_by").first()
    known = stored.facts if stored else {}
    sent = request.POST if request.method == "POST" else None
    form = PlaceFactsForm(sent, facts=known, pms_units=place.unit_count)
    home = reverse("billing:property-detail", args=[place.pk])
    if request.method == "POST" and form.is_valid():
        set_place_facts(place=place, facts=form.facts(), by=request.user, now=timezone.now())
        messages.success(
            request, "The facts are saved. Rules and new calculations are held against them."
        )
        return redirect(home)
    may_prepare = access.may(place.portfolio, Action.PREPARE, user=request.user)
    return render(
        request,
        "billing/place_facts.html",
        {
            "title": "What the law asks about this property",
            "eyebrow": place.name,
            "lead": "The rules of a place depend on these facts. What nobody knows stays unknown; "
            "it is never guessed.",
            "breadcrumbs": below_property(place),
            "place": place,
            "covered": load_places().covers(place.state, place.city),
            "form": form,
            "stored": stored,
            "facts": [] if may_prepare else _as_words(form),
            "verb": "Save the facts",
            "cancel_url": home,
            "may_prepare": may_prepare,
        },
    )


def _as_words(form: PlaceFactsForm) -> list[tuple[str, str]]:
    """Write the facts for whoever may only read them."""
    facts = []
    for field in form:
        value = field.value()
        choices = dict(getattr(field.field, "choices", ()))
        facts.append((str(field.label), str(choices.get(value, value or ""))))
    return facts


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def place_set_aside(
    request: SignedInRequest, pk: int, utility: str, place_rule_id: str
) -> HttpResponse:
    """Let a rule of the place not stand in the way, for a reason."""
    scope = find_scope(request, pk, utility, Action.APPROVE)
    rule = _blocking_rule(scope, place_rule_id)
    form = SetAsideForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        set_aside(
            place=scope.place,
            utility=scope.utility,
            place_rule_id=rule.id,
            reason=form.cleaned_data["reason"],
            by=request.user,
            now=timezone.now(),
        )
        messages.success(
            request, "The rule is set aside. Calculate a bill again for this to count for it."
        )
        return redirect(scope.rule_url)
    return render(request, "billing/place_set_aside.html", _question(scope, rule, form))


def _blocking_rule(scope: RuleScope, place_rule_id: str) -> PlaceRule:
    """Find a rule of the place that can stand in the way.

    Errors: Http404 when the place has no such rule, or it blocks nothing.
    """
    rules = load_places().for_place(scope.place.state, scope.place.city, scope.utility.value)
    for rule in rules:
        if rule.id == place_rule_id and rule.severity is Severity.BLOCK:
            return rule
    raise Http404("No rule of this place with this name stands in the way.")


def _question(scope: RuleScope, rule: PlaceRule, form: SetAsideForm) -> dict[str, object]:
    overrides = PlaceOverride.objects.filter(
        property=scope.place, utility=scope.utility, place_rule_id=rule.id
    )
    return {
        "question": "Set this rule of the place aside?",
        "body": f"It stops the {scope.name} bills of {scope.place.name} from going into review. "
        "Set aside, it no longer does; your name and your reason are printed on every calculation "
        "made from now on. This is a decision about the law: take advice before you make it.",
        "facts": [
            ("Rule", rule.message),
            ("Instead", rule.remedy),
            ("Where it stands", rule.citation),
            ("Text seen", rule.seen_on),
            ("Our confidence", rule.confidence.value),
        ],
        "earlier": overrides.select_related("decided_by").first(),
        "form": form,
        "verb": "Set the rule aside",
        "cancel_url": scope.rule_url,
        "cancel_label": "Keep the rule",
        "breadcrumbs": scope.breadcrumbs,
    }
