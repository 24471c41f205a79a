"""Webhooks that leave: MeterBase reports to other programs what happened.

`queue_event` stores a report in the transaction of what happened, so neither is there without the
other; workers send it afterwards, at least once, until the receiver has taken it or is given up.
"""

from integrations.outgoing.queueing import is_heard, queue_event, queue_events

__all__ = ["is_heard", "queue_event", "queue_events"]
