"""The pages of portfolios."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def soon(_request: HttpRequest, **_kwargs: object) -> HttpResponse:
    return HttpResponse("soon")


app_name = "integrations"
urlpatterns = [
    path("propexo/", soon, name="propexo"),
    path("propexo/platforms/", soon, name="platform-list"),
    path("propexo/connections/new/", soon, name="connection-create"),
    path("propexo/connections/<int:pk>/", soon, name="connection-detail"),
    path("propexo/connections/<int:pk>/renew/", soon, name="connection-renew"),
    path("propexo/connections/<int:pk>/import/", soon, name="connection-import"),
    path("properties/<int:pk>/sync/", soon, name="property-sync"),
    path("syncs/<int:pk>/", soon, name="sync-detail"),
    path("review-items/", soon, name="review-item-list"),
    path("review-items/<int:pk>/resolve/", soon, name="review-item-resolve"),
]
