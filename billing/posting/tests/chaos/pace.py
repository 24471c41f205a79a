"""How hard the workers may be hit, so that a slow machine sees the same trouble, only slower.

A worker takes seconds to start; one that is killed faster than it starts never sends anything, and
then the rounds prove nothing.
"""

from __future__ import annotations

import time

from django.db import DatabaseError, connections
from django.db.models import Q
from django.utils import timezone

from billing.models import Posting, PostingEvent, PostingState
from integrations.models import Connection, ConnectionStatus

# More than this waits for a worker only where they cannot keep up with the trouble.
_MOST_WAITING = 150
# Then so many moves of charges have to come between two blows.
_MOVES_BETWEEN = 20
# Whoever does not work after so long is stuck, and trouble does not make that worse.
_PATIENCE_SECONDS = 15


class Pace:
    """Watches whether charges get on between two blows."""

    def __init__(self) -> None:
        self._moves = 0
        self._since = time.monotonic()

    def lags(self) -> bool:
        """Tell whether too many charges wait for a worker, and not for their time."""
        now = timezone.now()
        resting = Connection.objects.filter(
            Q(paused_until__gt=now) | Q(status=ConnectionStatus.LOGIN_EXPIRED)
        )
        due = Posting.objects.filter(state=PostingState.PENDING, not_before__lte=now)
        try:
            return due.exclude(connection__in=resting).count() > _MOST_WAITING
        except DatabaseError:
            connections.close_all()
            return False

    def allows_a_blow(self) -> bool:
        """Tell whether enough has moved since the last blow, where too much waits."""
        if not self.lags():
            return True
        try:
            moves = PostingEvent.objects.exclude(from_state="").count()
        except DatabaseError:
            connections.close_all()
            return False
        waited = time.monotonic() - self._since
        if moves < self._moves + _MOVES_BETWEEN and waited < _PATIENCE_SECONDS:
            return False
        self._moves, self._since = moves, time.monotonic()
        return True
