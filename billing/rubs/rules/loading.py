"""Reading the data files of the places; nothing that is wrong in one gets past it."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from decimal import Decimal
from functools import cache
from pathlib import Path

from billing.rubs.rules.checks import CHECKS
from billing.rubs.rules.conditions import read_conditions
from billing.rubs.rules.rulebook import PlaceRule, Rulebook
from billing.rubs.rules.table import MalformedPlace, Table
from billing.rubs.rules.verdicts import Check
from billing.rubs.rules.vocabulary import (
    ALL_UTILITIES,
    EVERYWHERE,
    FEDERAL,
    STATES,
    UNDATED,
    Confidence,
    Evidence,
    Severity,
)

PLACES = Path(__file__).parent / "places"

_ID = re.compile(r"[a-z]+(\.[a-z0-9_]+)+")
_DAY = r"\d{4}(-\d{2}(-\d{2})?)?"
_SEEN_ON = re.compile(rf"{_DAY}(/{_DAY})?|{UNDATED}")


@cache
def load_places(folder: Path = PLACES) -> Rulebook:
    """Read and check the data files.

    Errors: MalformedPlace, which names the file and the field.
    """
    files = sorted(folder.glob("*.toml"))
    read = [(file.name, rule) for file in files for rule in _read_file(file)]
    _check_ids(read)
    return Rulebook(tuple(sorted((rule for _, rule in read), key=_from_general_to_special)))


def _read_file(file: Path) -> Iterator[PlaceRule]:
    try:
        members = tomllib.loads(file.read_text("utf-8"), parse_float=Decimal)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MalformedPlace(file.name, "the file", f"is not TOML: {error}") from error
    table = Table(members, file=file.name)
    place, state = table.text("place"), table.text("state")
    if state not in {EVERYWHERE, FEDERAL, *STATES}:
        raise table.refuse("state", f"is not a state: {state!r}")
    rows = table.tables("rules")
    table.close()
    for row in rows:
        yield _read_rule(row, place, state)


def _read_rule(row: Table, place: str, state: str) -> PlaceRule:
    kind, check = _read_check(row)
    rule = PlaceRule(
        id=_read_id(row, state),
        place=place,
        state=state,
        city=_read_city(row, state),
        utilities=_read_utilities(row),
        kind=kind,
        check=check,
        conditions=read_conditions(row.table("when")),
        severity=row.choice("severity", Severity),
        message=row.sentence("message"),
        remedy=row.sentence("remedy"),
        citation=row.text("citation"),
        seen_on=_read_seen_on(row),
        confidence=row.choice("confidence", Confidence),
        evidence=row.choice("evidence", Evidence),
        in_force_from=row.day_or_none("in_force_from"),
        in_force_until=row.day_or_none("in_force_until"),
        replaces=_read_replaces(row),
    )
    _check_severity(row, rule)
    row.close()
    return rule


def _read_check(row: Table) -> tuple[str, Check]:
    kind = row.text("checks")
    if kind not in CHECKS:
        raise row.refuse("checks", f"does not know {kind!r}; known are {', '.join(CHECKS)}")
    limits = row.table("limits")
    check = CHECKS[kind](limits)
    limits.close()
    return kind, check


def _read_id(row: Table, state: str) -> str:
    rule_id = row.text("id")
    begins = "everywhere." if state == EVERYWHERE else f"{state.lower()}."
    if not _ID.fullmatch(rule_id) or not rule_id.startswith(begins):
        raise row.refuse("id", f"is not a name in small letters that begins with {begins!r}")
    return rule_id


def _read_city(row: Table, state: str) -> str:
    if "city" not in row:
        return ""
    if state not in STATES:
        raise row.refuse("city", "is given without a state")
    return row.text("city")


def _read_utilities(row: Table) -> frozenset[str]:
    words = row.words("utilities", ("all", *ALL_UTILITIES))
    if "all" in words and len(words) > 1:
        raise row.refuse("utilities", "says all and names some besides")
    return frozenset(ALL_UTILITIES if words == ("all",) else words)


def _read_seen_on(row: Table) -> str:
    seen_on = row.text("seen_on")
    if not _SEEN_ON.fullmatch(seen_on):
        raise row.refuse("seen_on", "is neither a date nor undated")
    return seen_on


def _read_replaces(row: Table) -> frozenset[str]:
    return frozenset((row.text("replaces"),)) if "replaces" in row else frozenset()


def _check_severity(row: Table, rule: PlaceRule) -> None:
    if rule.severity is Severity.CONFIRM:
        raise row.refuse("severity", "is confirm, which only an unknown fact can bring about")
    if rule.severity is not Severity.BLOCK:
        return
    if rule.confidence is not Confidence.HIGH:
        raise row.refuse("severity", "is block, but the confidence is not high")
    if rule.evidence is Evidence.RECALLED:
        raise row.refuse("severity", "is block, but nothing was read for it")


def _check_ids(read: Sequence[tuple[str, PlaceRule]]) -> None:
    ids: set[str] = set()
    for file, rule in read:
        if rule.id in ids:
            raise MalformedPlace(file, f"rules[{rule.id}].id", "is given twice")
        ids.add(rule.id)
    for file, rule in read:
        for replaced in sorted(rule.replaces - ids):
            raise MalformedPlace(
                file, f"rules[{rule.id}].replaces", f"names no known rule: {replaced}"
            )


def _from_general_to_special(rule: PlaceRule) -> tuple[int, str, str]:
    floor = (EVERYWHERE, FEDERAL).index(rule.state) if rule.state in {EVERYWHERE, FEDERAL} else 2
    return floor, rule.state, rule.city
