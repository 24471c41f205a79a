"""Looking up who serves a ZIP code: candidates with how sure they are, never a guess."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from django.db.models import Exists, OuterRef, QuerySet

from portfolios.models import (
    Commodity,
    Confidence,
    Dataset,
    LookUpStatus,
    ReferenceFile,
    ReferenceKind,
    UtilityArea,
    UtilityProvider,
    ZipCode,
)

_WRITTEN = re.compile(r"([0-9]{5})(?:-?[0-9]{4})?")
_NO_ZIP = "00000"
_AREA_KINDS = (
    ReferenceKind.ZIP_UTILITIES,
    ReferenceKind.OPENEI_IOU,
    ReferenceKind.OPENEI_NON_IOU,
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A utility that serves a ZIP code, or may; rank 1 is the likeliest."""

    utility_id: int
    utility_key: str
    name: str
    state: str
    rank: int
    confidence: str
    source: str
    dataset: str
    population_served: int | None
    is_cross_state: bool

    @property
    def people(self) -> str:
        """Write how many people are served; empty where that is not known."""
        return f"{self.population_served:,}" if self.population_served else ""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What the reference data says about a ZIP code and a commodity.

    Shape: `has_commodity` and `covers_state` tell whether any ZIP code, or any of the state, has
        data of the commodity; `neighbours` are those of `neighbour_zip`, the nearest ZIP code of
        the same city, where the ZIP code itself has none: a hint, no more.
    """

    status: LookUpStatus
    zip_code: str
    commodity: Commodity
    candidates: tuple[Candidate, ...] = ()
    city: str = ""
    state: str = ""
    has_commodity: bool = False
    covers_state: bool = False
    neighbours: tuple[Candidate, ...] = ()
    neighbour_zip: str = ""


@dataclass(frozen=True, slots=True)
class Question:
    """A ZIP code, and the state of the property that has it.

    Shape: a state of None is not compared; an empty one agrees with none.
    """

    zip_code: str
    commodity: Commodity
    state: str | None = None


def look_up(zip_code: str, commodity: str, state: str | None = None) -> LookUp:
    """Look up who serves a ZIP code with a commodity."""
    (found,) = look_up_all([Question(zip_code, Commodity(commodity), state)])
    return found


def look_up_all(questions: Sequence[Question]) -> list[LookUp]:
    """Look many up with few statements, in the order asked.

    Shape: a few hundred at a time.
    """
    cleaned = {question.zip_code: _five_digits(question.zip_code) for question in questions}
    shelf = _Shelf({zip_code for zip_code in cleaned.values() if zip_code})
    return [shelf.answer(question, cleaned[question.zip_code]) for question in questions]


def _five_digits(text: str) -> str:
    written = _WRITTEN.fullmatch(text.strip())
    return written[1] if written and written[1] != _NO_ZIP else ""


def current_files() -> dict[str, ReferenceFile]:
    """Find, for each kind of reference file, the one that was loaded last."""
    files = ReferenceFile.objects.select_related("release").order_by("release_id", "kind")
    return {file.kind: file for file in files}


class _Shelf:
    """What the tables hold on some ZIP codes."""

    def __init__(self, zip_codes: set[str]) -> None:
        kinds = ReferenceFile.objects.filter(kind__in=_AREA_KINDS).values_list("kind", flat=True)
        self._loaded = set(kinds.distinct())
        known = ZipCode.objects.filter(zip_code__in=zip_codes, retired_at=None)
        self._places = {row.zip_code: row for row in known}
        self._areas: dict[str, dict[str, list[UtilityArea]]] = defaultdict(
            lambda: defaultdict(list)
        )
        for area in _live_areas().filter(zip_code__in=zip_codes):
            self._areas[area.zip_code][area.commodity].append(area)
        self._covered: frozenset[tuple[str, str]] | None = None
        self._hints: dict[tuple[str, Commodity], tuple[tuple[Candidate, ...], str]] = {}

    def answer(self, question: Question, zip_code: str) -> LookUp:
        """Answer one question."""
        commodity = question.commodity
        if not zip_code:
            return LookUp(LookUpStatus.INVALID_ZIP, "", commodity)
        if not self._loaded:
            return LookUp(LookUpStatus.NO_REFERENCE_DATA, zip_code, commodity)
        place, areas = self._places.get(zip_code), self._areas[zip_code]
        if place is None and not areas:
            return LookUp(LookUpStatus.UNKNOWN_ZIP, zip_code, commodity)
        city = place.city if place else ""
        state = place.state if place else _common_state(areas.values())
        candidates = self._candidates(areas[commodity], city=city, state=state)
        status = _status(candidates, state=state, wanted=question.state)
        neighbours, neighbour_zip = self._neighbours(candidates, place, commodity)
        return LookUp(
            status=status,
            zip_code=zip_code,
            commodity=commodity,
            candidates=candidates,
            city=city,
            state=state,
            has_commodity=bool(candidates) or self._covers(commodity, ""),
            covers_state=bool(candidates) or self._covers(commodity, state),
            neighbours=neighbours,
            neighbour_zip=neighbour_zip,
        )

    def _candidates(
        self, areas: Sequence[UtilityArea], *, city: str, state: str
    ) -> tuple[Candidate, ...]:
        """Rank the areas of the richest set that has any: the sets name the same companies."""
        compact = [area for area in areas if area.dataset == Dataset.COMPACT]
        if compact:
            return tuple(_candidate(a, a.rank, a.confidence, state) for a in compact)
        once = {(area.utility.eia_id, area.utility.state): area for area in areas}
        ranked = sorted(once.values(), key=lambda area: _likeliest(area.utility, city, state))
        # One of the two files alone cannot say that there is no other utility.
        is_whole = {ReferenceKind.OPENEI_IOU, ReferenceKind.OPENEI_NON_IOU} <= self._loaded
        sure = len(ranked) == 1 and is_whole
        confidence = Confidence.HIGH if sure else Confidence.LOW
        return tuple(
            _candidate(area, rank, confidence if rank == 1 else "", state)
            for rank, area in enumerate(ranked, 1)
        )

    def _covers(self, commodity: str, state: str) -> bool:
        """Tell whether there is data of a commodity for a state; for an empty one, for any."""
        if self._covered is None:
            live = UtilityProvider.objects.filter(retired_at=None).order_by()
            pairs = set(live.values_list("commodity", "state").distinct())
            self._covered = frozenset(pairs | {(covered, "") for covered, _state in pairs})
        return (commodity, state) in self._covered

    def _neighbours(
        self, candidates: Sequence[Candidate], place: ZipCode | None, commodity: Commodity
    ) -> tuple[tuple[Candidate, ...], str]:
        """Take water from the nearest ZIP code of the city: post-office boxes have no area."""
        if candidates or place is None or commodity != Commodity.WATER or not place.city:
            return (), ""
        if not self._covers(commodity, place.state):
            return (), ""
        key = (place.zip_code, commodity)
        if key not in self._hints:
            self._hints[key] = self._nearest_candidates(place, commodity)
        return self._hints[key]

    def _nearest_candidates(
        self, place: ZipCode, commodity: Commodity
    ) -> tuple[tuple[Candidate, ...], str]:
        nearest = _nearest(place, commodity)
        if nearest is None:
            return (), ""
        areas = list(_live_areas().filter(zip_code=nearest.zip_code, commodity=commodity))
        return self._candidates(areas, city=place.city, state=place.state), nearest.zip_code


def _live_areas() -> QuerySet[UtilityArea]:
    live = UtilityArea.objects.filter(retired_at=None, utility__retired_at=None)
    return live.select_related("utility").order_by("zip_code", "rank", "pk")


def _status(candidates: Sequence[Candidate], *, state: str, wanted: str | None) -> LookUpStatus:
    if wanted and state and wanted != state:
        return LookUpStatus.STATE_DIFFERS
    if not candidates:
        return LookUpStatus.NOT_COVERED
    first = candidates[0]
    is_sure = (
        len(candidates) == 1
        and first.confidence == Confidence.HIGH
        and not first.is_cross_state
        and (wanted is None or wanted == state != "")
    )
    return LookUpStatus.MATCHED if is_sure else LookUpStatus.CHOOSE


def _candidate(area: UtilityArea, rank: int, confidence: str, state: str) -> Candidate:
    utility = area.utility
    return Candidate(
        utility_id=utility.pk,
        utility_key=utility.utility_key,
        name=utility.name,
        state=utility.state,
        rank=rank,
        confidence=confidence,
        source=area.source,
        dataset=area.dataset,
        population_served=utility.population_served,
        is_cross_state=bool(utility.state and state and utility.state != state),
    )


def _likeliest(utility: UtilityProvider, city: str, state: str) -> tuple[bool, bool, int, str]:
    """Order utilities that their source does not rank: of the state, of the city, the largest."""
    is_of_city = bool(city) and city.casefold() in utility.name.casefold()
    return (utility.state != state, not is_of_city, -(utility.zip_count or 0), utility.name)


def _common_state(areas: Iterable[Sequence[UtilityArea]]) -> str:
    """Tell the state of a ZIP code by its utilities, where they are all of one."""
    states = {area.utility.state for some in areas for area in some}
    return states.pop() if len(states) == 1 else ""


def _nearest(place: ZipCode, commodity: Commodity) -> ZipCode | None:
    served = UtilityArea.objects.filter(
        zip_code=OuterRef("zip_code"),
        commodity=commodity,
        retired_at=None,
        utility__retired_at=None,
    )
    near = ZipCode.objects.filter(city=place.city, state=place.state, retired_at=None)
    others = near.exclude(pk=place.pk).filter(Exists(served))
    return min(others, key=lambda other: _distance(place, other), default=None)


def _distance(one: ZipCode, other: ZipCode) -> tuple[bool, float, str]:
    """Compare within a city; a ZIP code of unknown position is the last."""
    if None in (one.latitude, one.longitude, other.latitude, other.longitude):
        return (True, 0.0, other.zip_code)
    here = complex(cast("float", one.latitude), cast("float", one.longitude))
    there = complex(cast("float", other.latitude), cast("float", other.longitude))
    return (False, abs(here - there), other.zip_code)
