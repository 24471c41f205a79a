"""What is set for single units on one bill alone, as the arithmetic takes it."""

from __future__ import annotations

from billing.models import BillTerms, UtilityBill
from billing.rubs.bill_terms import BillTerm, TermKind


def read_bill_terms(bill: UtilityBill) -> dict[str, BillTerm]:
    """Read what is set for single units on a bill alone, by unit key."""
    rows = BillTerms.objects.filter(bill=bill).values_list(
        "unit__propexo_unit_id", "kind", "reason", "amount_cents"
    )
    return {key: BillTerm(TermKind(kind), reason, cents) for key, kind, reason, cents in rows}
