"""Terms for single units on one bill, tried before anything is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from billing.bill_terms import read_bill_terms
from billing.inputs import gather_inputs
from billing.models import Calculation
from billing.rubs import CannotAllocate, Problem, allocate, bill_input_from_json
from billing.rubs.bill_terms import BillTerm
from billing.rubs.wire import digest
from billing.what_if import UnitChange, unit_changes

Terms = Mapping[str, BillTerm | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermPreview:
    """A calculation as it stands, beside what terms would make of it.

    Shape: `units` are all units, the largest differences first; `digest` is that of the inputs
        that would be frozen.
    Units: cents.
    """

    digest: str
    bill_cents: int
    tenants_before_cents: int
    tenants_after_cents: int
    fees_before_cents: int
    fees_after_cents: int
    owner_before_cents: int
    owner_after_cents: int
    units: tuple[UnitChange, ...]


class CannotPreview(Exception):
    """The bill cannot be shared with these terms."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = problems


def preview_terms(calculation: Calculation, terms: Terms) -> TermPreview:
    """Share a calculation's bill with other terms; nothing is stored.

    Shape: by unit key; None takes a unit's term away.
    Errors: CannotPreview.
    """
    stored: dict[str, BillTerm | None] = dict(read_bill_terms(calculation.bill))
    merged = {key: term for key, term in (stored | dict(terms)).items() if term is not None}
    gathered = gather_inputs(bill=calculation.bill, rule=calculation.share_rule, terms=merged)
    if gathered.problems:
        raise CannotPreview(gathered.problems)
    try:
        after = allocate(gathered.bill_input)
    except CannotAllocate as refusal:
        raise CannotPreview(tuple(refusal.problems)) from None
    before = allocate(bill_input_from_json(calculation.inputs))
    return TermPreview(
        digest=digest(gathered.bill_input),
        bill_cents=after.bill_cents,
        tenants_before_cents=before.tenants_cents,
        tenants_after_cents=after.tenants_cents,
        fees_before_cents=before.fees_cents,
        fees_after_cents=after.fees_cents,
        owner_before_cents=before.owner_cents,
        owner_after_cents=after.owner_cents,
        units=unit_changes([before], [after]),
    )
