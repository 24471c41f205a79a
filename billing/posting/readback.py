"""Comparing what MeterBase calls posted with what the PMS's ledger shows, a page at a time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from django.db.models import Exists, OuterRef, Q, QuerySet

from billing.models import (
    DifferenceKind,
    LedgerCheck,
    LedgerDifference,
    LedgerSighting,
    Posting,
    PostingState,
    SentAs,
)
from billing.posting.generations import reversal_references
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.pms.reference import find_reference
from meterbase.lib.money import cents_from_dollars, format_dollars

# So many rows of our own are looked at, at a time.
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

# Of these the engine finds out by itself; a person in doubt has to be told what the ledger shows.
_SETTLES_ITSELF = _UNSETTLED - {PostingState.REVIEW}

LedgerRow = PmsCharge | MalformedRecord


@dataclass(frozen=True, slots=True)
class Difference:
    """A charge on which MeterBase and the ledger disagree."""

    kind: DifferenceKind
    reference: str
    message: str
    posting_id: int | None = None
    remote_charge_id: str = ""


@dataclass(slots=True)
class PageFound:
    """What a page of the ledger showed: charges seen for the first time, and differences."""

    sighted: dict[int, str] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Totals:
    """How the charges stand once the whole ledger was read; there + differs + missing = sent."""

    sent: int
    there: int
    unsettled: int


def compare_page(check: LedgerCheck, rows: Iterable[LedgerRow]) -> PageFound:
    """Compare a page of the ledger with the postings that it names.

    Shape: rows without a MeterBase reference are somebody else's and are passed over, and so is a
        row that an earlier page showed already: pages may shift while they are read.
    """
    marked = list(_marked(rows))
    references = {reference for reference, _ in marked}
    # A dry run sent nothing, so what bears its reference is somebody else's.
    postings = Posting.objects.filter(reference__in=references, job__post_to_pms=True)
    if check.job_id is not None:
        postings = postings.filter(job=check.job_id)
    known = {posting.reference: posting for posting in postings.select_related("charge")}
    if check.job_id is not None:
        marked = [(reference, row) for reference, row in marked if reference in known]
    unknown = [row for reference, row in marked if reference not in known]
    page = _Page(
        _seen_before(check, known), _noted_before(check, references), _reversals(check, unknown)
    )
    return page.read(marked, known)


def _seen_before(check: LedgerCheck, known: Mapping[str, Posting]) -> dict[int, str]:
    of_page = check.sightings.filter(posting__in=[posting.pk for posting in known.values()])
    return dict(of_page.values_list("posting_id", "remote_charge_id"))


def _reversals(check: LedgerCheck, rows: Iterable[LedgerRow]) -> dict[str, str]:
    """Map the references that reversals of posted charges may have to those of the charges.

    Shape: of the units and leases of rows that MeterBase does not know.
    """
    read = [row for row in rows if isinstance(row, PmsCharge)]
    if not read:
        return {}
    of_rows = Q(charge__propexo_unit_id__in={row.unit_id for row in read}) | Q(
        charge__propexo_lease_id__in={row.lease_id for row in read if row.lease_id}
    )
    posted = postings_of(check).filter(of_rows, state=PostingState.POSTED, reverses=None)
    return {
        back: reference
        for reference in posted.values_list("reference", flat=True)
        for back in reversal_references(reference)
    }


_Noted = tuple[str, str, str]


def _noted_before(check: LedgerCheck, references: Iterable[str]) -> set[_Noted]:
    found = check.differences.filter(reference__in=references)
    return set(found.values_list("kind", "reference", "remote_charge_id"))


class _Page:
    def __init__(
        self, seen: dict[int, str], noted: set[_Noted], reversals: Mapping[str, str]
    ) -> None:
        self.seen = seen
        self.noted = noted
        self.reversals = reversals
        self.found = PageFound()

    def read(self, rows: Sequence[_Marked], known: Mapping[str, Posting]) -> PageFound:
        for reference, row in rows:
            posting = known.get(reference)
            if isinstance(row, MalformedRecord):
                self._judge_unreadable(reference, row, posting)
            elif posting is None:
                self._judge_unknown(reference, row)
            elif posting.pk not in self.seen:
                self._sight(posting, row)
            elif self.seen[posting.pk] != row.charge_id:
                message = (
                    f"The PMS has this charge as {self.seen[posting.pk]} and as {row.charge_id}."
                )
                self._note(DifferenceKind.DOUBLED, reference, message, posting, row.charge_id)
        return self.found

    def _judge_unreadable(
        self, reference: str, row: MalformedRecord, posting: Posting | None
    ) -> None:
        if posting is not None and posting.state in _SETTLES_ITSELF:
            return
        is_posted = posting is not None and posting.state == PostingState.POSTED
        message = "The ledger has a row with this reference that cannot be read."
        kind = DifferenceKind.DIFFERS if is_posted else DifferenceKind.EXTRA
        self._note(kind, reference, message, posting, row.remote_id)

    def _judge_unknown(self, reference: str, row: PmsCharge) -> None:
        message = (
            f"The PMS has {format_dollars(cents_from_dollars(row.amount))} under a MeterBase "
            f"reference that MeterBase does not know ({row.charge_id})."
        )
        charged = self.reversals.get(reference)
        if charged:
            message += (
                f" This is the reversal of {charged}: ask for that reversal again, with the same "
                "date; it is found and not sent."
            )
        self._note(DifferenceKind.EXTRA, reference, message, None, row.charge_id)

    def _sight(self, posting: Posting, row: PmsCharge) -> None:
        self.seen[posting.pk] = self.found.sighted[posting.pk] = row.charge_id
        if posting.state in _SETTLES_ITSELF:
            return
        if posting.state == PostingState.POSTED:
            deviations = " ".join(_deviations(row, posting))
            if deviations:
                self._note(
                    DifferenceKind.DIFFERS, posting.reference, deviations, posting, row.charge_id
                )
            return
        message = f"The PMS has it as {row.charge_id}, {_but_here(posting)}."
        self._note(DifferenceKind.EXTRA, posting.reference, message, posting, row.charge_id)

    def _note(
        self,
        kind: DifferenceKind,
        reference: str,
        message: str,
        posting: Posting | None,
        charge_id: str,
    ) -> None:
        if (kind, reference, charge_id) in self.noted:
            return
        self.noted.add((kind, reference, charge_id))
        key = posting.pk if posting is not None else None
        self.found.differences.append(Difference(kind, reference, message, key, charge_id))


def _but_here(posting: Posting) -> str:
    if posting.state != PostingState.REVIEW:
        return f"but in MeterBase it stands at {posting.get_state_display().lower()}"
    if posting.resolved_at is None:
        return "and in MeterBase it needs a decision: link it"
    return "and in MeterBase it was resolved by hand: see that nobody is charged twice"


def postings_of(check: LedgerCheck) -> QuerySet[Posting]:
    """Select the postings that a check is about."""
    if check.job_id is not None:
        return Posting.objects.filter(job=check.job_id, job__post_to_pms=True)
    return Posting.objects.filter(
        job__calculation__bill__property=check.property_id, job__post_to_pms=True
    )


def find_missing(check: LedgerCheck) -> Iterator[Sequence[Difference]]:
    """List in batches what MeterBase calls posted and no page has shown, though it should have."""
    batch: list[Difference] = []
    columns = ("pk", "reference", "amount_cents")
    for posting in _should_be_shown(check).only(*columns).iterator(chunk_size=_BATCH):
        amount = format_dollars(posting.amount_cents)
        message = f"MeterBase posted {amount}, and the PMS does not show it."
        batch.append(Difference(DifferenceKind.MISSING, posting.reference, message, posting.pk))
        if len(batch) == _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def count_up(check: LedgerCheck) -> Totals:
    """Count a check whose ledger was read to its end, its missing charges noted."""
    posted = _posted(check)
    wrong = _differences_of_posting(check, DifferenceKind.DIFFERS, DifferenceKind.MISSING)
    not_shown = posted.filter(_NOT_SHOWN).exclude(Exists(wrong))
    sent = posted.count() - not_shown.count()
    # What no ledger ever shows is not settled by the next one either.
    open_question = _listed(not_shown).count()
    unsettled = postings_of(check).filter(state__in=_UNSETTLED).count()
    return Totals(
        sent=sent,
        there=sent - posted.filter(Exists(wrong)).count(),
        unsettled=open_question + unsettled,
    )


_NOT_SHOWN = Q(is_sighted=False, is_unreadable=False)


def _posted(check: LedgerCheck) -> QuerySet[Posting]:
    sighted = LedgerSighting.objects.filter(check_run=check, posting=OuterRef("pk"))
    return (
        postings_of(check)
        .filter(state=PostingState.POSTED)
        .order_by()
        .annotate(
            is_sighted=Exists(sighted),
            is_unreadable=Exists(_differences_of_posting(check, DifferenceKind.DIFFERS)),
        )
    )


def _differences_of_posting(
    check: LedgerCheck, *kinds: DifferenceKind
) -> QuerySet[LedgerDifference]:
    return LedgerDifference.objects.filter(check_run=check, posting=OuterRef("pk"), kind__in=kinds)


def _should_be_shown(check: LedgerCheck) -> QuerySet[Posting]:
    """Select what the ledger lacks and has to show; what is younger may still come."""
    if check.shown_until is None:
        return Posting.objects.none()
    missing = _posted(check).filter(_NOT_SHOWN, state_at__lte=check.shown_until)
    return _listed(missing).order_by("pk")


def _listed(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Keep what a ledger lists: nothing says so of credits, nor of what was taken back by hand."""
    taken_back = Posting.objects.filter(reverses=OuterRef("pk"), state=PostingState.POSTED)
    by_hand = Q(reversed_at__isnull=False) & ~Exists(taken_back)
    return postings.exclude(sent_as=SentAs.CREDIT).exclude(by_hand)


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


_Marked = tuple[str, LedgerRow]


def _marked(rows: Iterable[LedgerRow]) -> Iterator[_Marked]:
    for row in rows:
        reference = reference_of(row)
        if reference is not None:
            yield reference, row


def reference_of(row: LedgerRow) -> str | None:
    """Find MeterBase's reference in a row of the ledger, readable or not."""
    return find_reference(row.raw) if isinstance(row, MalformedRecord) else row.reference
