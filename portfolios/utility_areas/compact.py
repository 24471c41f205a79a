"""The compact set: ZIP codes, utilities, and which serves which."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from portfolios.utility_areas.cells import Checked
from portfolios.utility_areas.files import ReferenceText
from portfolios.utility_areas.not_utilities import why_not_electric
from portfolios.utility_areas.rows import (
    COMMODITIES,
    CONFIDENCES,
    AreaRow,
    Problems,
    Tally,
    UtilityKey,
    UtilityRow,
    ZipRow,
)
from portfolios.utility_areas.zips import FIRST_ZIP_CODE, is_zip_code

_PSEUDO = "no real ZIP code"
_LARGEST_RANK = 999


def read_zip_codes(file: ReferenceText, problems: Problems, tally: Tally) -> list[ZipRow]:
    """Read the ZIP codes; each may stand there once."""
    found: dict[str, ZipRow] = {}
    for line, (zip_code, city, state, county, fips, latitude, longitude) in file.lines(problems):
        checked = Checked(file.name, line, problems)
        if not is_zip_code(zip_code):
            checked.refuse(_no_zip(zip_code))
        elif zip_code in found:
            checked.refuse(f"ZIP code {zip_code} stands there twice")
        row = ZipRow(
            zip_code=zip_code,
            city=checked.text("city", city, longest=100),
            state=checked.state(state),
            county=checked.text("county", county, longest=100),
            county_fips=checked.text("county_fips", fips, longest=5),
            latitude=checked.degrees("lat", latitude, limit=90),
            longitude=checked.degrees("lon", longitude, limit=180),
        )
        if not checked.is_sound:
            continue
        if zip_code < FIRST_ZIP_CODE:
            tally.reject(_PSEUDO)
        else:
            found[zip_code] = row
    return list(found.values())


@dataclass(frozen=True, slots=True)
class ReadUtilities:
    """The utilities of a file, and the keys of those that were left out."""

    rows: list[UtilityRow]
    left_out: frozenset[UtilityKey]


def read_utilities(file: ReferenceText, problems: Problems, tally: Tally) -> ReadUtilities:
    """Read the utilities; what is listed as electric and is no electric utility is left out."""
    found: dict[UtilityKey, UtilityRow] = {}
    left_out: set[UtilityKey] = set()
    for line, cells in file.lines(problems):
        checked = Checked(file.name, line, problems)
        row = _utility(checked, cells)
        key = (row.commodity, row.utility_key)
        if key in found or key in left_out:
            checked.refuse(f"{row.commodity} utility “{row.utility_key}” stands there twice")
        if not checked.is_sound:
            continue
        reason = why_not_electric(row.name) if row.commodity == "electric" else ""
        if reason:
            tally.reject(reason)
            left_out.add(key)
        else:
            found[key] = row
    return ReadUtilities(list(found.values()), frozenset(left_out))


def _utility(checked: Checked, cells: tuple[str, ...]) -> UtilityRow:
    key, commodity, name, state, ownership, eia_id, match, pwsid, people, area, zips, source = cells
    if not name.strip() and pwsid.strip():
        name = f"Water system {pwsid.strip()}"
    return UtilityRow(
        commodity=checked.one_of("commodity", commodity, COMMODITIES),
        utility_key=checked.text("utility_key", key, longest=100, needed=True),
        name=checked.text("name", name, longest=200, needed=True),
        state=checked.state(state),
        source=checked.text("source", source, longest=60, needed=True),
        ownership=checked.text("ownership", ownership, longest=60),
        eia_id=checked.text("eiaid", eia_id, longest=10),
        eia_id_match=checked.text("eiaid_match", match, longest=20),
        pwsid=checked.text("pwsid", pwsid, longest=20),
        population_served=checked.count("population_served", people),
        service_area_type=checked.text("service_area_type", area, longest=60),
        zip_count=checked.count("zip_count", zips),
    )


def read_areas(
    file: ReferenceText,
    problems: Problems,
    tally: Tally,
    *,
    known: Collection[UtilityKey],
    left_out: Collection[UtilityKey],
) -> list[AreaRow]:
    """Read who serves which ZIP code; each utility has to be known."""
    rows: list[AreaRow] = []
    seen = _Seen()
    for row, refuse in _area_rows(file, problems):
        key = (row.commodity, row.utility_key)
        if key in left_out:
            tally.reject("its utility is left out")
        elif row.zip_code < FIRST_ZIP_CODE:
            tally.reject(_PSEUDO)
        elif key not in known:
            refuse(f"{row.commodity} utility “{row.utility_key[:60]}” is not known")
        elif twice := seen.twice(row):
            refuse(twice)
        else:
            rows.append(row)
    return rows


Refuse = Callable[[str], None]


def _area_rows(file: ReferenceText, problems: Problems) -> Iterator[tuple[AreaRow, Refuse]]:
    for line, (zip_code, commodity, key, rank, confidence, source) in file.lines(problems):
        checked = Checked(file.name, line, problems)
        if not is_zip_code(zip_code):
            checked.refuse(_no_zip(zip_code))
        place = checked.count("rank", rank)
        if not place or place > _LARGEST_RANK:
            checked.refuse(f"rank “{rank[:40]}” is not a number from 1 to {_LARGEST_RANK}")
        checked.one_of("commodity", commodity, COMMODITIES)
        checked.one_of("confidence", confidence, CONFIDENCES)
        checked.text("source", source, longest=60, needed=True)
        if checked.is_sound:
            row = AreaRow(zip_code, commodity, key, place or 0, confidence, source.strip())
            yield row, checked.refuse


class _Seen:
    """Which ranks and utilities a ZIP code has already."""

    def __init__(self) -> None:
        self._ranks: set[tuple[str, str, int]] = set()
        self._utilities: set[tuple[str, str, str]] = set()

    def twice(self, row: AreaRow) -> str:
        """Tell what of a row was there before; empty when nothing was."""
        rank = (row.zip_code, row.commodity, row.rank)
        utility = (row.zip_code, row.commodity, row.utility_key)
        where = f"{row.commodity} of {row.zip_code}"
        if rank in self._ranks:
            return f"rank {row.rank} of {where} is taken already"
        if utility in self._utilities:
            return f"“{row.utility_key}” stands twice for {where}"
        self._ranks.add(rank)
        self._utilities.add(utility)
        return ""


def _no_zip(text: str) -> str:
    return f"ZIP code “{text[:40]}” is not five digits"
