"""The pages of portfolios."""

from __future__ import annotations

from django.urls import path

from portfolios.views import api_keys, portfolios, properties, units

app_name = "portfolios"
urlpatterns = [
    path("", portfolios.portfolio_list, name="portfolio-list"),
    path("new/", portfolios.portfolio_create, name="portfolio-create"),
    path("<int:pk>/", portfolios.portfolio_detail, name="portfolio-detail"),
    path("properties/<int:pk>/", properties.property_detail, name="property-detail"),
    path("units/<int:pk>/", units.unit_edit, name="unit-edit"),
    path("api-keys/", api_keys.api_key_list, name="api-key-list"),
    path("api-keys/<int:pk>/revoke/", api_keys.api_key_revoke, name="api-key-revoke"),
]
