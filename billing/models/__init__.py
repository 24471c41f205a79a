"""The tables of billing."""

from billing.models.account import UtilityAccount
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
from billing.models.bill_terms import BillTermKind, BillTerms
from billing.models.calculation import (
    Approval,
    Calculation,
    CalculationState,
    Charge,
    ChargeKind,
    Decision,
)
from billing.models.charge_code import ChargeCode, ChargeCodeMapping, UtilityChargeCode
from billing.models.failure_follow_up import FailureFollowUp, FollowUpAct
from billing.models.go_live import GoLiveItem, GoLiveTick
from billing.models.ledger_check import (
    DifferenceKind,
    LedgerCheck,
    LedgerDifference,
    LedgerSighting,
)
from billing.models.owner_share import OwnerBucket, OwnerShare
from billing.models.place import PlaceFacts, PlaceOverride
from billing.models.posting import (
    AttemptOutcome,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    PostingState,
    ResolvedAs,
    SentAs,
)
from billing.models.prepared_file import FileKind, PreparedFile
from billing.models.reversal import Reversal, ReversalItem, ReversalState
from billing.models.saved_view import SavedView
from billing.models.share_rule import Method, ShareRule, UnitTerms, VacancyPolicy
from billing.models.statement import Statement, StatementCharge, StatementContact

__all__ = [
    "Approval",
    "AttemptOutcome",
    "BillDocument",
    "BillFlag",
    "BillFlagKind",
    "BillTermKind",
    "BillTerms",
    "Calculation",
    "CalculationState",
    "Charge",
    "ChargeCode",
    "ChargeCodeMapping",
    "ChargeKind",
    "Decision",
    "DifferenceKind",
    "FailureFollowUp",
    "FileKind",
    "FollowUpAct",
    "GoLiveItem",
    "GoLiveTick",
    "LedgerCheck",
    "LedgerDifference",
    "LedgerSighting",
    "LineKind",
    "Method",
    "OwnerBucket",
    "OwnerShare",
    "PlaceFacts",
    "PlaceOverride",
    "Posting",
    "PostingAttempt",
    "PostingEvent",
    "PostingJob",
    "PostingState",
    "PreparedFile",
    "ResolvedAs",
    "Reversal",
    "ReversalItem",
    "ReversalState",
    "SavedView",
    "SentAs",
    "ShareRule",
    "Spread",
    "Statement",
    "StatementCharge",
    "StatementContact",
    "SubmeterReading",
    "UnitTerms",
    "Utility",
    "UtilityAccount",
    "UtilityBill",
    "UtilityBillLine",
    "UtilityChargeCode",
    "VacancyPolicy",
]
