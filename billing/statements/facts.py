"""What residents are told of a charge, filled in as far as MeterBase knows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.utils.dateformat import format as format_date

from billing.models import LineKind, VacancyPolicy
from billing.rubs import Bucket
from billing.rubs.figures import dollars_cut, plain
from billing.rubs.rules import Item
from billing.rubs.rules.vocabulary import METHOD_NOUNS, listed
from billing.statements.account import BillAccount
from billing.statements.billed import BilledLine
from billing.words import percent
from meterbase.lib.money import format_dollars

Json = dict[str, Any]
Teller = Callable[[BillAccount], str | None]


def tell(item: Item, account: BillAccount) -> str | None:
    """Say one thing of a charge in plain words; None when MeterBase does not know it."""
    teller = _TELLERS.get(item)
    return None if teller is None else teller(account)


def _utility(account: BillAccount) -> str:
    return account.calculation.bill.get_utility_display()


def _amount(account: BillAccount) -> str:
    return format_dollars(account.share.amount_cents if account.share else 0)


def _total(account: BillAccount) -> str:
    return format_dollars(account.total_cents)


def _fee(account: BillAccount) -> str:
    return format_dollars(account.fee.amount_cents) if account.fee else "None"


def _period(account: BillAccount) -> str:
    period, own = account.bill.period, account.timeline.own
    spans = listed([f"{_day(spell.start)} through {_day(spell.last)}" for spell in own])
    last = period.end - timedelta(days=1)
    whole = f"{_day(period.start)} through {_day(last)}, {period.days} days"
    if account.timeline.own_days == period.days:
        return f"{whole}; your lease holds the unit on all of them"
    return f"{whole}; your lease holds the unit on {account.timeline.own_days} of them, {spans}"


def _day(day: date) -> str:
    return format_date(day, "j M Y")


def _method(account: BillAccount) -> str:
    rule = account.bill.rule
    vacancy = VacancyPolicy(rule.vacancy.value).label.lower()
    if rule.mix:
        by = listed(
            [
                f"{plain(Fraction(part.percent))} % by {METHOD_NOUNS[part.method]}"
                for part in rule.mix
            ]
        )
    else:
        by = f"By {METHOD_NOUNS[rule.method]}"
    return f"{by}; for days on which nobody lives in a unit, {vacancy}"


def _common_area(account: BillAccount) -> str:
    owner = account.calculation.result["owner"]
    cents = sum(line["cents"] for line in owner if line["bucket"] == Bucket.COMMON_AREA)
    if not cents:
        return "Nothing is taken off for common areas"
    return f"{format_dollars(cents)} of the bill is the owner's for common areas and is not shared"


def _formula_share(account: BillAccount) -> str | None:
    if account.share is None:
        return None
    share = percent(Fraction(account.share.explanation["share"]), places=4)
    pool = dollars_cut(Fraction(account.calculation.result["basis"]["pool_exact_cents"]))
    return f"{share} of the {pool} that is shared by the formula"


def _lines(*kinds: LineKind) -> Teller:
    """Tell the bill's lines of some kinds; a bill entered without lines does not say."""

    def teller(account: BillAccount) -> str | None:
        if not account.lines:
            return None
        found = [_line(line) for line in account.lines if line.kind in kinds]
        return listed(found) if found else "None on this bill"

    return teller


def _line(line: BilledLine) -> str:
    how = line.passed_on[:1].lower() + line.passed_on[1:]
    return f"{line.name} {format_dollars(line.cents)} ({how})"


def _use_and_price(account: BillAccount) -> str | None:
    """Tell what the unit's meter counted and what one of it costs, where nothing else counts."""
    pools = account.calculation.result["basis"]["pools"]
    terms = _terms(account)
    if len(pools) != 1 or pools[0]["method"] != "submeter" or len(terms) != 1:
        return None
    divisor = Fraction(pools[0]["tenants_divisor"])
    used, unit = plain(Fraction(terms[0]["quantity"])), account.calculation.bill.usage_unit
    price = dollars_cut(Fraction(pools[0]["exact_cents"]) / divisor)
    return f"{used} {unit}".strip() + f" at {price} each"


def _terms(account: BillAccount) -> list[Json]:
    return account.share.explanation["terms"] if account.share else []


_TELLERS: dict[Item, Teller] = {
    Item.UTILITIES: _utility,
    Item.AMOUNTS: _amount,
    Item.TOTAL: _total,
    Item.ADMIN_FEE: _fee,
    Item.SERVICE_PERIOD: _period,
    Item.METHOD: _method,
    Item.COMMON_AREA: _common_area,
    Item.FORMULA_SHARE: _formula_share,
    Item.FIXED_CHARGES: _lines(LineKind.BASE_CHARGE, LineKind.SERVICE_CHARGE),
    Item.TAXES: _lines(LineKind.TAX),
    Item.CREDITS: _lines(LineKind.CREDIT),
    Item.USE_AND_PRICE: _use_and_price,
}
