"""What a comparison with the PMS's ledger found, as things for a person to decide."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from django.db import transaction
from django.db.models import QuerySet

from integrations.models import ReviewItem, ReviewKind
from portfolios.models import Property

_RECORD_KIND = "charge"
_GONE = "The last comparison with the PMS's ledger no longer finds it."
_LONGEST_LABEL = 200


@dataclass(frozen=True, slots=True)
class LedgerFinding:
    """Something about a charge on which MeterBase and the ledger disagree.

    Shape: `key` names the charge, by its reference; `seen` is what the disagreement consists of.
    """

    key: str
    label: str
    message: str
    seen: str

    @property
    def digest(self) -> str:
        """Stand for what was seen, in 64 characters."""
        return hashlib.sha256(f"{self.key}\n{self.seen}".encode()).hexdigest()

    def with_also(self, other: LedgerFinding) -> LedgerFinding:
        """Add another disagreement about the same charge."""
        return replace(
            self, message=f"{self.message} {other.message}", seen=f"{self.seen}\n{other.seen}"
        )


@transaction.atomic
def keep_ledger_items(
    *, place: Property, findings: Collection[LedgerFinding], now: datetime
) -> None:
    """Keep one open item for each charge that differs, and close those that do not any more.

    Shape: `findings` are all that a comparison of the whole property found. What a person decided
        stays decided as long as exactly the same is found.
    Effects: rows in the table of review items.
    """
    by_key = {finding.key: finding for finding in findings}
    decided = set(
        _items(place)
        .filter(resolved_by__isnull=False, remote_id__in=by_key)
        .values_list("digest", flat=True)
    )
    for item in _items(place).filter(resolved_at=None).select_for_update():
        finding = by_key.pop(item.remote_id, None)
        if finding is None:
            item.resolved_at, item.note = now, _GONE
        else:
            item.message, item.digest, item.last_found_at = finding.message, finding.digest, now
        item.save(update_fields=["resolved_at", "note", "message", "digest", "last_found_at"])
    _create(place, by_key, decided, now)


def _items(place: Property) -> QuerySet[ReviewItem]:
    return ReviewItem.objects.filter(
        property=place, kind=ReviewKind.LEDGER, record_kind=_RECORD_KIND
    ).order_by("pk")


def _create(
    place: Property, findings: Mapping[str, LedgerFinding], decided: set[str], now: datetime
) -> None:
    ReviewItem.objects.bulk_create(
        ReviewItem(
            portfolio_id=place.portfolio_id,
            connection_id=place.link.connection_id,
            property=place,
            kind=ReviewKind.LEDGER,
            record_kind=_RECORD_KIND,
            remote_id=key,
            label=finding.label[:_LONGEST_LABEL],
            message=finding.message,
            digest=finding.digest,
            found_at=now,
            last_found_at=now,
        )
        for key, finding in findings.items()
        if finding.digest not in decided
    )
