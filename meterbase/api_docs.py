"""The documentation of the JSON API, written from its own OpenAPI document."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from meterbase.api import api
from meterbase.api_reference import read_reference
from portfolios.models import CALL_LIMITS, ApiPlan, Scope


@require_safe
def api_docs(request: HttpRequest) -> HttpResponse:
    """Describe every call."""
    base_url = request.build_absolute_uri("/").rstrip("/")
    context = {
        "subjects": read_reference(api.get_openapi_schema(), base_url=base_url),
        "base_url": base_url,
        "scopes": list(Scope),
        "plans": [(plan.name.title(), CALL_LIMITS[plan]) for plan in ApiPlan],
        "actions": [
            ("API access", reverse("portfolios:api-key-list")),
            ("OpenAPI document", reverse("api:openapi-json")),
        ],
    }
    return render(request, "meterbase/api_docs.html", context)
