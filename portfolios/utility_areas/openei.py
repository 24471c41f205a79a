"""The public look-up of OpenEI: electric utilities by ZIP code, in two files a year."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from portfolios.utility_areas.cells import Checked
from portfolios.utility_areas.files import ReferenceText
from portfolios.utility_areas.not_utilities import SUPPLIERS, why_not_electric
from portfolios.utility_areas.rows import AreaRow, Kind, Problems, Tally, UtilityRow
from portfolios.utility_areas.zips import FIRST_ZIP_CODE, restored_zip_code

_INVESTORS = "investor owned"
_SERVICES = frozenset({"bundled", "delivery", "energy"})


@dataclass(frozen=True, slots=True)
class ReadOpenEi:
    """What one of the two files says."""

    kind: Kind
    utilities: list[UtilityRow]
    areas: list[AreaRow]
    row_count: int


@dataclass(frozen=True, slots=True)
class _Link:
    zip_code: str
    eia_id: str
    state: str
    name: str
    ownership: str
    reason: str
    """Why the row is left out; empty for one that counts."""


def read_openei(file: ReferenceText, problems: Problems, tally: Tally) -> ReadOpenEi:
    """Read a file of OpenEI; a ZIP code and a utility that are there twice are one row.

    Shape: the utility's key holds its EIA id and the state, since one company can serve several;
        and whose file it is, since a company can be in both, of different years.
    """
    links = list(_links(file, problems))
    kind = _whose(links)
    prefix = kind.replace("_", "-")
    utilities: dict[str, UtilityRow] = {}
    areas: dict[tuple[str, str], AreaRow] = {}
    for link in links:
        key = f"{prefix}-{link.eia_id}-{link.state.lower()}"
        if link.reason:
            tally.reject(link.reason)
        elif (link.zip_code, key) in areas:
            tally.repeated += 1
        else:
            utilities.setdefault(key, _utility(link, key, kind))
            areas[link.zip_code, key] = AreaRow(link.zip_code, "electric", key, 0, "", kind)
    zips = Counter(area.utility_key for area in areas.values())
    counted = [replace(row, zip_count=zips[key]) for key, row in utilities.items()]
    return ReadOpenEi(kind, counted, list(areas.values()), len(links))


def _utility(link: _Link, key: str, kind: Kind) -> UtilityRow:
    return UtilityRow(
        commodity="electric",
        utility_key=key,
        name=link.name,
        state=link.state,
        source=kind,
        ownership=link.ownership,
        eia_id=link.eia_id,
        eia_id_match="openei",
    )


def _whose(links: list[_Link]) -> Kind:
    """Tell the two files apart by the owners of most of their rows."""
    of_investors = sum(link.ownership.casefold() == _INVESTORS for link in links)
    return Kind.OPENEI_IOU if 2 * of_investors > len(links) else Kind.OPENEI_NON_IOU


def _links(file: ReferenceText, problems: Problems) -> Iterator[_Link]:
    for line, (written, eia_id, name, state, service, ownership) in file.lines(problems):
        checked = Checked(file.name, line, problems)
        zip_code = restored_zip_code(written, state=state)
        if zip_code is None:
            checked.refuse(f"ZIP code “{written[:40]}” is not five digits{_where(written, state)}")
        if not state:
            checked.refuse("state is empty")
        checked.count("eiaid", eia_id)
        checked.one_of("service_type", service.casefold(), _SERVICES)
        link = _Link(
            zip_code=zip_code or "",
            eia_id=checked.text("eiaid", eia_id, longest=9, needed=True),
            state=checked.state(state),
            name=checked.text("utility_name", name, longest=200, needed=True),
            ownership=checked.text("ownership", ownership, longest=60),
            reason=_why_not(zip_code or "", name, service.casefold(), ownership.casefold()),
        )
        if checked.is_sound:
            yield link


def _where(written: str, state: str) -> str:
    return f", and no ZIP code of {state[:2]} begins like it" if written.isdecimal() else ""


def _why_not(zip_code: str, name: str, service: str, ownership: str) -> str:
    if zip_code < FIRST_ZIP_CODE:
        return "no real ZIP code"
    if service == "energy" or ownership in SUPPLIERS:
        return "sells energy over the wires of others"
    return why_not_electric(name)
