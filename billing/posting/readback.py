"""Comparing what MeterBase calls posted with what the PMS's ledger shows, charge by charge."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice

from django.db.models import QuerySet

from billing.models import DifferenceKind, Posting, PostingState
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.pms.reference import find_reference
from meterbase.lib.money import cents_from_dollars, format_dollars

# So many rows of the ledger are compared at a time; nothing else of it is kept in memory.
_BATCH = 500

# These may or may not be in the ledger, and MeterBase says so itself.
_UNSETTLED = frozenset(
    {
        PostingState.SENDING,
        PostingState.ACCEPTED,
        PostingState.UNKNOWN,
        PostingState.REVIEW,
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """A charge on which MeterBase and the ledger disagree."""

    kind: DifferenceKind
    reference: str
    message: str
    posting_id: int | None = None
    remote_charge_id: str = ""


@dataclass(slots=True)
class Comparison:
    """What a reading of a ledger showed; `there` + `differs` + `missing` = `sent`."""

    sent: int = 0
    there: int = 0
    unsettled: int = 0
    differences: list[Difference] = field(default_factory=list)

    def count(self, kind: DifferenceKind) -> int:
        """Count the differences of a kind."""
        return sum(difference.kind == kind for difference in self.differences)


def compare(
    *,
    postings: QuerySet[Posting],
    rows: Iterable[PmsCharge | MalformedRecord],
    shown_until: datetime | None,
) -> Comparison:
    """Compare postings with all rows of the ledger that could hold them.

    Shape: rows without a MeterBase reference are somebody else's and are passed over. The ledger
        shows what was posted until `shown_until`; what is younger and not there is not settled.
    """
    return _Reading(postings, shown_until).compare(rows)


class _Reading:
    def __init__(self, postings: QuerySet[Posting], shown_until: datetime | None) -> None:
        self.postings = postings
        self.shown_until = shown_until
        self.result = Comparison()
        self.seen: dict[int, str] = {}
        self.wrong: set[int] = set()

    def compare(self, rows: Iterable[PmsCharge | MalformedRecord]) -> Comparison:
        for batch in _batches(_marked(rows)):
            known = {
                posting.reference: posting
                for posting in Posting.objects.filter(
                    reference__in=[reference for reference, _ in batch]
                ).select_related("charge")
            }
            for reference, row in batch:
                self._judge(reference, row, known.get(reference))
        self._count()
        return self.result

    def _judge(
        self, reference: str, row: PmsCharge | MalformedRecord, posting: Posting | None
    ) -> None:
        if isinstance(row, MalformedRecord):
            message = "The ledger has a row with this reference that cannot be read."
            self._note(DifferenceKind.DIFFERS, reference, message, posting)
        elif posting is None:
            message = (
                f"The PMS has {format_dollars(cents_from_dollars(row.amount))} under a MeterBase "
                f"reference that MeterBase does not know ({row.charge_id})."
            )
            self._note(DifferenceKind.EXTRA, reference, message, None, row.charge_id)
        elif posting.pk in self.seen:
            message = f"The PMS has this charge as {self.seen[posting.pk]} and as {row.charge_id}."
            self._note(DifferenceKind.DOUBLED, reference, message, posting, row.charge_id)
        else:
            self.seen[posting.pk] = row.charge_id
            self._judge_known(reference, row, posting)

    def _judge_known(self, reference: str, row: PmsCharge, posting: Posting) -> None:
        if posting.state in _UNSETTLED:
            return
        if posting.state != PostingState.POSTED:
            standing = posting.get_state_display().lower()
            message = (
                f"The PMS has it as {row.charge_id}, but in MeterBase it stands at {standing}."
            )
            self._note(DifferenceKind.EXTRA, reference, message, posting, row.charge_id)
            return
        for message in _deviations(row, posting):
            self._note(DifferenceKind.DIFFERS, reference, message, posting, row.charge_id)

    def _note(
        self,
        kind: DifferenceKind,
        reference: str,
        message: str,
        posting: Posting | None,
        charge_id: str = "",
    ) -> None:
        key = posting.pk if posting is not None else None
        if kind == DifferenceKind.DIFFERS and key is not None:
            if key in self.wrong:
                return
            self.wrong.add(key)
        self.result.differences.append(Difference(kind, reference, message, key, charge_id))

    def _count(self) -> None:
        posted = self.postings.filter(state=PostingState.POSTED)
        columns = ("pk", "reference", "amount_cents", "state_at")
        for posting in posted.only(*columns).iterator(chunk_size=_BATCH):
            if posting.pk not in self.seen and self._is_too_young(posting):
                self.result.unsettled += 1
                continue
            self.result.sent += 1
            if posting.pk in self.wrong:
                continue
            if posting.pk in self.seen:
                self.result.there += 1
            else:
                amount = format_dollars(posting.amount_cents)
                message = f"MeterBase posted {amount}, and the PMS does not show it."
                self._note(DifferenceKind.MISSING, posting.reference, message, posting)
        self.result.unsettled += self.postings.filter(state__in=_UNSETTLED).count()

    def _is_too_young(self, posting: Posting) -> bool:
        return self.shown_until is None or posting.state_at > self.shown_until


def _deviations(row: PmsCharge, posting: Posting) -> Iterator[str]:
    if cents_from_dollars(row.amount) != posting.amount_cents:
        yield (
            f"The PMS has {format_dollars(cents_from_dollars(row.amount))} where MeterBase posted "
            f"{format_dollars(posting.amount_cents)}."
        )
    if row.lease_id is not None and row.lease_id != posting.charge.propexo_lease_id:
        yield (
            f"The PMS has it on the lease {row.lease_id}, MeterBase on "
            f"{posting.charge.propexo_lease_id}."
        )
    # A job may name another record that it made on the way, so its word is not held against it.
    known_id = "" if posting.remote_job_id else posting.remote_charge_id
    if known_id and row.charge_id != known_id:
        yield (
            f"The PMS calls it {row.charge_id}, MeterBase knows it as {posting.remote_charge_id}."
        )


_Marked = tuple[str, PmsCharge | MalformedRecord]


def _marked(rows: Iterable[PmsCharge | MalformedRecord]) -> Iterator[_Marked]:
    for row in rows:
        reference = reference_of(row)
        if reference is not None:
            yield reference, row


def reference_of(row: PmsCharge | MalformedRecord) -> str | None:
    """Find MeterBase's reference in a row of the ledger, readable or not."""
    return find_reference(row.raw) if isinstance(row, MalformedRecord) else row.reference


def _batches(rows: Iterator[_Marked]) -> Iterator[Sequence[_Marked]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch
