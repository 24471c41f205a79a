"""How hard the workers may be hit, so that a slow machine sees the same trouble, only slower.

A worker takes seconds to start; one that is killed faster than it starts never sends anything, and
then the rounds prove nothing.
"""

from __future__ import annotations

import time

from django.db import DatabaseError, connections

from billing.models import Posting, PostingEvent
from billing.posting.states import AT_REST

# More than this is under way only where the workers cannot keep up with the trouble.
_MOST_UNDER_WAY = 150
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
        """Tell whether too many charges are under way."""
        try:
            return Posting.objects.exclude(state__in=AT_REST).count() > _MOST_UNDER_WAY
        except DatabaseError:
            connections.close_all()
            return False

    def allows_a_blow(self) -> bool:
        """Tell whether enough has moved since the last blow, where too much is under way."""
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
