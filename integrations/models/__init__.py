"""The tables of integrations."""

from integrations.models.connection import Connection, ConnectionStatus, PropertyLink
from integrations.models.review_item import ReviewItem, ReviewKind
from integrations.models.sync_run import SyncRun, SyncState

__all__ = [
    "Connection",
    "ConnectionStatus",
    "PropertyLink",
    "ReviewItem",
    "ReviewKind",
    "SyncRun",
    "SyncState",
]
