"""What an accountant should know of calculations before approving them, read for many at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from billing.approval_tiers import Approvals, approvals_of_all
from billing.last_run import last_runs
from billing.models import BillFlag, Calculation, Charge, ChargeKind
from billing.queries import changes_since
from integrations.freshness import stale_after

_Shares = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFacts:
    """What speaks for and against approving a calculation.

    Shape: `changes` say what is out of date, `accepted` are the bill's flags that somebody cleared,
        `open_flags` those that nobody did; `set_aside` and `blocking` count rules of the place.
        `large_changes` counts the leases whose share differs much from the last run's.
    """

    approvals: Approvals
    last: Calculation | None
    large_changes: int
    changes: tuple[str, ...]
    accepted: tuple[BillFlag, ...]
    open_flags: tuple[BillFlag, ...]
    set_aside: int
    blocking: int
    was_old: bool
    in_sync: bool

    @property
    def is_approvable(self) -> bool:
        """Tell whether nothing but the person stands in the way."""
        return not (self.changes or self.open_flags or self.blocking)


def queue_facts(calculations: Sequence[Calculation], *, large: Fraction) -> dict[int, QueueFacts]:
    """Gather the facts of several calculations that are in review.

    Shape: a share counts as much changed when it differs by more than the part `large`.
    """
    approvals = approvals_of_all(calculations)
    last = last_runs(calculations)
    shares = _shares([*calculations, *last.values()])
    flags = _flags(calculations)
    return {
        row.pk: QueueFacts(
            approvals=approvals[row.pk],
            last=last.get(row.pk),
            large_changes=_count_large(
                shares[row.pk], shares[last[row.pk].pk] if row.pk in last else {}, large
            ),
            changes=tuple(sorted(changes_since(row))),
            accepted=tuple(flag for flag in flags[row.bill_id] if flag.cleared_at),
            open_flags=tuple(flag for flag in flags[row.bill_id] if not flag.cleared_at),
            set_aside=sum(1 for found in row.findings if found["set_aside"]),
            blocking=sum(1 for found in row.findings if _blocks(found)),
            was_old=_was_old(row),
            in_sync=row.data_in_sync,
        )
        for row in calculations
    }


def _blocks(finding: Mapping[str, object]) -> bool:
    return finding["severity"] == "block" and finding["set_aside"] is None


def _was_old(calculation: Calculation) -> bool:
    as_of = calculation.data_as_of
    return as_of is not None and calculation.prepared_at - as_of > stale_after()


def _shares(calculations: Iterable[Calculation]) -> dict[int, dict[tuple[str, str], int]]:
    """Read what each lease is charged of each bill, in one query."""
    shares: dict[int, dict[tuple[str, str], int]] = {row.pk: {} for row in calculations}
    found = Charge.objects.filter(calculation__in=list(shares), kind=ChargeKind.SHARE).order_by()
    columns = ("calculation_id", "propexo_unit_id", "propexo_lease_id", "amount_cents")
    for pk, unit, lease, cents in found.values_list(*columns).iterator():
        shares[pk][unit, lease] = cents
    return shares


def _count_large(now: _Shares, before: _Shares, large: Fraction) -> int:
    return sum(
        1
        for key, cents in now.items()
        if before.get(key) and Fraction(abs(cents - before[key]), abs(before[key])) > large
    )


def _flags(calculations: Iterable[Calculation]) -> dict[int, list[BillFlag]]:
    flags: dict[int, list[BillFlag]] = {row.bill_id: [] for row in calculations}
    for flag in BillFlag.objects.filter(bill__in=list(flags)).select_related("cleared_by"):
        flags[flag.bill_id].append(flag)
    return flags
