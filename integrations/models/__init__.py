"""The tables of integrations."""

from integrations.models.chart import AccountKind, ChartAccount, ChartReading
from integrations.models.connection import (
    Connection,
    ConnectionStatus,
    PropertyLink,
    WireContract,
)
from integrations.models.listed_property import ListedProperty
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
    "AccountKind",
    "ChartAccount",
    "ChartReading",
    "Connection",
    "ConnectionStatus",
    "EventShape",
    "EventState",
    "ListedProperty",
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
    "WebhookEvent",
    "WebhookRejection",
    "WireContract",
]
