"""The pages of portfolios."""

from __future__ import annotations

from django.urls import path

from portfolios.views import (
    api_keys,
    approvals,
    history,
    leases,
    notices,
    portfolios,
    properties,
    unit_imports,
    unit_template,
    unit_values,
    units,
    utilities,
)

app_name = "portfolios"
urlpatterns = [
    path("", portfolios.portfolio_list, name="portfolio-list"),
    path("new/", portfolios.portfolio_create, name="portfolio-create"),
    path("<int:pk>/", portfolios.portfolio_detail, name="portfolio-detail"),
    path("properties/<int:pk>/", properties.property_detail, name="property-detail"),
    path("properties/<int:pk>/leases/", leases.property_leases, name="property-leases"),
    path("properties/<int:pk>/history/", history.property_history, name="property-history"),
    path("properties/<int:pk>/values/", unit_values.unit_values, name="unit-values"),
    path("properties/<int:pk>/values/template/", unit_template.unit_template, name="unit-template"),
    path("properties/<int:pk>/imports/", unit_imports.unit_import_list, name="unit-import-list"),
    path("imports/<int:pk>/", unit_imports.unit_import_detail, name="unit-import-detail"),
    path("imports/<int:pk>/discard/", unit_imports.unit_import_discard, name="unit-import-discard"),
    path("imports/<int:pk>/undo/", unit_imports.unit_import_undo, name="unit-import-undo"),
    path("units/<int:pk>/", units.unit_edit, name="unit-edit"),
    path("<int:pk>/approvals/", approvals.portfolio_approvals, name="portfolio-approvals"),
    path("<int:pk>/utilities/", utilities.portfolio_utilities, name="portfolio-utilities"),
    path("properties/<int:pk>/utilities/", utilities.property_utilities, name="property-utilities"),
    path(
        "properties/<int:pk>/utilities/<slug:commodity>/",
        utilities.utility_choose,
        name="utility-choose",
    ),
    path(
        "properties/<int:pk>/utilities/<slug:commodity>/reopen/",
        utilities.utility_reopen,
        name="utility-reopen",
    ),
    path("data-sources/", utilities.data_sources, name="data-sources"),
    path("notices/", notices.notice_list, name="notice-list"),
    path("notices/choices/", notices.notice_choices, name="notice-choices"),
    path("api-keys/", api_keys.api_key_list, name="api-key-list"),
    path("api-keys/<int:pk>/revoke/", api_keys.api_key_revoke, name="api-key-revoke"),
]
