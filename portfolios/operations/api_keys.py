"""Making, finding and revoking API keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from meterbase.lib.durability import quick_commits
from meterbase.lib.kept_question import KeptQuestion, KeptValues, blank
from portfolios.models import ApiKey, ApiPlan, Portfolio, Scope, User
from portfolios.models.api_key import LIVE_PREFIX, TEST_PREFIX
from portfolios.operations.audit import record_event

# With this much of the secret shown, people tell keys apart and nobody guesses the rest.
_SHOWN = 12
# The time of last use is for people who tidy up keys; to the minute is exact enough for them.
_USE_GRAIN = timedelta(minutes=1)
_LONGEST_SECRET = 200
# What calls need of their key and its owner; whatever else somebody looks at is read then.
_OF_A_CALLER = (
    *("digest", "scopes", "every_portfolio", "plan", "spent_until", "last_used_at"),
    *("user__username", "user__first_name", "user__last_name", "user__is_staff"),
)


@dataclass(frozen=True, slots=True)
class NewApiKey:
    """A key that was just made, with its secret, which is shown this once."""

    key: ApiKey
    secret: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerms:
    """What a key may be used for.

    Shape: `portfolios` is None for every portfolio that its owner may see, now and later.
    """

    scopes: Collection[Scope]
    portfolios: Collection[Portfolio] | None = None
    plan: ApiPlan = ApiPlan.STANDARD


EVERYTHING = KeyTerms(scopes=tuple(Scope))


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def speaks_to_a_test_side() -> bool:
    """Tell whether this installation speaks to a test side of Propexo, such as the sandbox."""
    return bool(settings.PROPEXO_API_KEY.startswith("px_test_"))


@transaction.atomic
def create_api_key(
    *, user: User, name: str, by: User, now: datetime, terms: KeyTerms = EVERYTHING
) -> NewApiKey:
    """Make a key for a person.

    Shape: the secret begins with mb_test_ where MeterBase speaks to a test side of Propexo, else
        with mb_live_.
    Effects: a key and an audit event; the secret itself is not stored.
    """
    beginning = TEST_PREFIX if speaks_to_a_test_side() else LIVE_PREFIX
    secret = beginning + secrets.token_urlsafe(32)
    key = ApiKey.objects.create(
        user=user,
        name=name,
        prefix=secret[:_SHOWN],
        digest=_digest(secret),
        scopes=[scope.value for scope in Scope if scope in terms.scopes],
        every_portfolio=terms.portfolios is None,
        plan=terms.plan,
        created_at=now,
    )
    key.portfolios.set(terms.portfolios or ())
    record_event(
        verb="api_key.created",
        subject=key,
        by=by,
        now=now,
        after={
            "scopes": key.scopes,
            "portfolios": sorted(each.pk for each in terms.portfolios or ()),
            "every_portfolio": key.every_portfolio,
            "plan": key.plan,
        },
    )
    return NewApiKey(key=key, secret=secret)


@transaction.atomic
def revoke_api_key(*, key: ApiKey, by: User, now: datetime) -> None:
    """End a key at once; a key that is revoked already stays as it is.

    Effects: the key, an audit event; what its calls were answered is forgotten.
    """
    if ApiKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now):
        key.kept_answers.all().delete()
        record_event(verb="api_key.revoked", subject=key, by=by, now=now)


@transaction.atomic
def set_plan(*, key: ApiKey, plan: ApiPlan, by: User, now: datetime) -> None:
    """Let a key call faster or slower.

    Effects: the key and an audit event, when it is another plan.
    """
    was = key.plan
    if ApiKey.objects.filter(pk=key.pk).exclude(plan=plan).update(plan=plan):
        before, after = {"plan": was}, {"plan": plan.value}
        record_event(
            verb="api_key.plan_set", subject=key, by=by, now=now, before=before, after=after
        )
        key.plan = plan


def find_key(*, secret: str, now: datetime) -> ApiKey | None:
    """Find the living key whose secret this is, with its owner confined to its portfolios.

    Effects: notes when the key was used.
    """
    if len(secret) > _LONGEST_SECRET:
        return None
    key = _living_key().first(digest=_digest(secret))
    if key is None:
        return None
    if not key.every_portfolio:
        key.user.confined_to = frozenset(number for (number,) in _its_portfolios().all(key=key.pk))
    if key.last_used_at is None or key.last_used_at < now - _USE_GRAIN:
        stale = Q(last_used_at=None) | Q(last_used_at__lt=now - _USE_GRAIN)
        # Should a power cut take it back, the next call notes it again.
        with quick_commits():
            ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)
    return key


@cache
def _living_key() -> KeptQuestion[ApiKey]:
    living = ApiKey.objects.filter(revoked_at=None, user__is_active=True, digest=blank("digest"))
    return KeptQuestion(living.select_related("user").only(*_OF_A_CALLER).order_by()[:1])


@cache
def _its_portfolios() -> KeptValues:
    confined = ApiKey.portfolios.through.objects.filter(apikey_id=blank("key"))
    return KeptValues(confined.values_list("portfolio_id"))
