"""What a check answers, and what makes something a check."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from billing.rubs.rules.proposal import CalculationOutcome, RuleProposal


@dataclass(frozen=True, slots=True)
class Missed:
    """The place's rule is not kept.

    Shape: a sentence about what was found, empty when the rule's own words say it all.
    """

    found: str = ""


@dataclass(frozen=True, slots=True)
class Unknown:
    """It cannot be told whether the place's rule is kept.

    Shape: completes "it is not known ...".
    """

    what: str


Verdict = Missed | Unknown | None


@runtime_checkable
class ReviewsRule(Protocol):
    """A check of a share rule, before anything is calculated by it."""

    def review(self, proposal: RuleProposal) -> Verdict:
        """Hold a share rule against the check."""


@runtime_checkable
class ReviewsCalculation(Protocol):
    """A check of the amounts that came out."""

    def audit(self, outcome: CalculationOutcome) -> Verdict:
        """Hold a calculation against the check."""


Check = ReviewsRule | ReviewsCalculation
