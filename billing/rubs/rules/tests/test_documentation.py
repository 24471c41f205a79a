"""Holds the table of docs/places.md against the data files."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from billing.rubs.rules import PlaceRule, Severity, load_places
from billing.rubs.rules.vocabulary import ALL_UTILITIES

PAGE = Path(__file__).parents[4] / "docs" / "places.md"
HEADING = "| Place | Utilities | Rules | Blocking | In short |\n|---|---|---|---|---|\n"


def rows_of_the_page() -> dict[str, tuple[str, str, str]]:
    table = PAGE.read_text().split(HEADING)[1].split("\n\n")[0]
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in table.splitlines()]
    return {place: (utilities, rules, blocking) for place, utilities, rules, blocking, _ in rows}


def row_of(rules: list[PlaceRule]) -> tuple[str, str, str]:
    concerned = frozenset().union(*(rule.utilities for rule in rules))
    names = [utility for utility in ALL_UTILITIES if utility in concerned]
    blocking = sum(rule.severity is Severity.BLOCK for rule in rules)
    utilities = "all" if len(names) == len(ALL_UTILITIES) else ", ".join(names)
    return utilities, str(len(rules)), str(blocking)


def test_the_page_tells_of_every_place_what_the_files_say() -> None:
    places = defaultdict(list)
    for rule in load_places().rules:
        places[f"{rule.city}, {rule.place}" if rule.city else rule.place].append(rule)
    assert rows_of_the_page() == {place: row_of(rules) for place, rules in places.items()}
