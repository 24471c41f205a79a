"""Keeping what calls with an Idempotency-Key were answered."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from portfolios.models import ApiKey, KeptAnswer, Membership

KEPT_FOR = timedelta(hours=24)
# No call is at work for longer; whoever began it has died.
_ABANDONED_AFTER = timedelta(minutes=10)


class OtherCall(Exception):
    """The Idempotency-Key was used for another call, or with other rights."""

    def __init__(self, idempotency_key: str) -> None:
        super().__init__(
            f"The Idempotency-Key {idempotency_key} was used for another call, for this one with "
            "another body, or while the API key's owner had other roles. Use a new key for each "
            "call that is meant to be a new one."
        )


class StillAtWork(Exception):
    """The first call with this Idempotency-Key is not answered yet."""

    def __init__(self) -> None:
        super().__init__("The same call is at work already. Ask again in a moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class OnceOnly:
    """A call that is to be done once.

    Shape: `digest` covers everything that makes it this call and no other.
    """

    api_key: ApiKey
    idempotency_key: str
    digest: str


@dataclass(frozen=True, slots=True)
class Claimed:
    """The row of a call; `is_new` tells that it is to be done now, by whoever claimed it."""

    row: KeptAnswer
    is_new: bool


@transaction.atomic
def claim_call(*, call: OnceOnly, now: datetime) -> Claimed:
    """Begin a call, or find what it was answered.

    Shape: an answer is given again only with the rights with which it was given first, as it may
        tell what whoever lost a role must not see. Of several at once, the others wait until the
        transaction of the first one has ended.
    Errors: OtherCall, StillAtWork.
    Effects: a row for a new call; answers of this API key that are too old are dropped.
    """
    KeptAnswer.objects.filter(api_key=call.api_key, created_at__lt=now - KEPT_FOR).delete()
    digest = _with_rights(call)
    row, is_new = KeptAnswer.objects.get_or_create(
        api_key=call.api_key,
        idempotency_key=call.idempotency_key,
        defaults={"digest": digest, "created_at": now},
    )
    if row.digest != digest:
        raise OtherCall(call.idempotency_key)
    if is_new or row.status is not None:
        return Claimed(row, is_new)
    return _take_over(row, now=now)


def _with_rights(call: OnceOnly) -> str:
    """Digest a call with all that decides what its API key may see and do."""
    key = call.api_key
    roles = Membership.objects.filter(user=key.user_id).order_by("portfolio_id")
    confined_to = key.user.confined_to
    rights = (
        list(roles.values_list("portfolio_id", "role")),
        None if confined_to is None else sorted(confined_to),
        sorted(key.scopes),
        key.user.is_staff,
    )
    return hashlib.sha256(f"{call.digest} {rights}".encode()).hexdigest()


def _take_over(row: KeptAnswer, *, now: datetime) -> Claimed:
    """Do a call again whose first caller was never answered.

    Errors: StillAtWork.
    """
    if row.created_at > now - _ABANDONED_AFTER:
        raise StillAtWork
    mine = KeptAnswer.objects.filter(pk=row.pk, status=None, created_at=row.created_at)
    if not mine.update(created_at=now):
        raise StillAtWork
    return Claimed(row, is_new=True)


def keep_answer(*, row: KeptAnswer, status: int, body: str) -> None:
    """Keep what a call was answered."""
    KeptAnswer.objects.filter(pk=row.pk).update(status=status, body=body)


def forget_call(*, row: KeptAnswer) -> None:
    """Let a call that came to nothing be tried again with its key."""
    KeptAnswer.objects.filter(pk=row.pk, status=None).delete()


def forget_old_answers(*, now: datetime) -> None:
    """Delete the answers that nobody is given again: they may name residents."""
    KeptAnswer.objects.filter(created_at__lt=now - KEPT_FOR).delete()
