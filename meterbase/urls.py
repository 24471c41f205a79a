"""Where every page is."""

from __future__ import annotations

from django.contrib import admin
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView
from django_q.models import Schedule

from integrations.webhooks.receive import receive_webhook
from meterbase.api import api
from meterbase.api_answers import no_such_call
from meterbase.api_docs import api_docs
from meterbase.health.views import health, live
from meterbase.views.design import design
from meterbase.views.home import home
from meterbase.views.property_acts import (
    property_list_archive,
    property_list_restore,
    property_list_sync,
)
from meterbase.views.property_list import property_list
from meterbase.views.search import search

admin.site.site_header = "MeterBase support"
admin.site.site_title = "MeterBase support"
# The queue's own schedule could be made to call any function; nobody needs it here.
admin.site.unregister(Schedule)

urlpatterns: list[URLPattern | URLResolver] = [
    # Outside the API of bearer keys: Propexo signs what it sends. A redirect would lose the body.
    path("api/webhooks/propexo", receive_webhook, name="propexo-webhook"),
    path("api/webhooks/propexo/", receive_webhook),
    path("api/docs/", api_docs, name="api-docs"),
    path("api/", api.urls),
    re_path("^api/", no_such_call),
    path("", home, name="home"),
    path("search/", search, name="search"),
    path("properties/", property_list, name="property-list"),
    path("properties/sync/", property_list_sync, name="property-list-sync"),
    path("properties/archive/", property_list_archive, name="property-list-archive"),
    path("properties/restore/", property_list_restore, name="property-list-restore"),
    # Components for developers; without DEBUG it does not exist.
    path("design/", design, name="design"),
    path("accounts/login/", LoginView.as_view(redirect_authenticated_user=True), name="login"),
    path("accounts/logout/", LogoutView.as_view(), name="logout"),
    path("portfolios/", include("portfolios.urls")),
    path("integrations/", include("integrations.urls")),
    path("billing/", include("billing.urls")),
    path("admin/", admin.site.urls),
    path("health/", health, name="health"),
    path("health/live", live, name="health-live"),
    path("favicon.ico", RedirectView.as_view(url="/static/meterbase/favicon.svg")),
]
