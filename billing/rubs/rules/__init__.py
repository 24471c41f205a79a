"""What the law of a place says about sharing bills: data files, and checks of them in pure Python.

Not legal advice: every rule carries its citation, the date of the text seen and our confidence.
"""

from __future__ import annotations

from billing.rubs.rules.loading import load_places
from billing.rubs.rules.proposal import (
    CalculationOutcome,
    MethodPart,
    Place,
    PropertyFacts,
    RuleProposal,
    TenantCharge,
    WeightTable,
)
from billing.rubs.rules.review import (
    Finding,
    review_calculation,
    review_rule,
    statement_fields,
)
from billing.rubs.rules.rulebook import PlaceRule, Rulebook, StatementField
from billing.rubs.rules.table import MalformedPlace
from billing.rubs.rules.vocabulary import (
    BillLine,
    CommonAreaKind,
    Confidence,
    DeductionBase,
    Evidence,
    Irrigation,
    Item,
    PropertyKind,
    Severity,
    ShownIn,
    VacantPart,
)

__all__ = [
    "BillLine",
    "CalculationOutcome",
    "CommonAreaKind",
    "Confidence",
    "DeductionBase",
    "Evidence",
    "Finding",
    "Irrigation",
    "Item",
    "MalformedPlace",
    "MethodPart",
    "Place",
    "PlaceRule",
    "PropertyFacts",
    "PropertyKind",
    "RuleProposal",
    "Rulebook",
    "Severity",
    "ShownIn",
    "StatementField",
    "TenantCharge",
    "VacantPart",
    "WeightTable",
    "load_places",
    "review_calculation",
    "review_rule",
    "statement_fields",
]
