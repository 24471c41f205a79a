"""Ratio utility billing: pure arithmetic that shares one bill over units, exact to the cent.

Values in, values out: no clock, no input or output, nothing but the standard library.
"""

from __future__ import annotations

from billing.rubs.allocate import ENGINE_VERSION, allocate
from billing.rubs.basis import Basis
from billing.rubs.bill_lines import BillLine, LineKind, Spread
from billing.rubs.buckets import Bucket
from billing.rubs.document import MalformedBill
from billing.rubs.explain import Step, StepUnit, explain
from billing.rubs.fields import Term
from billing.rubs.inputs import BillInput, BillPeriod, Stay, UnitInput
from billing.rubs.methods import METHODS, MIX
from billing.rubs.problems import CannotAllocate, Problem
from billing.rubs.results import (
    Allocation,
    FeeLine,
    OwnerLine,
    TenantLine,
    UnbalancedAllocation,
)
from billing.rubs.rule_input import (
    AdminFee,
    CommonAreaBase,
    Limits,
    MixPart,
    Proration,
    RatioTable,
    RuleInput,
    Vacancy,
)
from billing.rubs.wire import allocation_to_json, bill_input_from_json, bill_input_to_json, digest

__all__ = [
    "ENGINE_VERSION",
    "METHODS",
    "MIX",
    "AdminFee",
    "Allocation",
    "Basis",
    "BillInput",
    "BillLine",
    "BillPeriod",
    "Bucket",
    "CannotAllocate",
    "CommonAreaBase",
    "FeeLine",
    "Limits",
    "LineKind",
    "MalformedBill",
    "MixPart",
    "OwnerLine",
    "Problem",
    "Proration",
    "RatioTable",
    "RuleInput",
    "Spread",
    "Stay",
    "Step",
    "StepUnit",
    "TenantLine",
    "Term",
    "UnbalancedAllocation",
    "UnitInput",
    "Vacancy",
    "allocate",
    "allocation_to_json",
    "bill_input_from_json",
    "bill_input_to_json",
    "digest",
    "explain",
]
