"""What must be right about the lines of an invoice."""

from __future__ import annotations

from collections.abc import Iterator

from billing.rubs.bill_lines import NEVER_PASSED_ON, BillLine, Spread
from billing.rubs.figures import dollars
from billing.rubs.fixed import billable_units
from billing.rubs.inputs import BillInput
from billing.rubs.problems import Problem, bill_problem


def line_problems(bill: BillInput) -> Iterator[Problem]:
    """Find lines that do not make the bill, or that may not be passed on as they say."""
    total = sum(line.amount_cents for line in bill.lines)
    if bill.lines and total != bill.amount_cents:
        yield bill_problem(
            "lines",
            f"The lines add up to {dollars(total)}, but the bill is {dollars(bill.amount_cents)};"
            " enter every line, and credits as negative ones.",
        )
    for line in bill.lines:
        for message in _messages(line, bill):
            yield bill_problem("lines", f"{line.label} {message}")


def _messages(line: BillLine, bill: BillInput) -> Iterator[str]:
    spread = line.passed_on
    if spread is None:
        yield "does not say how it is passed on; choose one of " + ", ".join(Spread) + "."
    if line.kind in NEVER_PASSED_ON and spread is not Spread.OWNER:
        yield "may never be passed on to tenants; leave it with the owner."
    if not line.is_fixed and (line.cents_per_unit is not None or line.unit_count is not None):
        yield "gives an amount or a number of units, but is not spread over units; drop them."
    if line.cents_per_unit is not None and line.unit_count is not None:
        yield "gives an amount for one unit and a number of units; give one of them."
    if line.unit_count is not None:
        yield from _unit_count_messages(line.unit_count, spread, billable_units(bill))


def _unit_count_messages(count: int, spread: Spread | None, units: int) -> Iterator[str]:
    if spread is Spread.OCCUPIED_UNITS:
        yield "is spread over occupied units, which are counted by days; drop the number of units."
    elif count < units:
        yield (
            f"is for {count} units, but the building has {units} that can be billed; enter at"
            " least as many."
        )
