"""What the pages say about who supplies a property."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from portfolios.models import Commodity, LookUpStatus, Property, PropertyUtility, UtilityChoice
from portfolios.models.utilities import CONFIRMED_CHOICES
from portfolios.utility_look_up import Candidate, LookUp, Question, look_up_all

_TONES = {
    LookUpStatus.MATCHED: "info",
    LookUpStatus.CHOOSE: "warning",
    LookUpStatus.STATE_DIFFERS: "warning",
    LookUpStatus.NOT_COVERED: "unknown",
    LookUpStatus.UNKNOWN_ZIP: "unknown",
    LookUpStatus.INVALID_ZIP: "unknown",
    LookUpStatus.NO_REFERENCE_DATA: "unknown",
}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a property stands with one commodity, in a few words."""

    label: str
    supplier: str
    tone: str
    state: str
    changed: bool
    needs_somebody: bool
    confirmed: str


@dataclass(frozen=True, slots=True)
class Card:
    """A commodity of a property with everything that the look-up says."""

    commodity: Commodity
    row: PropertyUtility | None
    standing: Standing
    answer: LookUp
    sentence: str

    @property
    def is_confirmed(self) -> bool:
        """Tell whether a person stands behind it."""
        return self.row is not None and self.row.choice in CONFIRMED_CHOICES

    def offered(self) -> list[tuple[int, str]]:
        """List the utilities that can be chosen, in words; the one that is chosen is among them."""
        found = {c.utility_id: _described(c) for c in self.answer.candidates}
        for neighbour in self.answer.neighbours:
            where = f"of the neighbouring ZIP code {self.answer.neighbour_zip}"
            found.setdefault(neighbour.utility_id, f"{neighbour.name} ({where})")
        if self.row and self.row.utility:
            found.setdefault(self.row.utility.pk, f"{self.row.utility} (not listed any more)")
        return list(found.items())


def standing_of(row: PropertyUtility | None, commodity: Commodity) -> Standing:
    """Describe a row in a few words; None was never looked up."""
    label = str(commodity.label)
    if row is None:
        return Standing(
            label=label,
            supplier="",
            tone="unknown",
            state="Not looked up yet",
            changed=False,
            needs_somebody=False,
            confirmed="",
        )
    supplier = str(row.utility) if row.utility else row.typed_name
    status = LookUpStatus(row.status)
    tone, state, confirmed = _TONES[status], str(status.label), ""
    if row.choice in CONFIRMED_CHOICES:
        tone, state = "success", "Confirmed"
        confirmed = f"{row.get_choice_display()} by {row.confirmed_by}"
    elif row.choice == UtilityChoice.AUTOMATIC:
        tone, state = "info", str(UtilityChoice.AUTOMATIC.label)
    if row.choice == UtilityChoice.NO_SERVICE:
        supplier = "nobody: no such service"
    asks = (LookUpStatus.CHOOSE, LookUpStatus.STATE_DIFFERS)
    is_open = row.choice == UtilityChoice.OPEN and status in asks
    changed = row.changed_at is not None
    return Standing(
        label=label,
        supplier=supplier,
        tone=tone,
        state=state,
        changed=changed,
        needs_somebody=is_open or changed,
        confirmed=confirmed,
    )


def standings(rows: Iterable[PropertyUtility]) -> list[Standing]:
    """Describe all commodities of a property."""
    stored = {row.commodity: row for row in rows}
    return [standing_of(stored.get(commodity), commodity) for commodity in Commodity]


def cards(place: Property) -> list[Card]:
    """Look a property up, and set the answers beside what is stored."""
    rows = place.utilities.select_related("utility", "confirmed_by")
    stored = {row.commodity: row for row in rows}
    questions = [Question(place.zip_code, commodity, place.state) for commodity in Commodity]
    return [
        Card(
            commodity=answer.commodity,
            row=stored.get(answer.commodity),
            standing=standing_of(stored.get(answer.commodity), answer.commodity),
            answer=answer,
            sentence=_sentence(answer, place),
        )
        for answer in look_up_all(questions)
    ]


def _described(candidate: Candidate) -> str:
    remarks = [f"{candidate.confidence} confidence"] if candidate.confidence else []
    remarks += [f"of {candidate.state}"] if candidate.is_cross_state else []
    return f"{candidate.name} ({', '.join(remarks)})" if remarks else candidate.name


def _sentence(answer: LookUp, place: Property) -> str:
    what, zip_code = answer.commodity.label.lower(), answer.zip_code
    number = len(answer.candidates)
    sentences = {
        LookUpStatus.MATCHED: f"The reference data names one supplier of {what} for {zip_code}.",
        LookUpStatus.CHOOSE: f"The reference data names {number} possible suppliers of {what} "
        f"for {zip_code}, the likeliest first. A person has to say which one it is."
        if number > 1
        else f"The reference data names one possible supplier of {what} for {zip_code}, but is "
        "not sure. A person has to confirm it.",
        LookUpStatus.NOT_COVERED: _not_covered(answer),
        LookUpStatus.UNKNOWN_ZIP: f"The ZIP code {zip_code} is not in the reference data.",
        LookUpStatus.INVALID_ZIP: "The property has no ZIP code that could be looked up.",
        LookUpStatus.NO_REFERENCE_DATA: "No reference data has been loaded yet, so nothing could "
        "be looked up. Support loads it with “manage.py load_utilities”.",
        LookUpStatus.STATE_DIFFERS: f"The ZIP code {zip_code} is in {answer.state}, the property "
        f"in {place.state}. Check the address before you choose.",
    }
    return sentences[answer.status]


def _not_covered(answer: LookUp) -> str:
    what = answer.commodity.label.lower()
    if not answer.has_commodity:
        return f"The reference data that is loaded has nothing about {what}."
    if not answer.covers_state:
        where = answer.state or "this state"
        return f"There is no {what} data for {where}. That does not mean that there is no supplier."
    found = f"No supplier of {what} is listed for {answer.zip_code}, although the data covers "
    return f"{found}parts of {answer.state or 'its state'}. There may still be one."
