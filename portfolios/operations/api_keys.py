"""Making, finding and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from portfolios.models import ApiKey, User
from portfolios.operations.audit import record_event

_PREFIX = "mb_"
# The time of last use is for people who tidy up keys; to the minute is exact enough for them.
_USE_GRAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made, with its secret, which is shown this once."""

    key: ApiKey
    secret: str


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


@transaction.atomic
def create_api_key(*, user: User, name: str, by: User, now: datetime) -> NewApiKey:
    """Make a key for a person.

    Effects: a key and an audit event; the secret itself is not stored.
    """
    secret = _PREFIX + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user, name=name, prefix=secret[:8], digest=_digest(secret), created_at=now
    )
    record_event(verb="api_key.created", subject=key, by=by, now=now)
    return NewApiKey(key=key, secret=secret)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: User, now: datetime) -> None:
    """End a key at once; a key that is revoked already stays as it is."""
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        record_event(verb="api_key.revoked", subject=key, by=by, now=now)


def find_user_by_secret(*, secret: str, now: datetime) -> User | None:
    """Tell whose living key a secret is.

    Effects: notes when the key was used.
    """
    key = (
        ApiKey.objects.select_related("user")
        .filter(digest=_digest(secret), revoked_at=None, user__is_active=True)
        .first()
    )
    if key is None:
        return None
    stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_GRAIN)
    ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key.user
