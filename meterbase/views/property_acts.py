"""What is done with several properties that were ticked in the list."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from billing.operations.property_archive import archive_properties
from integrations.operations.sync_batches import BatchedSync, request_syncs
from meterbase.views.property_list import PAGE_SIZE
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property
from portfolios.operations.properties import restore_properties


@require_POST
@signed_in
def property_list_sync(request: SignedInRequest) -> HttpResponse:
    """Sync the chosen properties; the answer says how many are read."""
    places = _chosen(request)
    if not places:
        return _nothing_chosen(request, "sync")
    done = request_syncs(places=places, by=request.user, now=timezone.now())
    _tell_synced(request, done)
    return _back(request)


@require_POST
@signed_in
def property_list_archive(request: SignedInRequest) -> HttpResponse:
    """Archive the chosen properties; the answer names those that cannot be, and why."""
    places = _chosen(request)
    if not places:
        return _nothing_chosen(request, "archive")
    done = archive_properties(places=places, by=request.user, now=timezone.now())
    if done.archived:
        messages.success(
            request,
            f"{_count(done.archived)} archived: no longer synced, and listed under “Archived” "
            "alone, from where they can be restored.",
        )
    for refusal in done.refusals:
        messages.error(request, refusal)
    return _back(request)


@require_POST
@signed_in
def property_list_restore(request: SignedInRequest) -> HttpResponse:
    """Bring the chosen properties back."""
    places = _chosen(request)
    if not places:
        return _nothing_chosen(request, "restore")
    restored = restore_properties(places=places, by=request.user, now=timezone.now())
    if restored:
        messages.success(request, f"{_count(restored)} restored: in the lists again, and synced.")
    else:
        messages.error(request, "None of these properties is archived.")
    return _back(request)


def _tell_synced(request: SignedInRequest, done: BatchedSync) -> None:
    if done.queued:
        noun = "property is" if done.queued == 1 else "properties are"
        messages.success(request, f"{done.queued} {noun} being synced. You may leave this page.")
    if done.not_linked:
        names = ", ".join(str(place) for place in done.not_linked)
        messages.warning(request, f"Not connected to a PMS, so not synced: {names}.")


def _count(number: int) -> str:
    return f"{number} property is" if number == 1 else f"{number} properties are"


def _nothing_chosen(request: SignedInRequest, verb: str) -> HttpResponse:
    messages.error(request, f"Choose at least one property to {verb}: tick it in the list.")
    return _back(request)


def _back(request: SignedInRequest) -> HttpResponse:
    """Lead to the list as it was narrowed and sorted."""
    back = request.POST.get("back", "")
    if not url_has_allowed_host_and_scheme(back, allowed_hosts=None):
        back = reverse("property-list")
    return redirect(back)


def _chosen(request: SignedInRequest) -> list[Property]:
    """Read the chosen properties.

    Errors: Http404 where one is not there or not theirs, PermissionDenied for a wrong role.
    """
    texts = set(request.POST.getlist("place"))
    ids = {int(text) for text in texts if text.isascii() and text.isdecimal() and len(text) < 16}
    if len(ids) != len(texts) or len(ids) > PAGE_SIZE:
        raise Http404("There is no such property.")
    visible = access.rows(Property, user=request.user).filter(pk__in=ids)
    if visible.count() != len(ids):
        raise Http404("There is no such property.")
    places = list(
        access.rows(Property, user=request.user, action=Action.PREPARE).filter(pk__in=ids)
    )
    if len(places) != len(ids):
        raise PermissionDenied(
            "Only a property manager of a portfolio can sync, archive or restore its properties."
        )
    return places
