"""What stands beside a failed charge on its page: where it is put right, whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone

from billing.models import FailureFollowUp, Posting, PostingState
from billing.queries import charging_jobs
from billing.views.failure_rows import (
    Place,
    cause_of_posting,
    follow_up_of,
    kind_badge,
    places_of,
)
from portfolios.access import Action
from portfolios.http import SignedInRequest
from portfolios.models import AuditEvent, Lease, LeaseStatus
from portfolios.own_roles import actions_by_portfolio

_FAILED = (PostingState.REJECTED, PostingState.REVIEW)


@dataclass(frozen=True, slots=True)
class LeaseMove:
    """How a charge comes to the lease of today: by calculating the bill again, never by itself.

    Shape: `now_there` are the unit's leases of today; `is_locked` tells that charges of the bill
        are posted, which have to be reversed first.
    """

    now_there: QuerySet[Lease]
    is_locked: bool
    bill_url: str
    sync_url: str
    reverse_url: str


def remedies(request: SignedInRequest, posting: Posting) -> dict[str, object]:
    """Describe what stands beside an open failure; nothing for any other posting."""
    if posting.state not in _FAILED or posting.resolved_at is not None:
        return {}
    portfolio = posting.job.calculation.bill.property.portfolio_id
    actions = actions_by_portfolio(request.user).get(portfolio, frozenset())
    cause = cause_of_posting(posting)
    follow_up = follow_up_of(posting)
    return {
        "kind": kind_badge(posting),
        "places": _places(posting),
        "follow_up": follow_up,
        "rests_until": _rests_until(posting, follow_up),
        "may_follow_up": bool(actions & {Action.APPROVE, Action.PREPARE}),
        "move": _lease_move(posting) if cause.code == "LEASE_NOT_FOUND" else None,
        "last_look": _last_look(posting),
    }


def _rests_until(posting: Posting, follow_up: FailureFollowUp | None) -> date | None:
    """Tell until when a failure rests; a day that has come, or a new failure, ends it."""
    if follow_up is None or follow_up.snoozed_until is None or follow_up.snoozed_at is None:
        return None
    is_over = follow_up.snoozed_until <= timezone.localdate()
    return None if is_over or follow_up.snoozed_at < posting.state_at else follow_up.snoozed_until


def found_in_pms(posting: Posting) -> dict[str, str]:
    """Give what the last look into the PMS has found, if it was one charge, for the form."""
    look = _last_look(posting)
    ids = look.after.get("charge_ids", []) if look is not None else []
    if look is None or len(ids) != 1:
        return {}
    return {"charge_id": ids[0], "link_note": look.note}


def _places(posting: Posting) -> list[Place]:
    return places_of(cause_of_posting(posting), [posting])


def _lease_move(posting: Posting) -> LeaseMove:
    bill = posting.job.calculation.bill
    leases = Lease.objects.filter(unit=posting.charge.unit_id, status=LeaseStatus.ACTIVE)
    return LeaseMove(
        now_there=leases.exclude(pk=posting.charge.lease_id).order_by("pk"),
        is_locked=charging_jobs(posting.job.calculation.jobs.all()).exists(),
        bill_url=reverse("billing:bill-detail", args=[bill.pk]),
        sync_url=reverse("integrations:property-sync", args=[bill.property_id]),
        reverse_url=reverse("billing:job-reverse", args=[posting.job.public_id]),
    )


def _last_look(posting: Posting) -> AuditEvent | None:
    """Find what a person saw in the PMS since the charge came to need a decision."""
    looks = AuditEvent.objects.filter(
        subject_type=posting._meta.label_lower,
        subject_id=str(posting.pk),
        verb="posting.looked_up",
        at__gte=posting.state_at,
    )
    return looks.select_related("actor").order_by("-at", "-pk").first()
