"""A bill, a rule and units as a person writes them in JSON; docs/allocation.md has the schema."""

from __future__ import annotations

from datetime import date, timedelta

from billing.rubs.bill_lines import BillLine, LineKind, Spread
from billing.rubs.inputs import BillInput, BillPeriod
from billing.rubs.problems import CannotAllocate, Problem
from billing.rubs.request_reader import Reader
from billing.rubs.request_rule import read_rule
from billing.rubs.request_units import read_units

# Where a request counts days only, some days have to stand for them.
_ANY_DAY = date(2001, 1, 1)


def read_request(document: object) -> BillInput:
    """Read a bill with its rule and units.

    Errors: CannotAllocate with everything that cannot be read.
    """
    problems: list[Problem] = []
    request = Reader(document, "", problems)
    bill = request.object("bill") or Reader({}, "bill", problems)
    rule = request.object("rule") or Reader({}, "rule", problems)
    period = _read_period(bill)
    lines = tuple(_read_line(line) for line in bill.objects("lines"))
    amount = bill.cents("amount")
    if amount is None:
        amount = sum(line.amount_cents for line in lines)
        if not lines and not problems:
            bill.note("amount", "is missing; enter the amount of the bill or its lines")
    units = request.objects("units")
    if not units and not problems:
        request.note("units", "is missing; enter the units that share the bill")
    read = BillInput(
        amount_cents=amount,
        period=period,
        rule=read_rule(rule),
        units=read_units(units, period),
        lines=lines,
    )
    for reader in (bill, rule, request):
        reader.close()
    if problems:
        raise CannotAllocate(problems)
    return read


def _read_period(bill: Reader) -> BillPeriod:
    fallback = BillPeriod(_ANY_DAY, _ANY_DAY + timedelta(days=1))
    period = bill.object("period")
    if period is None:
        bill.note("period", "is missing; enter its start and end, or its number of days")
        return fallback
    noted = len(bill.problems)
    start, end = period.day("start"), period.day("end")
    end = period.day_after("last_day") or end
    days = period.days("days")
    period.close()
    if days is not None:
        start = start or _ANY_DAY
        end = start + timedelta(days=days)
    if start is None or end is None:
        if len(bill.problems) == noted:
            period.note("", "needs its start and end, or its number of days", period.place)
        return fallback
    return BillPeriod(start, end)


def _read_line(line: Reader) -> BillLine:
    for name in ("kind", "amount"):
        if not line.has(name):
            line.note(name, "is missing")
    kind, amount = line.choice("kind", LineKind, None), line.cents("amount")
    read = BillLine(
        kind=kind or LineKind.OTHER,
        amount_cents=amount or 0,
        name=line.text("name") or "",
        spread=line.choice("spread", Spread, None),
        cents_per_unit=line.cents("amount_per_unit"),
        unit_count=line.whole("unit_count"),
    )
    line.close()
    return read
