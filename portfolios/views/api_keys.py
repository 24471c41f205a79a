"""The pages of a person's own API keys."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from portfolios.forms import ApiKeyForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import ApiKey
from portfolios.operations.api_keys import NewApiKey, create_api_key, revoke_api_key


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
@signed_in
def api_key_list(request: SignedInRequest) -> HttpResponse:
    """List the reader's keys, and show a new key's secret this once."""
    user = request.user
    form = ApiKeyForm(request.POST if request.method == "POST" else None, user=user)
    made: NewApiKey | None = None
    if request.method == "POST" and form.is_valid():
        made = create_api_key(
            user=user,
            name=form.cleaned_data["name"],
            by=user,
            now=timezone.now(),
            terms=form.terms(),
        )
        form = ApiKeyForm(user=user)
    context = {
        "form": form,
        "keys": ApiKey.objects.filter(user=user).prefetch_related("portfolios"),
        "made": made,
        "base_url": request.build_absolute_uri("/api/"),
        "actions": [
            ("Webhooks to you", reverse("integrations:endpoint-list")),
            ("How to use the API", reverse("api-docs")),
        ],
    }
    return render(request, "portfolios/api_key_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def api_key_revoke(request: SignedInRequest, pk: int) -> HttpResponse:
    """Ask, then end a key of the reader's own."""
    key = get_object_or_404(ApiKey, pk=pk, user=request.user)
    if request.method == "POST":
        revoke_api_key(key=key, by=request.user, now=timezone.now())
        messages.success(request, f"The key {key.name} no longer opens anything.")
        return redirect("portfolios:api-key-list")
    context = {
        "key": key,
        "question": f"Revoke the key {key.name}?",
        "body": "Programs that use it are refused from that moment. A revoked key cannot be "
        "brought back; make a new one instead.",
        "verb": "Revoke the key",
        "dangerous": True,
        "cancel_url": reverse("portfolios:api-key-list"),
        "cancel_label": "Keep the key",
        "breadcrumbs": [("API access", reverse("portfolios:api-key-list"))],
    }
    return render(request, "portfolios/api_key_revoke.html", context)
