"""The pages of portfolios."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path


def soon(_request: HttpRequest, **_kwargs: object) -> HttpResponse:
    return HttpResponse("soon")


app_name = "portfolios"
urlpatterns = [
    path("", soon, name="portfolio-list"),
    path("new/", soon, name="portfolio-create"),
    path("<int:pk>/", soon, name="portfolio-detail"),
    path("properties/<int:pk>/", soon, name="property-detail"),
    path("units/<int:pk>/", soon, name="unit-edit"),
    path("api-keys/", soon, name="api-key-list"),
    path("api-keys/<int:pk>/revoke/", soon, name="api-key-revoke"),
]
