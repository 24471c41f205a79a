"""Reading calculations, jobs and failures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet, Sum

from billing.inputs import current_input, rule_for
from billing.models import (
    BillFlag,
    Calculation,
    Charge,
    Posting,
    PostingJob,
    PostingState,
    ResolvedAs,
    UtilityBill,
)
from billing.rubs import CannotAllocate, allocate
from billing.rubs.wire import bill_input_to_json, digest
from meterbase.lib.kept_question import KeptValues, blank

JobStatus = str

# A resident may have been charged: by MeterBase, or by hand after a failure. What the PMS certainly
# refused, what was never sent and what was taken back charges nobody; a reversal is no charge.
MAY_BE_CHARGED = (
    ~Q(state=PostingState.CANCELLED)
    & ~Q(state=PostingState.REJECTED, resolved_at__isnull=True)
    & Q(reverses__isnull=True, reversed_at__isnull=True)
)

# It certainly never got into the PMS, and a person decided that its resident owes it to nobody.
LET_GO = Q(state=PostingState.REJECTED, resolved_as__in=[ResolvedAs.OWNER, ResolvedAs.WRITTEN_OFF])

_FIELD_NAMES = {
    "sqft": "square feet",
    "bedrooms": "bedrooms",
    "bathrooms": "bathrooms",
    "billable": "billable",
    "stays": "leases or people in the period",
    "excluded_because": "exclusion",
    "label": "unit number",
    "weight": "weight",
    "percent": "percentage",
    "usage": "submeter reading",
    "limits": "minimum, cap or flat amount",
}


def changes_since(calculation: Calculation) -> tuple[str, ...]:
    """Say what has changed since a calculation was made; nothing when it is still right."""
    bill = UtilityBill.everything.select_related("property").get(pk=calculation.bill_id)
    if bill.voided_at is not None:
        return ("the bill was voided",)
    rule = rule_for(bill)
    if rule is None or rule.pk != calculation.share_rule_id:
        return (f"the share rule is no longer version {calculation.share_rule.version}",)
    now = current_input(bill=bill, rule=rule)
    if digest(now) == calculation.inputs_digest:
        return ()
    differences = tuple(_differences(calculation.inputs, bill_input_to_json(now)))
    # Whatever the digest covers and the names below do not, must not pass for no change.
    return differences or ("MeterBase reads the bill's figures differently now",)


@dataclass(frozen=True, slots=True)
class Blocker:
    """Something that has to be decided before a calculation can go into review.

    Shape: a flag of the bill, or else a rule of its place.
    """

    message: str
    flag: BillFlag | None = None
    place_rule_id: str = ""


def open_blockers(calculation: Calculation) -> tuple[Blocker, ...]:
    """Find what has to be decided before a calculation can go into review."""
    flags = calculation.bill.flags.filter(cleared_at=None)
    return (
        *(Blocker(f"{flag.get_kind_display()}: {flag.message}", flag=flag) for flag in flags),
        *(
            Blocker(finding["message"], place_rule_id=finding["rule_id"])
            for finding in calculation.findings
            if finding["severity"] == "block" and finding["set_aside"] is None
        ),
    )


def blockers(calculation: Calculation) -> tuple[str, ...]:
    """List what has to be decided, in sentences; the place's carry their citation."""
    return tuple(blocker.message for blocker in open_blockers(calculation))


def difference_since(calculation: Calculation) -> int | None:
    """Tell by how much tenants would pay more if the bill were calculated again now.

    Units: cents; None when it cannot be calculated.
    """
    bill = UtilityBill.everything.select_related("property").get(pk=calculation.bill_id)
    rule = rule_for(bill)
    if rule is None:
        return None
    try:
        allocation = allocate(current_input(bill=bill, rule=rule))
    except CannotAllocate:
        return None
    fees = allocation.fees_cents - calculation.fees_cents
    return allocation.tenants_cents - calculation.tenants_cents + fees


def _differences(was: dict[str, Any], now: dict[str, Any]) -> Iterable[str]:
    if was["amount_cents"] != now["amount_cents"] or was["period"] != now["period"]:
        yield "the bill was changed"
    if was.get("lines") != now.get("lines"):
        yield "the lines of the bill were changed"
    old = {unit["key"]: unit for unit in was["units"]}
    new = {unit["key"]: unit for unit in now["units"]}
    for key in sorted(old.keys() | new.keys()):
        if key not in old:
            yield f"unit {new[key]['label']} is new"
        elif key not in new:
            yield f"unit {old[key]['label']} is gone"
        else:
            changed = [name for name in _FIELD_NAMES if old[key].get(name) != new[key].get(name)]
            if changed:
                names = " and ".join(_FIELD_NAMES[name] for name in changed)
                yield f"unit {new[key]['label']} has other {names}"


@dataclass(frozen=True, slots=True)
class JobCounts:
    """How a job stands, counted from its postings; the parts add up to the total.

    Shape: `reversed` are those of the posted ones that were taken back since; of the failed ones,
        `resolved` were dealt with by hand and `undecided` wait for somebody to find out.
    Units: charges; cents.
    """

    total: int
    posted: int
    failed: int
    pending: int
    unknown: int
    skipped: int
    posted_cents: int
    total_cents: int
    reversed: int = 0
    reversed_cents: int = 0
    resolved: int = 0
    undecided: int = 0
    is_paused: bool = False
    is_stopped: bool = False

    @property
    def net_cents(self) -> int:
        """Tell what of the job residents still owe.

        Units: cents.
        """
        return self.posted_cents - self.reversed_cents

    @property
    def is_over(self) -> bool:
        """Tell whether nothing more happens by itself."""
        return not (self.pending or self.unknown)

    @property
    def status(self) -> JobStatus:
        """Name the job's status as the API does."""
        if self.is_over:
            return "cancelled" if self.is_stopped and self.skipped == self.total else "completed"
        if self.is_paused:
            return "paused"
        started = self.posted or self.failed or self.unknown
        return "running" if started else "queued"


_COUNTED_AS = {
    PostingState.POSTED: "posted",
    PostingState.REJECTED: "failed",
    PostingState.REVIEW: "failed",
    PostingState.PENDING: "pending",
    PostingState.SENDING: "pending",
    PostingState.ACCEPTED: "pending",
    PostingState.UNKNOWN: "unknown",
    PostingState.CANCELLED: "skipped",
}


def count_job(job: PostingJob) -> JobCounts:
    """Count a job's postings."""
    return count_jobs([job])[job.pk]


def count_jobs(jobs: Sequence[PostingJob]) -> dict[int, JobCounts]:
    """Count the postings of several jobs in one query."""
    lines: dict[int, list[Sequence[Any]]] = {job.pk: [] for job in jobs}
    numbered = {_job_blank(number): pk for number, pk in enumerate(lines)}
    for job_id, *line in _postings_of_jobs(len(lines)).all(**numbered) if lines else ():
        lines[job_id].append(line)
    return {
        job.pk: counts_of(
            lines[job.pk],
            is_paused=job.paused_at is not None,
            is_stopped=job.stopped_at is not None,
        )
        for job in jobs
    }


def postings_by_state(
    postings: QuerySet[Posting], *columns: str
) -> QuerySet[Posting, tuple[Any, ...]]:
    """Sum postings up by their state.

    Shape: lists of the columns, by which they are apart as well, and of what `counts_of` takes.
    """
    return (
        postings.order_by()
        .values_list(*columns, "state")
        .annotate(
            count=Count("pk"),
            cents=Sum("amount_cents"),
            taken_back=Count("reversed_at"),
            taken_back_cents=Sum("amount_cents", filter=Q(reversed_at__isnull=False), default=0),
            resolved=Count("resolved_at"),
        )
    )


def counts_of(lines: Iterable[Sequence[Any]], *, is_paused: bool, is_stopped: bool) -> JobCounts:
    """Count a job's postings from those of each state."""
    parts = ("total", "posted", "failed", "pending", "unknown", "skipped")
    names = (*parts, "reversed", "resolved", "undecided")
    found = dict.fromkeys((*names, "posted_cents", "total_cents", "reversed_cents"), 0)
    for state, count, cents, taken_back, taken_back_cents, resolved in lines:
        found[_COUNTED_AS[state]] += count
        found["total"] += count
        found["total_cents"] += cents
        found["reversed"] += taken_back
        found["reversed_cents"] += taken_back_cents
        found["resolved"] += resolved
        if state == PostingState.REVIEW:
            found["undecided"] += count - resolved
        if state == PostingState.POSTED:
            found["posted_cents"] += cents
    return JobCounts(**found, is_paused=is_paused, is_stopped=is_stopped)


@lru_cache
def _postings_of_jobs(jobs: int) -> KeptValues:
    """Ask for the postings of so many jobs, by job and state."""
    numbers: list[Any] = [blank(_job_blank(number)) for number in range(jobs)]
    return KeptValues(postings_by_state(Posting.objects.filter(job__id__in=numbers), "job_id"))


def _job_blank(number: int) -> str:
    return f"job_{number}"


def charging_jobs(jobs: QuerySet[PostingJob]) -> QuerySet[PostingJob]:
    """Keep the jobs by which somebody may have been charged: not dry runs, nor wholly refused."""
    charging = Posting.objects.filter(MAY_BE_CHARGED, ~LET_GO, job=OuterRef("pk"))
    return jobs.filter(Exists(charging), post_to_pms=True)


def standing_charges(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    """Keep the charges that residents owe: not what was wholly taken back, nor what was let go.

    Shape: what was not posted yet is owed.
    """
    postings = Posting.objects.filter(charge=OuterRef("pk"))
    ended = postings.filter(LET_GO | Q(reversed_at__isnull=False), job__post_to_pms=True)
    still = postings.filter(MAY_BE_CHARGED, ~LET_GO)
    return charges.exclude(Exists(ended) & ~Exists(still))


def charges_to_post(calculation: Calculation) -> QuerySet[Charge]:
    """Select the charges of a calculation that nobody can have been charged for its bill yet.

    Shape: those that were posted and taken back only when there are no others: what was reversed on
        purpose does not go out again along with the rest.
    """
    never = _never_posted(calculation.charges.all())
    return never if never.exists() else _not_charged(calculation.charges.all())


def _never_posted(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    taken_back = Posting.objects.filter(charge=OuterRef("pk"), reversed_at__isnull=False)
    return _not_charged(charges).exclude(Exists(taken_back))


def _not_charged(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    charged = Posting.objects.filter(
        MAY_BE_CHARGED,
        job__post_to_pms=True,
        charge__calculation__bill=OuterRef("calculation__bill"),
        charge__unit=OuterRef("unit"),
        charge__lease=OuterRef("lease"),
        charge__kind=OuterRef("kind"),
    )
    return charges.exclude(amount_cents=0).exclude(Exists(charged))


def has_rest_to_post(calculation: Calculation) -> bool:
    """Tell whether charges of a posted calculation were skipped, and so can still be posted."""
    return rest_to_post(calculation.charges.all()).exists()


def rest_to_post(charges: QuerySet[Charge]) -> QuerySet[Charge]:
    """Keep the charges of posted calculations that were skipped, and so can still be posted.

    A refused charge is no rest: it is sent again from its own page. Nor is one that was reversed.
    """
    refused = Posting.objects.filter(
        charge=OuterRef("pk"), state=PostingState.REJECTED, resolved_at=None
    )
    return _never_posted(charges).exclude(Exists(refused))


@dataclass(frozen=True, slots=True)
class EarlierPosting:
    """A job that posted charges for the same bill, or the same utility and overlapping days.

    Units: cents.
    """

    job: PostingJob
    same_bill: bool
    counts: JobCounts


def earlier_postings(bill: UtilityBill) -> list[EarlierPosting]:
    """Find what was posted before for this bill, and for this utility and overlapping days."""
    jobs = list(
        charging_jobs(PostingJob.objects.all())
        .filter(
            calculation__bill__property=bill.property,
            calculation__bill__utility=bill.utility,
            calculation__bill__period_start__lt=bill.period_end,
            calculation__bill__period_end__gt=bill.period_start,
        )
        .select_related("calculation__bill__property", "created_by")
    )
    counts = count_jobs(jobs)
    return [
        EarlierPosting(job=job, same_bill=job.calculation.bill_id == bill.pk, counts=counts[job.pk])
        for job in jobs
    ]


def open_failures(postings: QuerySet[Posting]) -> QuerySet[Posting]:
    """Keep the postings that wait for a person."""
    waiting = postings.filter(
        state__in=[PostingState.REJECTED, PostingState.REVIEW], resolved_at=None
    )
    return waiting.select_related("charge", "job__calculation__bill__property").order_by(
        "error_code", "-state_at", "pk"
    )


def last_beat(job: PostingJob) -> datetime | None:
    """Tell when anything last happened to a job's postings."""
    return job.postings.order_by("-state_at").values_list("state_at", flat=True).first()
