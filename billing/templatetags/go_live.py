"""What still stands between a connection and its first real charge."""

from __future__ import annotations

from django import template

from billing.go_live import unticked_items
from billing.models import GoLiveItem
from integrations.models import Connection
from portfolios.operations.api_keys import speaks_to_a_test_side

register = template.Library()


@register.inclusion_tag("billing/parts/go_live_notice.html")
def go_live_notice(connection: Connection | None) -> dict[str, object]:
    """Name the items of the go-live checklist that nobody has ticked; nothing when all are."""
    return {
        "connection": connection,
        "total": len(GoLiveItem),
        "unticked": unticked_items(connection) if connection else [],
        "is_test_side": speaks_to_a_test_side(),
    }
