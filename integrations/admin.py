"""Integrations in the administration: for support staff to look at."""

from __future__ import annotations

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from integrations.models import (
    ChartAccount,
    ChartReading,
    Connection,
    Delivery,
    ListedProperty,
    PropertyLink,
    PropertyReading,
    RateBudget,
    ReviewItem,
    SyncRun,
    Tick,
    WebhookEndpoint,
    WebhookEvent,
    WebhookRejection,
)
from integrations.webhooks.pretty import pretty_body
from integrations.webhooks.replay import replay_all
from portfolios.admin import ReadOnlyAdmin
from portfolios.models import User


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


@admin.register(RateBudget)
class RateBudgetAdmin(ReadOnlyAdmin):
    """How much of Propexo's rate limit is gone."""

    exclude = ["key_digest"]
    list_display = ["base_url", "limit", "turns_taken", "blocked_until", "post_asked_at"]


@admin.register(ReviewItem)
class ReviewItemAdmin(ReadOnlyAdmin):
    """What people must decide; they resolve it on its page, where the audit trail is written."""

    list_display = ["label", "kind", "property", "portfolio", "last_found_at", "resolved_at"]
    list_filter = ["kind", "record_kind"]
    list_select_related = ["property", "portfolio"]
    search_fields = ["label", "message", "remote_id", "property__name"]


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyAdmin):
    """What Propexo reported, also of connections that nobody has here; it can be replayed."""

    actions = ["replay"]  # type: ignore[assignment] # the base class offers none
    date_hierarchy = "received_at"
    exclude = ["body"]
    readonly_fields = ["body_as_sent"]
    list_display = [
        "received_at",
        "name",
        "record_kind",
        "record_id",
        "propexo_connection_id",
        "connection",
        "state",
        "cause",
        "attempts",
        "duplicates",
    ]
    list_filter = [
        "state",
        "cause",
        "name",
        "shape",
        ("connection", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["connection"]
    search_fields = ["record_id", "propexo_connection_id", "error", "outcome"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[WebhookEvent]:
        """Leave the bodies out of lists."""
        found: QuerySet[WebhookEvent] = super().get_queryset(request).defer("body")
        return found

    @admin.display(description="body")
    def body_as_sent(self, event: WebhookEvent) -> str:
        """Lay the body out."""
        return pretty_body(bytes(event.body))

    @admin.action(description="Replay the chosen events", permissions=["view"])
    def replay(self, request: HttpRequest, events: QuerySet[WebhookEvent]) -> None:
        """Work on events again."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
        count = replay_all(events=events, by=request.user, now=timezone.now())
        messages.success(request, f"{count} of {len(events)} events wait for a worker again.")


@admin.register(WebhookRejection)
class WebhookRejectionAdmin(ReadOnlyAdmin):
    """How much was turned away, by hour and reason."""

    date_hierarchy = "hour"
    list_display = ["hour", "reason", "count", "last_at"]
    list_filter = ["reason"]


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ReadOnlyAdmin):
    """Where webhooks go; their secrets are nowhere in the administration."""

    exclude = ["token"]
    list_display = [
        "url",
        "portfolio",
        "disabled_at",
        "failures_in_row",
        "resting_until",
        "leased_until",
        "last_delivered_at",
    ]
    list_filter = [("disabled_at", admin.EmptyFieldListFilter)]
    list_select_related = ["portfolio"]
    search_fields = ["url", "portfolio__name"]


@admin.register(Delivery)
class DeliveryAdmin(ReadOnlyAdmin):
    """What was sent by webhook, and what is stuck."""

    list_display = ["event", "endpoint", "state", "tries", "since", "next_at", "last_said"]
    list_filter = ["state", "event__kind"]
    list_select_related = ["event", "endpoint"]
    search_fields = ["event__public_id", "endpoint__url", "last_said"]


@admin.register(ChartAccount)
class ChartAccountAdmin(ReadOnlyAdmin):
    """Entries of charts of accounts, as the PMS shows them."""

    list_display = ["code", "name", "kind", "property", "remote_id", "missing_since"]
    list_filter = ["kind"]
    list_select_related = ["property"]
    search_fields = ["code", "name", "remote_id", "gl_account", "property__name"]


@admin.register(ChartReading)
class ChartReadingAdmin(ReadOnlyAdmin):
    """When charts of accounts were read."""

    list_display = ["property", "read_at", "failed_at", "error"]
    list_select_related = ["property"]
    search_fields = ["property__name", "error"]


@admin.register(PropertyReading)
class PropertyReadingAdmin(ReadOnlyAdmin):
    """How far properties were read."""

    list_display = ["property", "read_at", "fully_read_at", "rows_read", "pms_synced_at"]
    list_select_related = ["property"]
    search_fields = ["property__name", "property__propexo_property_id"]


@admin.register(ListedProperty)
class ListedPropertyAdmin(ReadOnlyAdmin):
    """Which properties connections showed, imported or not."""

    list_display = ["__str__", "propexo_property_id", "connection", "first_listed_at"]
    list_filter = [("missing_since", admin.EmptyFieldListFilter)]
    list_select_related = ["connection"]
    search_fields = ["name", "propexo_property_id", "connection__propexo_connection_id"]


@admin.register(Tick)
class TickAdmin(ReadOnlyAdmin):
    """When what comes round again was done last."""

    list_display = ["name", "ticked_at"]
    search_fields = ["name"]
