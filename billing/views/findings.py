"""What the rules of a place said about a calculation, and what stands in its way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.urls import reverse

from billing.models import Calculation
from billing.queries import Blocker, open_blockers
from billing.rubs.rules import Severity
from billing.views.bill_problems import rule_url
from billing.views.wording import Badge

_BADGES = {
    Severity.BLOCK: Badge("Stands in the way", "danger"),
    Severity.WARN: Badge("Look at this", "warning"),
    Severity.CONFIRM: Badge("To confirm", "unknown"),
    Severity.NOTE: Badge("To know", "neutral"),
}
_SET_ASIDE = Badge("Set aside", "warning")


@dataclass(frozen=True, slots=True)
class SetAside:
    """Who set a rule of the place aside, when and why."""

    by: str
    on: date
    reason: str


@dataclass(frozen=True, slots=True)
class FindingRow:
    """One thing that the place's rules said, frozen with the calculation.

    Shape: the message carries its citation.
    """

    badge: Badge
    message: str
    remedy: str
    set_aside: SetAside | None


@dataclass(frozen=True, slots=True)
class Findings:
    """What the place said, what asks for somebody first.

    Shape: `pressing` are the blocks, those set aside among them, and the warnings.
    """

    pressing: tuple[FindingRow, ...]
    others: tuple[FindingRow, ...]


def findings_of(calculation: Calculation) -> Findings:
    """Read the findings that were frozen with a calculation."""
    pressing: list[FindingRow] = []
    others: list[FindingRow] = []
    for finding in calculation.findings:
        presses = finding["severity"] in (Severity.BLOCK, Severity.WARN) or finding["set_aside"]
        (pressing if presses else others).append(_row(finding))
    return Findings(tuple(pressing), tuple(others))


def set_aside_in(calculation: Calculation) -> list[FindingRow]:
    """List the rules of the place that somebody set aside."""
    return [_row(finding) for finding in calculation.findings if finding["set_aside"]]


def blockers_with_links(calculation: Calculation) -> list[tuple[str, str]]:
    """List what has to be decided before the review, each with the page on which it is."""
    return [
        (blocker.message, _where(calculation, blocker)) for blocker in open_blockers(calculation)
    ]


def place_stands_in_the_way(calculation: Calculation) -> bool:
    """Tell whether a rule of the place blocks a calculation; only a new version gets past it."""
    return any(blocker.place_rule_id for blocker in open_blockers(calculation))


def _where(calculation: Calculation, blocker: Blocker) -> str:
    if blocker.flag is not None:
        return reverse("billing:bill-detail", args=[calculation.bill_id]) + "#flags"
    return rule_url(calculation.bill)


def _row(finding: dict[str, Any]) -> FindingRow:
    aside = finding["set_aside"]
    return FindingRow(
        badge=_SET_ASIDE if aside else _BADGES[Severity(finding["severity"])],
        message=finding["message"],
        remedy=finding["remedy"],
        set_aside=SetAside(aside["by"], date.fromisoformat(aside["on"]), aside["reason"])
        if aside
        else None,
    )
