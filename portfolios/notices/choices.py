"""What each person wants to be told, and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction

from portfolios.models import (
    NoticeChoice,
    NoticeKind,
    NoticeMute,
    NoticeWhen,
    Portfolio,
    User,
)

EVENT_KINDS = tuple(kind for kind in NoticeKind if kind != NoticeKind.DIGEST)
EVENT_WHEN = (NoticeWhen.AT_ONCE, NoticeWhen.IN_DIGEST, NoticeWhen.OFF)
DIGEST_WHEN = (NoticeWhen.DAILY, NoticeWhen.WEEKLY, NoticeWhen.OFF)

# A bill that is missing has been so for days when it is noticed: it can wait for the digest.
USUAL: Mapping[NoticeKind, NoticeWhen] = {
    NoticeKind.APPROVAL_WAITING: NoticeWhen.AT_ONCE,
    NoticeKind.SENT_BACK: NoticeWhen.AT_ONCE,
    NoticeKind.JOB_FAILED: NoticeWhen.AT_ONCE,
    NoticeKind.LOGIN_NEEDED: NoticeWhen.AT_ONCE,
    NoticeKind.BILLS_MISSING: NoticeWhen.IN_DIGEST,
    NoticeKind.DIGEST: NoticeWhen.DAILY,
}

_SAID = {
    NoticeWhen.IN_DIGEST: "Chosen: in the digest only.",
    NoticeWhen.OFF: "Chosen: never.",
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What one person wants; `muted` are the portfolios of which they want to hear nothing."""

    choices: Mapping[NoticeKind, NoticeWhen]
    muted: frozenset[int]

    def of(self, kind: NoticeKind) -> NoticeWhen:
        """Tell when the person wants to be told of a kind."""
        return self.choices.get(kind, USUAL[kind])

    @property
    def digest_kinds(self) -> frozenset[NoticeKind]:
        """Tell what belongs into the person's digest: all that they have not turned off."""
        return frozenset(kind for kind in EVENT_KINDS if self.of(kind) != NoticeWhen.OFF)

    def refusal(self, kind: NoticeKind, portfolio_id: int | None) -> str:
        """Say why the person is not to be mailed; nothing when they are."""
        if portfolio_id in self.muted:
            return "Chosen: nothing of this portfolio."
        return _SAID.get(self.of(kind), "")


def wishes_of(people: Collection[User]) -> dict[int, Wishes]:
    """Read what several people want, in two queries."""
    ids = [person.pk for person in people]
    choices: dict[int, dict[NoticeKind, NoticeWhen]] = {pk: {} for pk in ids}
    for row in NoticeChoice.objects.filter(user__in=ids):
        choices[row.user_id][NoticeKind(row.kind)] = NoticeWhen(row.choice)
    muted: dict[int, set[int]] = {pk: set() for pk in ids}
    for user_id, portfolio_id in NoticeMute.objects.filter(user__in=ids).values_list(
        "user_id", "portfolio_id"
    ):
        muted[user_id].add(portfolio_id)
    return {pk: Wishes(choices[pk], frozenset(muted[pk])) for pk in ids}


class NoDigest(Exception):
    """Something is to come in the digest, but there is none."""

    def __init__(self, kind: NoticeKind) -> None:
        super().__init__(
            f"“{kind.label}” is to come in the digest, but the digest is never sent. "
            "Choose when to get the digest, or another way for this."
        )


def check_choices(choices: Mapping[NoticeKind, NoticeWhen]) -> None:
    """Refuse choices by which something would come in a digest that is never sent.

    Errors: NoDigest.
    """
    if choices[NoticeKind.DIGEST] != NoticeWhen.OFF:
        return
    for kind in EVENT_KINDS:
        if choices[kind] == NoticeWhen.IN_DIGEST:
            raise NoDigest(kind)


@transaction.atomic
def choose_notices(
    *, user: User, choices: Mapping[NoticeKind, NoticeWhen], muted: Collection[Portfolio]
) -> None:
    """Keep what a person wants to be told.

    Errors: NoDigest.
    Effects: their choices and mutes are these from now on, also for what is queued already.
    """
    check_choices(choices)
    for kind, choice in choices.items():
        NoticeChoice.objects.update_or_create(user=user, kind=kind, defaults={"choice": choice})
    NoticeMute.objects.filter(user=user).exclude(portfolio__in=muted).delete()
    for portfolio in muted:
        NoticeMute.objects.get_or_create(user=user, portfolio=portfolio)
