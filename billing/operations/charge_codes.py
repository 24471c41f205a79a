"""Keeping a portfolio's list of charge codes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from django.db import IntegrityError, transaction

from billing.models import ChargeCode, ShareRule, Utility, UtilityChargeCode
from billing.operations.charge_code_mappings import match_codes
from portfolios.models import Portfolio, Property, User
from portfolios.operations.audit import record_event


class CodeTaken(Exception):
    """The portfolio has this code already."""


class CodeInUse(Exception):
    """The code is what something else relies on."""


def add_charge_code(
    *, portfolio: Portfolio, code: str, name: str, by: User, now: datetime
) -> ChargeCode:
    """Add a code, and map it where a chart of accounts has the same text.

    Errors: CodeTaken.
    Effects: a code and an audit event; mappings as after a reading of each chart.
    """
    try:
        with transaction.atomic():
            added = ChargeCode.objects.create(portfolio=portfolio, code=code, name=name)
            record_event(
                verb="charge_code.added",
                subject=added,
                by=by,
                now=now,
                after={"code": code, "name": name},
            )
            _match_everywhere(added, now)
    except IntegrityError:
        known = ChargeCode.objects.get(portfolio=portfolio, code__iexact=code)
        retired = " It is retired; take it up again." if known.retired_at else ""
        raise CodeTaken(f"{portfolio} has the code {known.code} already.{retired}") from None
    return added


@transaction.atomic
def change_charge_code(
    *, charge_code: ChargeCode, name: str, in_use: bool, by: User, now: datetime
) -> None:
    """Rename a code, retire it, or take it up again; its text never changes.

    Errors: CodeInUse when a utility or a rule in force relies on a code that is to be retired.
    Effects: the code, an audit event; a code taken up again is mapped as a new one.
    """
    code = ChargeCode.objects.select_for_update().get(pk=charge_code.pk)
    was_in_use = code.retired_at is None
    if not in_use:
        _refuse_used(code)
    before = {"name": code.name, "in_use": was_in_use}
    after = {"name": name, "in_use": in_use}
    if before == after:
        return
    code.name = name
    if was_in_use != in_use:
        code.retired_at = None if in_use else now
    code.save(update_fields=["name", "retired_at"])
    record_event(
        verb="charge_code.changed", subject=code, by=by, now=now, before=before, after=after
    )
    if in_use and not was_in_use:
        _match_everywhere(code, now)


@transaction.atomic
def set_usual_codes(
    *, portfolio: Portfolio, codes: Mapping[Utility, ChargeCode], by: User, now: datetime
) -> None:
    """Say under which code each utility's charges are posted as a rule.

    Effects: one row per utility, an audit event when anything changed.
    """
    rows = UtilityChargeCode.objects.filter(portfolio=portfolio).select_related("charge_code")
    before = {row.utility: row.charge_code.code for row in rows}
    after = {utility.value: code.code for utility, code in codes.items()}
    if before == before | after:
        return
    for utility, code in codes.items():
        UtilityChargeCode.objects.update_or_create(
            portfolio=portfolio, utility=utility, defaults={"charge_code": code}
        )
    record_event(
        verb="charge_code.usual_set",
        subject=portfolio,
        by=by,
        now=now,
        before=before,
        after=before | after,
    )


def _match_everywhere(code: ChargeCode, now: datetime) -> None:
    read = Property.objects.filter(
        portfolio=code.portfolio_id, chart_reading__read_at__isnull=False
    )
    for place in read:
        match_codes(place=place, codes=[code], now=now)


def _refuse_used(code: ChargeCode) -> None:
    usual = [str(row.get_utility_display()) for row in code.usual_for_utilities.all()]
    if usual:
        raise CodeInUse(
            f"{code} is what {', '.join(usual)} is posted as. Choose another code for that first."
        )
    rules = ShareRule.objects.filter(
        property__portfolio=code.portfolio_id, is_active=True, charge_code__iexact=code.code
    ).select_related("property")
    if rule := rules.first():
        utility = rule.get_utility_display().lower()
        raise CodeInUse(f"The rule for {utility} of {rule.property} asks for {code}.")
