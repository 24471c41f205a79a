"""Setting what a rule says of single units, and entering submeter readings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction

from billing.models import SubmeterReading, UnitTerms, Utility, UtilityBill
from billing.operations.bills import refuse_locked
from portfolios.models import Unit, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitTermsEntry:
    """What somebody set for one unit; nothing set means that the rule alone counts.

    Units: percent of the amount to share; cents for a whole period.
    """

    weight: Decimal | None = None
    percent: Decimal | None = None
    excluded_because: str = ""
    minimum_cents: int | None = None
    cap_cents: int | None = None
    flat_cents: int | None = None


@transaction.atomic
def set_unit_terms(
    *, unit: Unit, utility: Utility, entry: UnitTermsEntry, by: User, now: datetime
) -> None:
    """Keep what was set for a unit; an empty entry removes it.

    Effects: a row of unit terms or none, an audit event when anything changed.
    """
    stored = UnitTerms.objects.filter(unit=unit, utility=utility).first()
    before = _entry_of(stored)
    if before == entry:
        return
    if entry == UnitTermsEntry():
        UnitTerms.objects.filter(unit=unit, utility=utility).delete()
    else:
        UnitTerms.objects.update_or_create(
            unit=unit, utility=utility, defaults=asdict(entry) | {"set_by": by, "set_at": now}
        )
    record_event(
        verb="unit_terms.set",
        subject=unit,
        by=by,
        now=now,
        before={"utility": utility.value, **_written(before)},
        after={"utility": utility.value, **_written(entry)},
    )


@transaction.atomic
def enter_readings(
    *, bill: UtilityBill, readings: Mapping[Unit, Decimal | None], by: User, now: datetime
) -> None:
    """Store what units' own meters counted over a bill's period; None removes a reading.

    Errors: BillLocked once the bill's calculation is approved.
    Effects: readings and an audit event when anything changed.
    """
    refuse_locked(bill)
    had = {reading.unit_id: reading for reading in bill.readings.all()}
    changed: dict[str, str | None] = {}
    for unit, usage in readings.items():
        stored = had.get(unit.pk)
        if (stored.usage if stored else None) == usage:
            continue
        changed[str(unit)] = None if usage is None else str(usage)
        if usage is None:
            bill.readings.filter(unit=unit).delete()
        else:
            SubmeterReading.objects.update_or_create(
                bill=bill,
                unit=unit,
                defaults={"usage": usage, "entered_by": by, "entered_at": now},
            )
    if changed:
        record_event(verb="bill.readings_entered", subject=bill, by=by, now=now, after=changed)


def _entry_of(stored: UnitTerms | None) -> UnitTermsEntry:
    if stored is None:
        return UnitTermsEntry()
    return UnitTermsEntry(
        weight=stored.weight,
        percent=stored.percent,
        excluded_because=stored.excluded_because,
        minimum_cents=stored.minimum_cents,
        cap_cents=stored.cap_cents,
        flat_cents=stored.flat_cents,
    )


def _written(entry: UnitTermsEntry) -> dict[str, object]:
    return {key: str(value) for key, value in asdict(entry).items() if value not in (None, "")}
