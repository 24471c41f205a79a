"""Looking after deliveries that lost their nudge, waited too long, or are old."""

from __future__ import annotations

from datetime import datetime, timedelta

from integrations.models import OPEN_DELIVERIES, Delivery, DeliveryState, OutgoingEvent
from integrations.outgoing.nudge import queue_work
from integrations.outgoing.timetable import GIVEN_UP_AFTER
from integrations.outgoing.work import ready_endpoints
from integrations.turns import take_turn

# Long enough to look back at last month's trouble; the bodies name units and amounts.
KEPT_FOR = timedelta(days=30)

# What waits behind others that fail is tried at least once more before it is given up.
_GRACE = timedelta(hours=12)
_ROWS_AT_ONCE = 1_000


def sweep_deliveries(*, now: datetime) -> bool:
    """Wake a worker when something is due; any number of sweepers may do so.

    Shape: tells whether there was something.
    Effects: a row in the queue; once an hour, what waited too long is given up and what is old is
        forgotten.
    """
    if take_turn("old webhooks out", every=timedelta(hours=1), now=now):
        give_up_overdue(now=now)
        forget_old_deliveries(now=now)
    due = ready_endpoints(now=now).exists()
    if due:
        queue_work()
    return due


def give_up_overdue(*, now: datetime) -> int:
    """Give up what nobody took for days, as when an endpoint was disabled or failed throughout.

    Effects: deliveries end; they can be replayed.
    """
    overdue = Delivery.objects.filter(
        state__in=OPEN_DELIVERIES, since__lt=now - GIVEN_UP_AFTER - _GRACE, next_at__lte=now
    )
    return overdue.update(
        state=DeliveryState.GIVEN_UP,
        finished_at=now,
        last_said="It waited for more than three days behind others, or was disabled.",
    )


def forget_old_deliveries(*, now: datetime) -> int:
    """Delete some of what was reported long ago and is over, with its deliveries.

    Effects: rows are gone; what is left of them goes in the next rounds.
    """
    old = OutgoingEvent.objects.filter(at__lt=now - KEPT_FOR).exclude(
        deliveries__state__in=OPEN_DELIVERIES
    )
    keys = list(old.order_by("pk").values_list("pk", flat=True)[:_ROWS_AT_ONCE])
    OutgoingEvent.objects.filter(pk__in=keys).delete()
    return len(keys)
