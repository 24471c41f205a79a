"""The kinds of checks: each reads its limits from a data file and knows nothing of any place.

A new kind is one more class with `read`, and `review` or `audit` or both, in the registry below.
"""

from __future__ import annotations

from collections.abc import Callable

from billing.rubs.rules.checks.ceiling import Ceiling
from billing.rubs.rules.checks.common_area import CommonAreaBase, CommonAreaDeduction
from billing.rubs.rules.checks.disclosures import Disclosure, ExcludedLines
from billing.rubs.rules.checks.fees import ActualCostFee, FeeLimit
from billing.rubs.rules.checks.late_fees import LateFeeLimit
from billing.rubs.rules.checks.methods import (
    AllowedMethods,
    Note,
    ShareCap,
    UtilityAllowed,
    WeightFloor,
)
from billing.rubs.rules.checks.times import DueDays, NoticeDays, Records
from billing.rubs.rules.checks.vacancy import VacantFixedCharge, VacantUse
from billing.rubs.rules.table import Table
from billing.rubs.rules.verdicts import Check

CHECKS: dict[str, Callable[[Table], Check]] = {
    "utility_allowed": UtilityAllowed.read,
    "allowed_methods": AllowedMethods.read,
    "weight_floor": WeightFloor.read,
    "share_cap": ShareCap.read,
    "common_area_deduction": CommonAreaDeduction.read,
    "common_area_base": CommonAreaBase.read,
    "vacant_use": VacantUse.read,
    "vacant_fixed_charge": VacantFixedCharge.read,
    "excluded_lines": ExcludedLines.read,
    "fee_limit": FeeLimit.read,
    "actual_cost_fee": ActualCostFee.read,
    "late_fee_limit": LateFeeLimit.read,
    "due_days": DueDays.read,
    "notice_days": NoticeDays.read,
    "records": Records.read,
    "disclosure": Disclosure.read,
    "ceiling": Ceiling.read,
    "note": Note.read,
}

__all__ = ["CHECKS", "Disclosure"]
