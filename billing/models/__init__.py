"""The tables of billing."""

from billing.models.bill import (
    BillDocument,
    BillFlag,
    BillFlagKind,
    LineKind,
    Spread,
    SubmeterReading,
    Utility,
    UtilityBill,
    UtilityBillLine,
)
from billing.models.calculation import (
    Approval,
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    Decision,
)
from billing.models.charge_code import ChargeCode, ChargeCodeMapping, UtilityChargeCode
from billing.models.ledger_check import DifferenceKind, LedgerCheck, LedgerDifference
from billing.models.place import PlaceFacts, PlaceOverride
from billing.models.posting import (
    AttemptOutcome,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    PostingState,
)
from billing.models.share_rule import Method, ShareRule, UnitTerms, VacancyPolicy

__all__ = [
    "Approval",
    "AttemptOutcome",
    "BillDocument",
    "BillFlag",
    "BillFlagKind",
    "Calculation",
    "CalculationState",
    "Charge",
    "ChargeCode",
    "ChargeCodeMapping",
    "ChargeKind",
    "Decision",
    "DifferenceKind",
    "LedgerCheck",
    "LedgerDifference",
    "LineKind",
    "Method",
    "PlaceFacts",
    "PlaceOverride",
    "Posting",
    "PostingAttempt",
    "PostingEvent",
    "PostingJob",
    "PostingState",
    "ShareRule",
    "Spread",
    "SubmeterReading",
    "UnitTerms",
    "Utility",
    "UtilityBill",
    "UtilityBillLine",
    "UtilityChargeCode",
    "VacancyPolicy",
]
