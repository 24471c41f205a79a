"""The tables of billing."""

from billing.models.bill import Utility, UtilityBill
from billing.models.calculation import (
    Approval,
    Calculation,
    CalculationState,
    Charge,
    Decision,
)
from billing.models.posting import (
    AttemptOutcome,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    PostingState,
)
from billing.models.share_rule import Method, ShareRule, VacancyPolicy

__all__ = [
    "Approval",
    "AttemptOutcome",
    "Calculation",
    "CalculationState",
    "Charge",
    "Decision",
    "Method",
    "Posting",
    "PostingAttempt",
    "PostingEvent",
    "PostingJob",
    "PostingState",
    "ShareRule",
    "Utility",
    "UtilityBill",
    "VacancyPolicy",
]
