"""The one property that a report is about; without a choice, the first by name."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404

from billing.views.filter_choices import Choice
from billing.views.report_filters import Asked
from meterbase.lib.sheets import chosen_filters
from portfolios import access
from portfolios.http import SignedInRequest
from portfolios.models import Property


@dataclass(frozen=True, slots=True)
class ChosenPlace:
    """The property, and the choices with it among them; None where the reader has none."""

    place: Property | None
    choices: tuple[Choice, ...]

    @property
    def pk(self) -> int:
        """Give the property's key; one that no row has where there is none."""
        return 0 if self.place is None else self.place.pk

    @property
    def filters(self) -> tuple[tuple[str, str], ...]:
        """Name what is chosen, for a file."""
        return chosen_filters(choices=self.choices)


def chosen_place(request: SignedInRequest, asked: Asked) -> ChosenPlace:
    """Find the property that is asked for.

    Errors: Http404 when it is not the reader's.
    """
    places = list(access.rows(Property, user=request.user).order_by("name", "pk"))
    wanted = asked.scope.place
    place = next((each for each in places if wanted in (None, each.pk)), None)
    if wanted is not None and place is None:
        raise Http404("There is no such property.")
    offered = Choice(
        "property",
        "Property",
        "" if place is None else str(place.pk),
        tuple((str(each.pk), each.name) for each in places),
    )
    others = [choice for choice in asked.choices if choice.name not in ("portfolio", "property")]
    return ChosenPlace(place, (offered, *others))
