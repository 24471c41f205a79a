"""Bills, what belongs to them, and the rules that share them out, as they may not be."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import ShareRule, UtilityBill
from billing.tests.constraints.rows import Offence, Rows, again, change


def void(rows: Rows, **changes: Any) -> None:
    """Void a bill in part."""
    UtilityBill.objects.filter(pk=rows.bill.pk).update(**changes)


def withdraw(rows: Rows, **changes: Any) -> None:
    """Withdraw a rule in part."""
    ShareRule.objects.filter(pk=rows.rule.pk).update(**changes)


OFFENCES: list[Offence] = [
    ("bill_period_not_empty", lambda r: change(r.bill, period_end=r.bill.period_start)),
    ("bill_amount_not_zero", lambda r: change(r.bill, amount_cents=0)),
    ("bill_utility_known", lambda r: change(r.bill, utility="steam")),
    ("bill_once_per_account_and_period", lambda r: again(r.bill)),
    ("account_once", lambda r: again(r.account)),
    ("account_utility_known", lambda r: change(r.account, utility="steam")),
    ("account_days_go_together", lambda r: change(r.account, billed_until=None)),
    ("account_days_go_together", lambda r: change(r.account, unbilled_from=None)),
    (
        "account_unbilled_from_a_first",
        lambda r: change(r.account, unbilled_from=date(2026, 4, 2)),
    ),
    ("bill_line_position_once", lambda r: again(r.line)),
    ("bill_line_kind_known", lambda r: change(r.line, kind="gift")),
    ("bill_line_spread_known", lambda r: change(r.line, spread="by_mood")),
    ("reading_once_per_bill", lambda r: again(r.reading)),
    ("reading_not_negative", lambda r: change(r.reading, usage=Decimal("-0.001"))),
    ("bill_flag_once_per_kind", lambda r: again(r.flag)),
    ("bill_flag_kind_known", lambda r: change(r.flag, kind="smell")),
    (
        "bill_flag_cleared_by_at_and_why",
        lambda r: change(r.flag, cleared_by=r.job.created_by, cleared_at=r.now),
    ),
    (
        "bill_flag_cleared_by_at_and_why",
        lambda r: change(r.flag, cleared_by=r.job.created_by, note="Seen."),
    ),
    ("bill_flag_cleared_by_at_and_why", lambda r: change(r.flag, cleared_at=r.now, note="Seen.")),
    ("bill_flag_cleared_by_at_and_why", lambda r: change(r.flag, note="Seen.")),
    ("unit_terms_once", lambda r: again(r.terms)),
    ("unit_terms_utility_known", lambda r: change(r.terms, utility="steam")),
    ("bill_terms_once", lambda r: again(r.bill_terms)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, kind="gift")),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, amount_cents=None)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, amount_cents=-1)),
    ("bill_terms_amount_unless_excluded", lambda r: change(r.bill_terms, kind="excluded")),
    ("bill_terms_have_a_reason", lambda r: change(r.bill_terms, reason="")),
    ("place_override_once", lambda r: again(r.override)),
    ("place_override_reason", lambda r: change(r.override, reason="")),
    ("share_rule_version_once", lambda r: again(r.rule, is_active=False)),
    ("share_rule_one_active", lambda r: again(r.rule, version=2)),
    (
        "share_rule_common_area_0_to_50",
        lambda r: change(r.rule, common_area_percent=Decimal("50.01")),
    ),
    (
        "share_rule_common_area_0_to_50",
        lambda r: change(r.rule, common_area_percent=Decimal("-0.01")),
    ),
    ("share_rule_method_known", lambda r: change(r.rule, method="by_height")),
    ("share_rule_vacancy_known", lambda r: change(r.rule, vacancy="nobody_pays")),
    (
        "share_rule_headcount_needs_assumption",
        lambda r: change(r.rule, method="occupants", vacant_unit_occupants=0),
    ),
    ("bill_voided_by_at_and_why", lambda r: void(r, voided_at=r.now)),
    ("bill_voided_by_at_and_why", lambda r: void(r, voided_because="Alone.")),
    (
        "bill_voided_by_at_and_why",
        lambda r: void(r, voided_at=r.now, voided_by=r.job.created_by),
    ),
    ("share_rule_withdrawn_by_and_at", lambda r: withdraw(r, withdrawn_at=r.now, is_active=False)),
    (
        "share_rule_withdrawn_by_and_at",
        lambda r: withdraw(r, withdrawn_at=r.now, withdrawn_by=r.job.created_by, is_active=True),
    ),
]
