"""What of a posting job can be taken back, and what stands in the way of the rest."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, QuerySet, Sum

from billing.models import (
    CalculationState,
    Charge,
    Posting,
    PostingJob,
    PostingState,
    Reversal,
    ReversalItem,
    ReversalState,
    SentAs,
)
from billing.posting.generations import next_generations, reversal_key
from billing.posting.ledger_first import Shown, shown_all_the_same
from billing.queries import MAY_BE_CHARGED, charges_to_post
from billing.residents import names_resident
from integrations.pms import errors
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import ChargeOrder
from integrations.pms.reference import reference_for
from integrations.pms.written_charges import accounts_of
from meterbase.lib.money import dollars_from_cents
from portfolios.models import LeaseStatus


@dataclass(frozen=True, slots=True)
class Letter:
    """What would be sent to take a charge back.

    Shape: `sent_as` names the call that the bytes are meant for.
    """

    reference: str
    body: bytes
    sent_as: SentAs


@dataclass(frozen=True, slots=True)
class Candidate:
    """A posting of a job, and why it cannot be reversed; `obstacle` is empty when it can.

    Shape: `letter` is what would be sent; `by_hand` tells that it can be taken back in the PMS all
        the same, `is_unsupported` that the PMS takes nothing back from MeterBase at all.
    """

    posting: Posting
    obstacle: str = ""
    by_hand: bool = False
    is_unsupported: bool = False
    letter: Letter | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """A job seen by somebody who wants to take it back.

    Shape: `refusal` is why the PMS takes nothing back from MeterBase, empty when it does.
    """

    job: PostingJob
    candidates: tuple[Candidate, ...]
    refusal: str = ""

    @property
    def free(self) -> tuple[Candidate, ...]:
        """Give what MeterBase can take back."""
        return tuple(each for each in self.candidates if not each.obstacle)

    @property
    def offered(self) -> tuple[Candidate, ...]:
        """Give what MeterBase can take back, or else what people can in the PMS itself."""
        return self.free or self.free_by_hand

    @property
    def free_by_hand(self) -> tuple[Candidate, ...]:
        """Give what can be taken back in the PMS itself."""
        return tuple(each for each in self.candidates if not each.obstacle or each.by_hand)


@dataclass(frozen=True, slots=True)
class _Standing:
    """A posting with every reversing posting that it ever had, and the wish that waits.

    Shape: `reference` is what the next reversing posting would have; `shown` is an earlier one that
        came to nothing here and that the PMS shows all the same.
    """

    posting: Posting
    reversals: tuple[Posting, ...]
    waiting: Reversal | None
    reference: str
    shown: Shown | None

    @property
    def live(self) -> Posting | None:
        """Find the reversing posting that has taken it back, or may do so yet."""
        return next((each for each in self.reversals if _is_live(each)), None)


def preview_reversal(
    *,
    job: PostingJob,
    gateway: PmsGateway,
    charge_date: date,
    only: Collection[int] | None = None,
) -> Preview:
    """Look at a job, or at some of its postings, before anybody takes them back.

    Errors: none; what stands in the way is told with each posting. No call is made.
    """
    candidates = tuple(
        _look_at(standing, gateway, charge_date) for standing in _standings(job, only)
    )
    refusals = (each.obstacle for each in candidates if each.is_unsupported)
    return Preview(job, candidates, next(refusals, ""))


def _standings(job: PostingJob, only: Collection[int] | None) -> list[_Standing]:
    """Read postings and what was done to take them back, in a few queries."""
    postings = _postings(job, only)
    keys = [reversal_key(posting.reference) for posting in postings]
    generations = next_generations(keys)
    reversals: dict[int, list[Posting]] = {}
    made = Posting.objects.filter(reverses__job=job).select_related("job")
    for reversal in made.order_by("pk"):
        reversals.setdefault(reversal.reverses_id or 0, []).append(reversal)
    shown = {each.posting.reverses_id: each for each in shown_all_the_same(made)}
    items = ReversalItem.objects.filter(posting__job=job, is_open=True).select_related("reversal")
    waiting = {item.posting_id: item.reversal for item in items}
    return [
        _Standing(
            posting,
            tuple(reversals.get(posting.pk, ())),
            waiting.get(posting.pk),
            reference_for(key, generations[key]),
            shown.get(posting.pk),
        )
        for posting, key in zip(postings, keys, strict=True)
    ]


def _postings(job: PostingJob, only: Collection[int] | None) -> Sequence[Posting]:
    postings = job.postings if only is None else job.postings.filter(pk__in=only)
    return list(
        postings.select_related("charge__lease", "job__calculation__bill__property")
        .defer("job__calculation__inputs", "job__calculation__result")
        .order_by("pk")
    )


def _is_live(reversal: Posting) -> bool:
    """Tell whether a reversing posting took something back or may do so, as its constraint does."""
    was_closed = reversal.resolved_at is not None
    refused = reversal.state == PostingState.REJECTED and was_closed
    return reversal.state != PostingState.CANCELLED and not refused


def _look_at(standing: _Standing, gateway: PmsGateway, charge_date: date) -> Candidate:
    posting = standing.posting
    obstacle = _never(standing)
    if obstacle:
        return Candidate(posting, obstacle)
    if standing.live is not None:
        return Candidate(posting, _standing_of(standing.live), by_hand=True)
    if standing.shown is not None:
        return Candidate(posting, _credited(standing.shown), by_hand=True)
    try:
        letter = _write(standing, gateway, charge_date)
    except errors.Refused as refusal:
        unsupported = isinstance(refusal, errors.NotSupported)
        return Candidate(posting, refusal.message, by_hand=True, is_unsupported=unsupported)
    why = _hits_another(posting, letter)
    return Candidate(posting, why, by_hand=True) if why else Candidate(posting, letter=letter)


def _never(standing: _Standing) -> str:
    """Say why a posting cannot be taken back in any way; nothing when it can."""
    posting = standing.posting
    if posting.reverses_id is not None:
        return "This is a reversal itself. Post the charge again instead."
    if posting.reversed_at is not None:
        return f"Reversed already, on {posting.reversed_at:%Y-%m-%d}."
    if posting.state == PostingState.CANCELLED:
        return "It was never sent."
    if posting.state != PostingState.POSTED:
        state = posting.get_state_display().lower()
        return f"It stands at “{state}”: only what is posted can be reversed."
    if standing.waiting is not None:
        return f"Its reversal {standing.waiting.public_id} waits for approval."
    live = standing.live
    # When somebody has closed a reversal in doubt, two people's word is all that can end it.
    if live is not None and live.resolved_at is None:
        return _standing_of(live)
    return ""


def _credited(shown: Shown) -> str:
    return (
        f"{shown.sentence} That is an earlier reversal of it: reverse it as done by hand in the "
        f"PMS, and name {shown.charge_id}."
    )


def _standing_of(reversal: Posting) -> str:
    job = reversal.job.public_id
    if reversal.resolved_at is not None:
        return f"Its reversal in job {job} was in doubt and was closed: look in the PMS."
    if reversal.state == PostingState.REJECTED:
        return f"Its reversal failed in job {job}: send that again, or resolve it there."
    if reversal.state == PostingState.REVIEW:
        return f"Its reversal in job {job} needs a decision."
    return f"Its reversal is on its way in job {job}."


def _hits_another(posting: Posting, letter: Letter) -> str:
    charge = posting.charge
    left = charge.lease.status == LeaseStatus.PAST
    if not left or names_resident(letter.body.decode(), charge):
        return ""
    name = charge.resident_name or "The resident"
    return (
        f"{name} has moved out of unit {charge.unit_label}, and this PMS is told the unit alone: "
        "it would credit whoever lives there now. Credit it in the PMS by hand."
    )


def _write(standing: _Standing, gateway: PmsGateway, charge_date: date) -> Letter:
    """Write what takes a posted charge back: the cents that were posted, to the same accounts.

    Errors: NotSupported when the PMS takes nothing back; another Refused when this charge lacks
        something that the PMS wants.
    """
    posting = standing.posting
    reference = standing.reference
    order = _order(posting, reference, charge_date)
    if order.amount > 0:
        # What takes a credit back is a charge.
        return Letter(reference, gateway.charge_body(order=order), SentAs.CHARGE)
    credit = gateway.credit_body(order=order)
    return Letter(reference, credit.content, SentAs(credit.call))


def _order(posting: Posting, reference: str, charge_date: date) -> ChargeOrder:
    charge = posting.charge
    accounts = accounts_of(posting.body.encode())
    return ChargeOrder(
        property_id=posting.job.calculation.bill.property.propexo_property_id,
        unit_id=charge.propexo_unit_id,
        lease_id=charge.propexo_lease_id,
        resident_id=charge.propexo_resident_id or None,
        amount=-dollars_from_cents(posting.amount_cents),
        effective_date=charge_date,
        charge_code=accounts.charge_code or posting.job.charge_code,
        description=f"Reversal of {posting.reference}",
        reference=reference,
        charge_code_id=accounts.charge_code_id,
        financial_account_id=accounts.financial_account_id,
    )


def taken_back_by(posting: Posting) -> Reversal | None:
    """Find the approved reversal that took a posting back; None when it stands."""
    if posting.reversed_at is None:
        return None
    reversals = Reversal.objects.filter(items__posting=posting, state=ReversalState.APPROVED)
    return reversals.select_related("decided_by", "reversing_job").order_by("decided_at").last()


def waiting_reversals(reversals: QuerySet[Reversal]) -> QuerySet[Reversal]:
    """Keep the reversals that wait for a second person, the longest waiting first."""
    return (
        reversals.filter(state=ReversalState.REQUESTED)
        .select_related("job__calculation__bill__property__portfolio", "requested_by")
        .defer("job__calculation__inputs", "job__calculation__result")
        .annotate(count=Count("items"), cents=Sum("items__posting__amount_cents"))
        .order_by("requested_at", "pk")
    )


def is_wholly_taken_back(charge: Charge) -> bool:
    """Tell whether a charge was posted once and nobody owes it any more."""
    was_reversed = charge.postings.filter(reversed_at__isnull=False).exists()
    return was_reversed and not charge.postings.filter(MAY_BE_CHARGED).exists()


def is_standing(posting: Posting) -> bool:
    """Tell whether a posting charges somebody now, as far as the PMS has said."""
    is_charge = posting.reverses_id is None
    return is_charge and posting.state == PostingState.POSTED and posting.reversed_at is None


def can_be_posted_again(reversal: Reversal) -> bool:
    """Tell whether the next job of the calculation would post charges that a reversal took back."""
    calculation = reversal.job.calculation
    if calculation.state != CalculationState.APPROVED:
        return False
    taken_back = charges_to_post(calculation).filter(
        postings__reversal_items__reversal=reversal, postings__reversed_at__isnull=False
    )
    return taken_back.exists()


def closed_reversals(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Select earlier reversals of postings that somebody has closed: perhaps credited by hand."""
    closed = Posting.objects.filter(reverses__in=postings, resolved_at__isnull=False)
    return closed.select_related("charge", "resolved_by").order_by("pk")
