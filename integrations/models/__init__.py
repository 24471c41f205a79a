"""The tables of integrations."""

from integrations.models.chart import AccountKind, ChartAccount, ChartReading
from integrations.models.connection import (
    Connection,
    ConnectionStatus,
    PropertyLink,
    WireContract,
)
from integrations.models.listed_property import ListedProperty
from integrations.models.outgoing import (
    OPEN_DELIVERIES,
    Delivery,
    DeliveryAttempt,
    DeliveryState,
    OutgoingEvent,
    OutgoingKind,
    WebhookEndpoint,
    WebhookSecret,
)
from integrations.models.rate_budget import RateBudget
from integrations.models.review_item import ReviewItem, ReviewKind
from integrations.models.sync_run import PropertyReading, SyncPhase, SyncRun, SyncState, Tick
from integrations.models.webhook_event import (
    EventShape,
    EventState,
    RejectionReason,
    WebhookEvent,
    WebhookRejection,
)

__all__ = [
    "OPEN_DELIVERIES",
    "AccountKind",
    "ChartAccount",
    "ChartReading",
    "Connection",
    "ConnectionStatus",
    "Delivery",
    "DeliveryAttempt",
    "DeliveryState",
    "EventShape",
    "EventState",
    "ListedProperty",
    "OutgoingEvent",
    "OutgoingKind",
    "PropertyLink",
    "PropertyReading",
    "RateBudget",
    "RejectionReason",
    "ReviewItem",
    "ReviewKind",
    "SyncPhase",
    "SyncRun",
    "SyncState",
    "Tick",
    "WebhookEndpoint",
    "WebhookEvent",
    "WebhookRejection",
    "WebhookSecret",
    "WireContract",
]
