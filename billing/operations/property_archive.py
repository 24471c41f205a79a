"""Archiving properties: only where nothing of their bills waits for anybody."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, QuerySet

from billing.models import (
    CalculationState,
    Charge,
    Posting,
    PostingJob,
    Reversal,
    ReversalState,
    UtilityBill,
)
from billing.queries import open_failures, rest_to_post
from billing.worklists import jobs_under_way, open_bills
from portfolios.models import Property, User
from portfolios.operations.properties import archive_property


@dataclass(frozen=True, slots=True)
class ArchivedBatch:
    """What became of asking: how many properties are archived now, and why others are not."""

    archived: int
    refusals: tuple[str, ...]


def archive_properties(*, places: Iterable[Property], by: User, now: datetime) -> ArchivedBatch:
    """Archive each property whose bills are done with; one that is not does not stop the others.

    Effects: those of `archive_property` for each.
    """
    archived, refusals = 0, []
    for place in places:
        refusal = _archive(place, by=by, now=now)
        if refusal:
            refusals.append(refusal)
        else:
            archived += 1
    return ArchivedBatch(archived, tuple(refusals))


@transaction.atomic
def _archive(place: Property, *, by: User, now: datetime) -> str:
    """Archive a property, or say what it still waits for."""
    # Whoever orders a posting holds the same row.
    Property.objects.select_for_update(no_key=True).get(pk=place.pk)
    waiting = ", ".join(f"{count:,} {noun}" for noun, count in _waiting(place).items() if count)
    if waiting:
        return f"{place} is not archived: it has {waiting}. Finish or void them first."
    archive_property(place=place, by=by, now=now)
    return ""


def _waiting(place: Property) -> Mapping[str, int]:
    of_place = {"calculation__bill__property": place}
    postings = Posting.objects.filter(job__calculation__bill__property=place)
    counts = {
        ("open bill", "open bills"): open_bills(UtilityBill.objects.filter(property=place)),
        ("job under way", "jobs under way"): jobs_under_way(PostingJob.objects.filter(**of_place)),
        ("failed charge", "failed charges"): open_failures(postings),
        ("charge left to post", "charges left to post"): _rest(place),
        ("reversal to decide on", "reversals to decide on"): Reversal.objects.filter(
            job__calculation__bill__property=place, state=ReversalState.REQUESTED
        ),
    }
    found = {nouns: rows.order_by().aggregate(n=Count("pk"))["n"] for nouns, rows in counts.items()}
    return {nouns[count != 1]: count for nouns, count in found.items()}


def _rest(place: Property) -> QuerySet[Charge]:
    """Select what was skipped when the rest of a bill was posted."""
    sent = PostingJob.objects.filter(calculation=OuterRef("calculation"), post_to_pms=True)
    charges = Charge.objects.filter(
        Exists(sent),
        calculation__bill__property=place,
        calculation__state=CalculationState.APPROVED,
    )
    return rest_to_post(charges)
