"""The pages of integrations."""

from __future__ import annotations

from django.urls import path

from integrations.views import (
    connection_batch,
    connections,
    imports,
    outgoing_deliveries,
    outgoing_endpoints,
    platforms,
    pms_data,
    review_decisions,
    review_items,
    syncs,
    webhooks,
)

app_name = "integrations"
urlpatterns = [
    path("propexo/", connections.propexo, name="propexo"),
    path("propexo/data/", pms_data.pms_data_list, name="pms-data-list"),
    path("propexo/platforms/", platforms.platform_list, name="platform-list"),
    path("propexo/connections/new/", connections.connection_create, name="connection-create"),
    path("propexo/connections/<int:pk>/", connections.connection_detail, name="connection-detail"),
    path(
        "propexo/connections/<int:pk>/batch-id/",
        connection_batch.connection_batch_id,
        name="connection-batch-id",
    ),
    path(
        "propexo/connections/<int:pk>/renew/",
        connections.connection_renew,
        name="connection-renew",
    ),
    path(
        "propexo/connections/<int:pk>/import/", imports.connection_import, name="connection-import"
    ),
    path("propexo/connections/<int:pk>/sync/", syncs.connection_sync, name="connection-sync"),
    path("properties/<int:pk>/sync/", syncs.property_sync, name="property-sync"),
    path("syncs/<int:pk>/", syncs.sync_detail, name="sync-detail"),
    path("review-items/", review_items.review_item_list, name="review-item-list"),
    path(
        "review-items/<int:pk>/resolve/",
        review_decisions.review_item_resolve,
        name="review-item-resolve",
    ),
    path(
        "review-items/<int:pk>/still-there/",
        review_decisions.review_item_still_there,
        name="review-item-still-there",
    ),
    path(
        "review-items/resolve/",
        review_decisions.review_item_resolve_many,
        name="review-item-resolve-many",
    ),
    path("api-access/webhooks/", outgoing_endpoints.endpoint_list, name="endpoint-list"),
    path("api-access/webhooks/new/", outgoing_endpoints.endpoint_create, name="endpoint-create"),
    path(
        "api-access/webhooks/<int:pk>/", outgoing_deliveries.endpoint_detail, name="endpoint-detail"
    ),
    path(
        "api-access/webhooks/<int:pk>/edit/", outgoing_endpoints.endpoint_edit, name="endpoint-edit"
    ),
    path(
        "api-access/webhooks/<int:pk>/rotate/",
        outgoing_endpoints.endpoint_rotate,
        name="endpoint-rotate",
    ),
    path(
        "api-access/webhooks/<int:pk>/disable/",
        outgoing_endpoints.endpoint_disable,
        name="endpoint-disable",
    ),
    path(
        "api-access/webhooks/<int:pk>/enable/",
        outgoing_endpoints.endpoint_enable,
        name="endpoint-enable",
    ),
    path(
        "api-access/webhooks/<int:pk>/test/", outgoing_endpoints.endpoint_test, name="endpoint-test"
    ),
    path(
        "api-access/webhooks/<int:pk>/replay/",
        outgoing_deliveries.endpoint_replay,
        name="endpoint-replay",
    ),
    path(
        "api-access/deliveries/<int:pk>/",
        outgoing_deliveries.delivery_detail,
        name="delivery-detail",
    ),
    path(
        "api-access/deliveries/<int:pk>/replay/",
        outgoing_deliveries.delivery_replay,
        name="delivery-replay",
    ),
    path("webhooks/", webhooks.webhook_list, name="webhook-list"),
    path("webhooks/replay/", webhooks.webhook_replay_cause, name="webhook-replay-cause"),
    path("webhooks/<int:pk>/", webhooks.webhook_detail, name="webhook-detail"),
    path("webhooks/<int:pk>/replay/", webhooks.webhook_replay, name="webhook-replay"),
]
