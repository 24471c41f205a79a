"""Integrations in the administration: for support staff to look at."""

from __future__ import annotations

from django.contrib import admin

from integrations.models import Connection, PropertyLink, ReviewItem, SyncRun
from portfolios.admin import ReadOnlyAdmin


@admin.register(Connection)
class ConnectionAdmin(ReadOnlyAdmin):
    """Connections; the pages validate them with Propexo, so they are made there."""

    list_display = ["__str__", "portfolio", "propexo_connection_id", "status", "validated_at"]
    list_filter = ["status", "pms"]
    list_select_related = ["portfolio"]
    search_fields = ["name", "propexo_connection_id", "integration_id", "portfolio__name"]


@admin.register(PropertyLink)
class PropertyLinkAdmin(ReadOnlyAdmin):
    """Which connection a property came through."""

    list_display = ["property", "connection", "imported_by", "imported_at", "last_synced_at"]
    list_select_related = ["property", "connection", "imported_by"]
    search_fields = ["property__name", "connection__propexo_connection_id"]


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnlyAdmin):
    """Syncs."""

    date_hierarchy = "queued_at"
    list_display = [
        "property",
        "state",
        "phase",
        "queued_at",
        "finished_at",
        "created",
        "changed",
        "unchanged",
        "flagged",
        "error_code",
    ]
    list_filter = ["state", "error_code"]
    list_select_related = ["property"]
    search_fields = ["property__name", "error"]


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    """What people must decide; they resolve it on its page, where the audit trail is written."""

    list_display = ["label", "kind", "property", "portfolio", "last_found_at", "resolved_at"]
    list_filter = ["kind", "record_kind"]
    list_select_related = ["property", "portfolio"]
    search_fields = ["label", "message", "remote_id", "property__name"]
