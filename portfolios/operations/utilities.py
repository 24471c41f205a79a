"""Linking properties to who supplies them: found where that is certain, else said by a person."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from portfolios.models import (
    AuditEvent,
    Commodity,
    LookUpStatus,
    Property,
    PropertyUtility,
    ReferenceRelease,
    User,
    UtilityChoice,
    UtilityProvider,
)
from portfolios.models.utilities import CONFIRMED_CHOICES
from portfolios.operations.audit import describe_event, record_event
from portfolios.utility_look_up import LookUp, Question, look_up, look_up_all

_AT_ONCE = 200


class CannotChoose(Exception):
    """The utility cannot be chosen for this property."""


@dataclass(frozen=True, slots=True)
class ChosenUtility:
    """What a person says about a property and a commodity.

    Shape: of `utility_id` and `typed_name` the one that the choice needs, and no other.
    """

    choice: UtilityChoice
    utility_id: int | None = None
    typed_name: str = ""


@transaction.atomic
def link_utilities(*, places: Sequence[Property], now: datetime) -> int:
    """Look properties up by their ZIP code, and link them where the answer is certain.

    Shape: returns how many rows are different now. What a person confirmed stays as it is; where
        the candidates are others than before, the row is marked as changed.
    Effects: rows of property utilities, audit events.
    """
    release = ReferenceRelease.objects.order_by("-pk").first()
    changed = 0
    for start in range(0, len(places), _AT_ONCE):
        part = places[start : start + _AT_ONCE]
        changed += _link(part, release, now)
    return changed


def _link(places: Sequence[Property], release: ReferenceRelease | None, now: datetime) -> int:
    stored = {
        (row.property_id, row.commodity): row
        for row in PropertyUtility.objects.select_for_update().filter(property__in=places)
    }
    pairs = [(place, commodity) for place in places for commodity in Commodity]
    found = look_up_all([_question(place, commodity) for place, commodity in pairs])
    made: list[PropertyUtility] = []
    changed: list[PropertyUtility] = []
    events: list[tuple[PropertyUtility, int | None]] = []
    for (place, commodity), answer in zip(pairs, found, strict=True):
        row = stored.get((place.pk, commodity)) or PropertyUtility(commodity=commodity)
        row.property = place
        before = row.utility_id
        if not _take(row, answer, release, now):
            continue
        (changed if row.pk else made).append(row)
        if row.utility_id != before:
            events.append((row, before))
    PropertyUtility.objects.bulk_create(made)
    PropertyUtility.objects.bulk_update(changed, _LOOKED_UP, batch_size=_AT_ONCE)
    AuditEvent.objects.bulk_create(_linked(events, now))
    return len(made) + len(changed)


_LOOKED_UP = [
    "choice",
    "utility",
    "status",
    "zip_code",
    "candidates",
    "looked_up_at",
    "release",
    "changed_at",
]


def _question(place: Property, commodity: Commodity) -> Question:
    return Question(place.zip_code, commodity, place.state)


def _take(
    row: PropertyUtility, answer: LookUp, release: ReferenceRelease | None, now: datetime
) -> bool:
    """Write an answer into a row; tell whether that changed anything."""
    keys = [candidate.utility_key for candidate in answer.candidates]
    if row.pk and (row.status, row.zip_code, row.candidates) == (
        answer.status,
        answer.zip_code,
        keys,
    ):
        return False
    if row.pk and _is_news(row, answer, keys):
        row.changed_at = now
    if row.choice not in CONFIRMED_CHOICES:
        is_sure = answer.status == LookUpStatus.MATCHED
        row.choice = UtilityChoice.AUTOMATIC if is_sure else UtilityChoice.OPEN
        row.utility_id = answer.candidates[0].utility_id if is_sure else None
    row.status, row.zip_code, row.candidates = answer.status, answer.zip_code, keys
    row.looked_up_at, row.release = now, release
    return True


def _is_news(row: PropertyUtility, answer: LookUp, keys: Sequence[str]) -> bool:
    """Tell whether a person should look: not at a first answer, nor at one that agrees."""
    if set(keys) == set(row.candidates) and answer.status == row.status:
        return False
    if row.choice not in CONFIRMED_CHOICES:
        return row.status != LookUpStatus.NO_REFERENCE_DATA
    agrees = answer.status == LookUpStatus.MATCHED or (
        answer.status == LookUpStatus.CHOOSE and len(keys) == 1
    )
    return not agrees or answer.candidates[0].utility_id != row.utility_id


def _linked(
    events: Sequence[tuple[PropertyUtility, int | None]], now: datetime
) -> Iterator[AuditEvent]:
    ids = {pk for row, before in events for pk in (row.utility_id, before) if pk}
    names = {pk: each.name for pk, each in UtilityProvider.objects.in_bulk(list(ids)).items()}
    for row, before in events:
        yield describe_event(
            verb="property_utility.linked",
            subject=row,
            by=None,
            now=now,
            before={"utility": names.get(before or 0, "")},
            after={"utility": names.get(row.utility_id or 0, ""), "zip_code": row.zip_code},
        )


@transaction.atomic
def choose_utility(
    *, place: Property, commodity: Commodity, chosen: ChosenUtility, by: User, now: datetime
) -> PropertyUtility:
    """Keep what a person says; no later load and no other ZIP code changes it.

    Errors: CannotChoose when the utility is none that the look-up names.
    Effects: a row of property utilities, an audit event.
    """
    row, answer = _locked(place, commodity, now)
    before = _said(row)
    is_listed = chosen.choice == UtilityChoice.LISTED
    row.choice = chosen.choice
    row.utility = _listed(row, answer, chosen.utility_id) if is_listed else None
    row.typed_name = chosen.typed_name if chosen.choice == UtilityChoice.TYPED else ""
    row.confirmed_by, row.confirmed_at, row.changed_at = by, now, None
    row.save()
    record_event(
        verb="property_utility.confirmed",
        subject=row,
        by=by,
        now=now,
        before=before,
        after=_said(row),
    )
    return row


@transaction.atomic
def reopen_utility(
    *, place: Property, commodity: Commodity, by: User, now: datetime
) -> PropertyUtility:
    """Take back what a person said, so that the look-up counts again.

    Effects: a row of property utilities, an audit event.
    """
    row, answer = _locked(place, commodity, now)
    before = _said(row)
    is_sure = answer.status == LookUpStatus.MATCHED
    row.choice = UtilityChoice.AUTOMATIC if is_sure else UtilityChoice.OPEN
    row.utility_id = answer.candidates[0].utility_id if is_sure else None
    row.typed_name = ""
    row.confirmed_by = row.confirmed_at = row.changed_at = None
    row.save()
    record_event(
        verb="property_utility.reopened",
        subject=row,
        by=by,
        now=now,
        before=before,
        after=_said(row),
    )
    return row


def _locked(place: Property, commodity: Commodity, now: datetime) -> tuple[PropertyUtility, LookUp]:
    """Get the row as the look-up has it now, and let nobody else change it."""
    Property.objects.select_for_update().get(pk=place.pk)
    answer = look_up(place.zip_code, commodity, place.state)
    row = (
        PropertyUtility.objects.select_for_update(of=("self",))
        .select_related("utility")
        .filter(property=place, commodity=commodity)
        .first()
    ) or PropertyUtility(property=place, commodity=commodity)
    _take(row, answer, ReferenceRelease.objects.order_by("-pk").first(), now)
    row.property = place
    return row, answer


def _listed(row: PropertyUtility, answer: LookUp, utility_id: int | None) -> UtilityProvider:
    allowed = {each.utility_id for each in (*answer.candidates, *answer.neighbours)}
    if row.utility_id:
        allowed.add(row.utility_id)
    if utility_id not in allowed:
        raise CannotChoose(
            "The list of utilities has changed since this page was opened; choose again."
        )
    return UtilityProvider.objects.get(pk=utility_id)


def _said(row: PropertyUtility) -> dict[str, object]:
    supplier = str(row.utility) if row.utility else row.typed_name
    return {"choice": row.choice, "supplier": supplier, "status": row.status}
