"""Who changed what about the unit and the lease of a charge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q

from billing.models import Charge
from meterbase.lib.money import format_dollars
from portfolios.models import AuditEvent, Lease, Unit

_SHOWN = 20

_ACTS = {
    "unit.values_set": "set the unit's figures",
    "unit.renumbered": "took over the unit's new number from the PMS",
    "unit_terms.set": "set what the rule says of this unit",
    "bill_terms.set": "set what one bill says of this unit",
}
_NAMES = {
    "sqft": "square feet",
    "occupant_count": "people",
    "excluded_because": "left out because",
    "minimum_cents": "minimum",
    "cap_cents": "cap",
    "flat_cents": "flat amount",
    "amount_cents": "amount",
    "kind": "set to",
}
# What tells the event's place, not what it changed.
_CONTEXT = frozenset({"bill", "utility"})


@dataclass(frozen=True, slots=True)
class Happening:
    """One act of somebody.

    Shape: `changes` such as "people: 2 → 3"; `about` names the bill or utility that it was for.
    """

    at: datetime
    who: str
    act: str
    about: str
    changes: tuple[str, ...]
    note: str


def history_of(charge: Charge) -> list[Happening]:
    """List what people did to a charge's unit and lease, the last first."""
    of_unit = Q(subject_type=Unit._meta.label_lower, subject_id=str(charge.unit_id))
    of_lease = Q(subject_type=Lease._meta.label_lower, subject_id=str(charge.lease_id))
    portfolio = charge.calculation.bill.property.portfolio_id
    events = AuditEvent.objects.filter(of_unit | of_lease, portfolio=portfolio)
    return [_happening(event) for event in events.order_by("-at", "-pk")[:_SHOWN]]


def _happening(event: AuditEvent) -> Happening:
    about = event.after.get("bill") or event.after.get("utility") or ""
    return Happening(
        at=event.at,
        who=event.actor_name,
        act=_ACTS.get(event.verb, event.verb.replace(".", " ").replace("_", " ")),
        about=str(about).replace("_", " "),
        changes=tuple(_changes(event.before, event.after)),
        note=event.note,
    )


def _changes(before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for key in sorted((before.keys() | after.keys()) - _CONTEXT):
        was, now = before.get(key), after.get(key)
        if was != now:
            name = _NAMES.get(key, key.replace("_", " "))
            yield f"{name}: {_written(key, was)} → {_written(key, now)}"


def _written(key: str, value: object) -> str:
    if value is None or value == "":
        return "nothing"
    if key.endswith("_cents"):
        return format_dollars(int(str(value)))
    return str(value).replace("_", " ")
