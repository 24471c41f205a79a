"""Ratio utility billing: pure arithmetic that shares one bill over units, exact to the cent.

Values in, values out: no clock, no input or output, nothing but the standard library.
"""

from __future__ import annotations

from billing.rubs.allocate import ENGINE_VERSION, allocate
from billing.rubs.document import MalformedBill
from billing.rubs.explain import Step, StepUnit, explain
from billing.rubs.inputs import BillInput, BillPeriod, RuleInput, Stay, UnitInput, Vacancy
from billing.rubs.methods import METHODS, Term
from billing.rubs.problems import CannotAllocate, Problem
from billing.rubs.results import (
    Allocation,
    Basis,
    Bucket,
    OwnerLine,
    TenantLine,
    UnbalancedAllocation,
)
from billing.rubs.wire import allocation_to_json, bill_input_from_json, bill_input_to_json, digest

__all__ = [
    "ENGINE_VERSION",
    "METHODS",
    "Allocation",
    "Basis",
    "BillInput",
    "BillPeriod",
    "Bucket",
    "CannotAllocate",
    "MalformedBill",
    "OwnerLine",
    "Problem",
    "RuleInput",
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
