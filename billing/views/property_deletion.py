"""Deleting a property for good: what goes is named first, and the name is typed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from billing.forms.property_deletion import DeletePropertyForm
from billing.property_deletion import (
    BeingChanged,
    BeingSynced,
    MoneyPosted,
    count_what_goes,
    delete_property,
    refuse_deletion,
)
from billing.views.breadcrumbs import below_property
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property

_Refused = (MoneyPosted, BeingSynced, BeingChanged)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def property_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what goes with a property and have its name typed, then delete it."""
    places = Property.objects.select_related("portfolio")
    place = access.fetch(places, Action.PREPARE, user=request.user, pk=pk)
    form = DeletePropertyForm(request.POST or None, place=place)
    try:
        refuse_deletion(place)
        if request.method == "POST" and form.is_valid():
            delete_property(place=place, by=request.user, now=timezone.now())
            messages.success(request, f"{place.name} is deleted, with all that belonged to it.")
            return redirect("property-list")
    except _Refused as refusal:
        messages.error(request, str(refusal))
        return redirect("portfolios:property-detail", pk=place.pk)
    return render(request, "layouts/confirm.html", _question(place, form))


def _question(place: Property, form: DeletePropertyForm) -> dict[str, object]:
    counts = count_what_goes(place)
    return {
        "question": f"Delete {place.name}?",
        "body": "All that belongs to the property is deleted with it: units, tenants, bills and "
        "their documents, calculations, charges and invoices. This cannot be undone, and only the "
        "history keeps that there was such a property. To keep what there is and take the property "
        "out of the lists, archive it instead.",
        "facts": [(name.title(), f"{count:,}") for name, count in counts.items()],
        "form": form,
        "verb": f"Delete {place.name}",
        "dangerous": True,
        "cancel_url": reverse("portfolios:property-detail", args=[place.pk]),
        "cancel_label": "Keep the property",
        "breadcrumbs": below_property(place),
    }
