"""Why a bill cannot be allocated: all problems at once, each a sentence that says what to do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from billing.rubs.inputs import UnitInput


@dataclass(frozen=True, slots=True)
class Problem:
    """One reason for a refusal.

    Shape: unit_key is None when the bill or its rule is meant; `field` is a name in the inputs.
    """

    unit_key: str | None
    unit_label: str
    field: str
    message: str


class CannotAllocate(ValueError):
    """The bill cannot be shared until every one of these problems is solved."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)


def bill_problem(field: str, message: str) -> Problem:
    """Report a problem of the bill or its rule."""
    return Problem(None, "", field, message)


def unit_problem(unit: UnitInput, field: str, message: str) -> Problem:
    """Report a problem of one unit, whose name begins the sentence."""
    return Problem(unit.key, unit.label, field, f"{unit_name(unit.label)} {message}")


def unit_name(label: str) -> str:
    """Name a unit in a sentence, without saying "Unit Unit 4"."""
    return label if label.casefold().startswith("unit") else f"Unit {label}"
