"""Which property and utility a page about share rules is for."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404
from django.urls import reverse

from billing.models import ShareRule, Utility
from billing.views.breadcrumbs import Crumbs, below_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class RuleScope:
    """A property, a utility of it, and what the person who looks may do there."""

    place: Property
    utility: Utility
    may_prepare: bool
    may_approve: bool

    @property
    def name(self) -> str:
        """Name the utility in the middle of a sentence."""
        return str(self.utility.label).lower()

    @property
    def active(self) -> ShareRule | None:
        """Find the version that was set last."""
        rules = ShareRule.objects.filter(property=self.place, utility=self.utility, is_active=True)
        return rules.first()

    @property
    def rule_url(self) -> str:
        """Tell where the rule is set."""
        return self.url("share-rule-edit")

    def url(self, name: str, *more: object) -> str:
        """Find a page about this utility of this property."""
        return reverse(f"billing:{name}", args=[self.place.pk, self.utility.value, *more])

    @property
    def breadcrumbs(self) -> Crumbs:
        """Lead to a page below the rule."""
        title = f"How {self.name} is shared"
        return [*below_property(self.place), (title, self.rule_url)]


def find_scope(request: SignedInRequest, pk: int, utility: str, action: Action) -> RuleScope:
    """Find a property for an action on one of its utilities.

    Errors: Http404 when either is not there, PermissionDenied when the role may not.
    """
    if utility not in Utility.values:
        raise Http404("There is no such utility.")
    place = find_place(request, pk, action)
    return RuleScope(
        place,
        Utility(utility),
        may_prepare=access.may(place.portfolio, Action.PREPARE, user=request.user),
        may_approve=access.may(place.portfolio, Action.APPROVE, user=request.user),
    )


def find_place(request: SignedInRequest, pk: int, action: Action) -> Property:
    """Find a property for an action.

    Errors: Http404 when it is not there, PermissionDenied when the role may not.
    """
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=request.user, pk=pk)
