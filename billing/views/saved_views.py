"""Keeping a narrowed list of failures under a name."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.forms.failures import SavedViewForm
from billing.models import SavedView
from billing.operations.saved_views import CannotSaveView, delete_view, save_view
from billing.views.failure_filters import list_url, query_of
from portfolios.http import SignedInRequest, signed_in


@require_POST
@signed_in
def saved_view_create(request: SignedInRequest) -> HttpResponse:
    """Keep a list as it is narrowed down, for the reader only."""
    form = SavedViewForm(request.POST)
    # Only what the list understands is kept, so a view never leads anywhere else.
    kept = query_of(QueryDict(request.POST.get("query", "")[:1000]))
    url = list_url(kept)
    if not form.is_valid():
        for errors in form.errors.values():
            messages.error(request, " ".join(str(error) for error in errors))
        return redirect(url)
    name, query = form.cleaned_data["name"], url.partition("?")[2]
    try:
        save_view(name=name, query=query, by=request.user, now=timezone.now())
    except CannotSaveView as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, f"Saved as “{name}”. Only you see it.")
    return redirect(url)


@require_POST
@signed_in
def saved_view_delete(request: SignedInRequest, pk: int) -> HttpResponse:
    """Forget a saved view."""
    view = get_object_or_404(SavedView, user=request.user, pk=pk)
    delete_view(view=view, by=request.user)
    messages.success(request, f"The saved view “{view.name}” is deleted.")
    return redirect("billing:failure-list")
