"""Leases of contract v1, and who of the people on a lease lives in the unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from integrations.pms.parsing import Fields
from integrations.pms.records import LeaseStatus, PmsLease

_STATUSES = {
    "ACTIVE": LeaseStatus.ACTIVE,
    "INACTIVE": LeaseStatus.PAST,
    "PENDING": LeaseStatus.FUTURE,
}
_EVICTED = "EVICTED"

_UNDER_EVICTION = (
    "Its residents are being evicted, and no move-out has happened in the PMS. They still live "
    "there as far as it shows, so the lease counts as current; check whether they are to be billed."
)
_NO_MOVE_OUT = (
    "It is over in the PMS, which does not say when people moved out. The end of a contract is not "
    "the day on which people leave, so the lease counts for no day and nobody is charged for it; "
    "enter the move-out in the PMS."
)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody on a lease.

    Shape: `role` is in capitals: PRIMARY, SECONDARY, GUARANTOR, OTHER or any other word; days are
        [moved_in, moved_out).
    """

    resident_id: str
    role: str
    moved_in: date | None
    moved_out: date | None

    def lives_there(self, *, on: date) -> bool:
        """Tell whether the person lives in the unit that day; a guarantor never does."""
        if self.role == "GUARANTOR":
            return False
        arrived = self.moved_in is None or self.moved_in <= on
        return arrived and (self.moved_out is None or on < self.moved_out)


def lease_from(fields: Fields, *, property_id: str, today: date) -> PmsLease:
    """Read a lease of a property.

    Shape: occupants are counted today, or on the day nearest to it on which the lease ran.
    """
    fields.expected("property_id", value=property_id)
    people = tuple(_person_from(entry) for entry in fields.each("residents_meta_data") or ())
    start, end = fields.calendar_day("start_date"), fields.calendar_day("end_date")
    move_in = fields.calendar_day("realized_move_in_date")
    move_out = fields.calendar_day("realized_move_out_date")
    word = fields.text("status_normalized")
    status = _status_of(word.upper(), move_out=move_out, today=today)
    days_known = status is not LeaseStatus.PAST or move_out is not None
    counted_on = _nearest_day(
        today,
        first=(move_in or start) if status is LeaseStatus.FUTURE else None,
        end=(move_out or end) if status is LeaseStatus.PAST else move_out,
    )
    return PmsLease(
        lease_id=fields.identifier("id"),
        unit_id=fields.optional_identifier("unit_id") or "",
        resident_id=_payer(people, on=counted_on),
        start=start,
        end=end,
        status=status,
        raw_status=fields.text("status_raw") or word,
        occupant_count=_count(people, on=counted_on),
        monthly_rent=fields.optional_cents("rent_amount_in_cents"),
        updated_at=fields.moment("updated_at"),
        unit_number=fields.label("unit_number"),
        move_in=move_in,
        move_out=move_out,
        days_known=days_known,
        warnings=_warnings(word.upper(), status, days_known=days_known),
        last_seen=fields.moment("last_seen"),
    )


def _person_from(fields: Fields) -> Person:
    return Person(
        resident_id=fields.identifier("resident_id"),
        role=fields.text("resident_type_normalized").upper(),
        moved_in=fields.calendar_day("move_in_date"),
        moved_out=fields.calendar_day("move_out_date"),
    )


def _status_of(word: str, *, move_out: date | None, today: date) -> LeaseStatus:
    if word == _EVICTED:
        # The word can mean that it is under way; only a move-out that happened ends it.
        left = move_out is not None and move_out <= today
        return LeaseStatus.PAST if left else LeaseStatus.ACTIVE
    return _STATUSES.get(word, LeaseStatus.UNKNOWN)


def _warnings(word: str, status: LeaseStatus, *, days_known: bool) -> tuple[str, ...]:
    if not days_known:
        return (_NO_MOVE_OUT,)
    return (_UNDER_EVICTION,) if word == _EVICTED and status is LeaseStatus.ACTIVE else ()


def _nearest_day(today: date, *, first: date | None, end: date | None) -> date:
    """Move today into the days of a lease, of which the end is not one."""
    if first is not None and today < first:
        return first
    if end is not None and end <= today and end > date.min:
        return end - timedelta(days=1)
    return today


def _count(people: Sequence[Person], *, on: date) -> int | None:
    """Count who lives there; nobody at all means that the PMS does not know, not 0."""
    return sum(person.lives_there(on=on) for person in people) or None


def _payer(people: Sequence[Person], *, on: date) -> str | None:
    """Choose whom a charge names: the primary resident who lives there, else who came first."""
    living = [person for person in people if person.lives_there(on=on)]
    # When all have left, the last bill still goes to somebody of the lease.
    candidates = living or [person for person in people if person.role != "GUARANTOR"]
    if not candidates:
        return None
    chosen = min(
        candidates,
        key=lambda person: (
            person.role != "PRIMARY",
            person.moved_in or date.min,
            person.resident_id,
        ),
    )
    return chosen.resident_id
