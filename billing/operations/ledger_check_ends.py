"""The end of a comparison with the PMS's ledger: its counts, and what a person has to look at."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Count, QuerySet

from billing.models import DifferenceKind, LedgerCheck, LedgerDifference
from billing.posting.readback import Difference, count_up, find_missing
from integrations.models import PropertyLink
from integrations.operations.ledger_items import LedgerFinding, keep_ledger_items

# A property with more charges of a kind of difference has one item for all of them.
MOST_ITEMS_OF_A_KIND = 50


@transaction.atomic
def finish_check(*, check: LedgerCheck, now: datetime) -> None:
    """Count a check whose ledger was read to its end.

    Effects: the counts; for a whole property review items for what differs, and those whose
        difference is gone are closed; its clean checks that are older than the setting's days go.
        Nothing at all when somebody else has the check.
    """
    mine = LedgerCheck.objects.select_for_update().filter(
        pk=check.pk, token=check.token, finished_at=None
    )
    if not mine.exists():
        return
    for batch in find_missing(check):
        LedgerDifference.objects.bulk_create(_row(check, difference) for difference in batch)
    _store_counts(check, now)
    check.sightings.all().delete()
    if check.job_id is None:
        keep_items(check, now)
        _drop_old(check, now)


def _row(check: LedgerCheck, difference: Difference) -> LedgerDifference:
    return LedgerDifference(
        check_run=check,
        kind=difference.kind,
        posting_id=difference.posting_id,
        reference=difference.reference,
        message=difference.message,
    )


def _store_counts(check: LedgerCheck, now: datetime) -> None:
    kinds = dict(check.differences.order_by().values_list("kind").annotate(count=Count("pk")))
    totals = count_up(check)
    missing = kinds.get(DifferenceKind.MISSING, 0)
    LedgerCheck.objects.filter(pk=check.pk).update(
        finished_at=now,
        token="",
        sent=totals.sent,
        there=totals.there,
        missing=missing,
        differs=totals.sent - totals.there - missing,
        extra=kinds.get(DifferenceKind.EXTRA, 0),
        doubled=kinds.get(DifferenceKind.DOUBLED, 0),
        unsettled=totals.unsettled,
    )


def keep_items(check: LedgerCheck, now: datetime) -> None:
    """Make review items of a check's differences; a property that left its PMS has none."""
    if not PropertyLink.objects.filter(property=check.property_id).exists():
        return
    found = [
        finding for kind in DifferenceKind for finding in _findings(check, DifferenceKind(kind))
    ]
    keep_ledger_items(place=check.property, findings=_one_per_charge(found), now=now)


def _findings(check: LedgerCheck, kind: DifferenceKind) -> Sequence[LedgerFinding]:
    of_kind = check.differences.filter(kind=kind)
    count = of_kind.count()
    if count > MOST_ITEMS_OF_A_KIND:
        words = kind.label.lower()
        return [
            LedgerFinding(
                key=f"{check.property_id}:{kind.value}",
                label=f"{check.property}: {count:,} charges",
                message=f"{count:,} charges: {words}. The page Ledger of the property lists them.",
                seen=_all_of(of_kind),
            )
        ]
    rows = of_kind.select_related("posting__charge").order_by("pk")
    return [_finding(difference) for difference in rows]


def _all_of(differences: QuerySet[LedgerDifference]) -> str:
    """Stand for each of many differences, so that others of the same number are others."""
    rows = differences.order_by().values_list("reference", "remote_charge_id", "message")
    lines = sorted(" ".join(row) for row in rows.iterator())
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _finding(difference: LedgerDifference) -> LedgerFinding:
    posting = difference.posting
    unit = f"Unit {posting.charge.unit_label}, " if posting is not None else ""
    return LedgerFinding(
        key=difference.reference,
        label=f"{unit}{difference.reference}",
        message=f"{difference.get_kind_display()}: {difference.message}",
        seen=f"{difference.kind} {difference.remote_charge_id} {difference.message}",
    )


def _one_per_charge(found: Iterable[LedgerFinding]) -> list[LedgerFinding]:
    """Join what differs about one charge, so that it is one thing to decide."""
    by_key: dict[str, LedgerFinding] = {}
    for finding in found:
        earlier = by_key.get(finding.key)
        by_key[finding.key] = finding if earlier is None else earlier.with_also(finding)
    return list(by_key.values())


def _drop_old(check: LedgerCheck, now: datetime) -> None:
    """Drop a property's checks that found nothing, once nobody asks for them any more."""
    oldest = now - timedelta(days=settings.LEDGER_CHECK_KEEP_DAYS)
    clean = LedgerCheck.objects.filter(
        property=check.property_id,
        finished_at__lt=oldest,
        error="",
        differs=0,
        missing=0,
        extra=0,
        doubled=0,
    )
    clean.delete()
