"""Which reference the next posting of a charge gets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from billing.models import DifferenceKind, LedgerDifference, Posting, PostingEvent, PostingJob
from integrations.pms.reference import reference_for

# So many postings of the same charge are looked through, beyond those that are known.
AHEAD = 10
_BATCH = 500


def next_generations(keys: Sequence[str]) -> dict[str, int]:
    """Choose for each business key the generation of its next posting.

    Shape: the first that no posting has; what a dry run has is free. But where the PMS's ledger has
        shown the reference of a later one that MeterBase does not know, that one: its charge was
        posted and forgotten, and under the same reference it is found before anything is sent. One
        that the ledger shows as taken back, too, is used up.
    """
    known = Posting.objects.filter(business_key__in=keys, job__post_to_pms=True)
    counts = Counter(known.values_list("business_key", flat=True))
    candidates = {
        key: [
            (generation, reference_for(key, generation))
            for generation in range(counts[key], counts[key] + AHEAD)
        ]
        for key in keys
    }
    references = [reference for pairs in candidates.values() for _, reference in pairs]
    taken = set(_posted(references)) if counts else set()
    forgotten = forgotten_in_ledger(references)
    taken |= taken_back_in_ledger(forgotten)
    return {key: _choose(pairs, taken, forgotten) for key, pairs in candidates.items()}


def reversal_key(reference: str) -> str:
    """Say what is taken back: one posting, once."""
    return f"reversal:{reference}"


def reversal_references(reference: str) -> list[str]:
    """List the references that what takes a charge back may have."""
    key = reversal_key(reference)
    return [reference_for(key, generation) for generation in range(AHEAD)]


def dry_reference(job: PostingJob, business_key: str) -> str:
    """Make the reference of what a dry run shows; nothing that is sent ever has it."""
    return reference_for(f"dry:{job.public_id}:{business_key}")


def take_from_dry_runs(references: Sequence[str], *, now: datetime) -> None:
    """Free the references that dry runs were once given, for what is about to be sent under them.

    Call it in the transaction that uses them.

    Effects: the dry runs' postings have references of their own, and an event that says so.
    """
    for batch in _batches(references):
        held = Posting.objects.filter(reference__in=batch, job__post_to_pms=False)
        for posting in held.select_related("job"):
            was, key = posting.reference, posting.business_key
            Posting.objects.filter(pk=posting.pk).update(reference=dry_reference(posting.job, key))
            PostingEvent.objects.create(
                posting=posting,
                at=now,
                from_state=posting.state,
                to_state=posting.state,
                note=f"It was never sent, so its reference {was} went to the charge that is.",
            )


def forgotten_in_ledger(references: Sequence[str]) -> set[str]:
    """Keep the references that the ledger has shown and that MeterBase sent nothing under."""
    # Before dry runs had references of their own, one may have been taken for the charge.
    nothing_sent = Q(posting=None) | Q(posting__job__post_to_pms=False)
    unknown = LedgerDifference.objects.filter(nothing_sent, kind=DifferenceKind.EXTRA)
    return _among(unknown, references)


def taken_back_in_ledger(references: Iterable[str]) -> set[str]:
    """Keep the references of which the ledger has shown a reversal, too, that is not known here."""
    of_reversal = {
        back: reference for reference in references for back in reversal_references(reference)
    }
    return {of_reversal[back] for back in forgotten_in_ledger(list(of_reversal))}


def _among(shown: QuerySet[LedgerDifference], references: Sequence[str]) -> set[str]:
    if not references or not shown.exists():
        return set()
    return {
        reference
        for batch in _batches(references)
        for reference in shown.filter(reference__in=batch).values_list("reference", flat=True)
    }


def _choose(pairs: Sequence[tuple[int, str]], taken: set[str], forgotten: set[str]) -> int:
    free = [(generation, reference) for generation, reference in pairs if reference not in taken]
    lost = [generation for generation, reference in free if reference in forgotten]
    return (lost or [generation for generation, _ in free])[0]


def _posted(references: Sequence[str]) -> Iterator[str]:
    for batch in _batches(references):
        sent = Posting.objects.filter(reference__in=batch, job__post_to_pms=True)
        yield from sent.values_list("reference", flat=True)


def _batches(references: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(references), _BATCH):
        yield references[start : start + _BATCH]
