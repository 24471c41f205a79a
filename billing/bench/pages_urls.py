"""The product's pages, and beside them those that print constants."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, include, path

from billing.bench.pages_child import show_constants
from portfolios.http import signed_in

urlpatterns: list[URLPattern | URLResolver] = [
    path("constants/<str:name>/", signed_in(show_constants)),
    path("", include("meterbase.urls")),
]
