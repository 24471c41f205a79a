"""The plainest loop that does the same job with binary floats, and gets the cents wrong."""

from __future__ import annotations

from billing.rubs import BillInput, Vacancy

FloatRow = dict[str, object]


def share_by_float(bill: BillInput) -> list[FloatRow]:
    """Share a bill by square footage, the owner paying for vacant days.

    Shape: a row for every lease and for the vacant days of every unit, with the figures used.
    """
    dollars = bill.amount_cents / 100
    pool = dollars - dollars * float(bill.rule.common_area_percent) / 100
    rows, weights = _weigh(bill)
    total = sum(weights)
    for row, weight in zip(rows, weights, strict=True):
        share = weight / total
        row["weight"] = weight
        row["share"] = share
        row["amount"] = round(pool * share, 2)
    return rows


def _weigh(bill: BillInput) -> tuple[list[FloatRow], list[float]]:
    start, end = bill.period.start, bill.period.end
    length = (end - start).days
    owner_pays = bill.rule.vacancy is Vacancy.OWNER_PAYS
    rows: list[FloatRow] = []
    weights: list[float] = []
    for unit in bill.units:
        if not unit.billable or unit.excluded_because:
            continue
        sqft = float(unit.sqft or 0)
        vacant = length
        for stay in unit.stays:
            first = start if stay.start is None else max(stay.start, start)
            last = end if stay.end is None else min(stay.end, end)
            days = (last - first).days
            if days > 0:
                vacant -= days
                weights.append(sqft * days / length)
                rows.append(
                    {"unit": unit.label, "lease": stay.lease_key, "sqft": sqft, "days": days}
                )
        if vacant and owner_pays:
            weights.append(sqft * vacant / length)
            rows.append({"unit": unit.label, "lease": None, "sqft": sqft, "days": vacant})
    return rows, weights
