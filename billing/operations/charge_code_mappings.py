"""Saying what a charge code is in a property's chart of accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from billing.charge_codes import (
    CodeStanding,
    codes_in_use,
    links_with_portfolios,
    standings_of,
)
from billing.models import ChargeCode, ChargeCodeMapping
from billing.operations.usual_charge_codes import ensure_charge_codes
from integrations.models import AccountKind, ChartAccount
from integrations.operations.chart_of_accounts import flag_vanished
from portfolios.models import Property, User
from portfolios.operations.audit import record_event


class NotInChart(Exception):
    """What was chosen is no entry of the property's chart of accounts, or no longer."""


@dataclass(frozen=True, slots=True)
class Target:
    """What a code is to be in a chart; without either it is to be nothing there."""

    pms_charge_code: ChartAccount | None = None
    financial_account: ChartAccount | None = None


def follow_chart(place: Property, now: datetime) -> None:
    """Map what maps by itself after a reading of a property's chart, and flag what is gone.

    Shape: a code that a person has mapped, to whatever, is left as it is.
    Effects: mappings with audit events, review items; the portfolio's usual codes if it has none.
    """
    ensure_charge_codes(portfolio=place.portfolio)
    match_codes(place=place, codes=codes_in_use(place.portfolio), now=now)
    _flag_what_is_gone(place, by=None, now=now)


def match_codes(*, place: Property, codes: Iterable[ChargeCode], now: datetime) -> None:
    """Map each code to the one entry of the chart that has the same text, if there is one.

    Effects: mappings and audit events, only where a code has none or its entry is gone.
    """
    chart = _Chart(ChartAccount.objects.filter(property=place, missing_since=None))
    known = {
        mapping.charge_code_id: mapping
        for mapping in ChargeCodeMapping.objects.filter(property=place).select_related(
            "pms_charge_code", "financial_account"
        )
    }
    for code in codes:
        mapping = known.get(code.pk)
        if mapping is not None and mapping.set_by_id is not None:
            continue
        before = _target_of(mapping)
        after = chart.match(code.code, before)
        if after not in (before, Target()):
            _store(place, code, after, before=before, by=None, now=now)


@transaction.atomic
def map_charge_code(
    *, place: Property, charge_code: ChargeCode, target: Target, by: User, now: datetime
) -> ChargeCodeMapping:
    """Say what a code is in a property's chart, or that it is nothing there.

    Errors: NotInChart.
    Effects: the mapping, an audit event; review items that are over are closed.
    """
    _refuse_foreign(place, target.pms_charge_code, AccountKind.CHARGE_CODE)
    _refuse_foreign(place, target.financial_account, AccountKind.FINANCIAL_ACCOUNT)
    # The row lock makes two people who save at once take turns.
    Property.objects.select_for_update().get(pk=place.pk)
    found = ChargeCodeMapping.objects.filter(property=place, charge_code=charge_code)
    before = _target_of(found.select_related("pms_charge_code", "financial_account").first())
    mapping = _store(place, charge_code, target, before=before, by=by, now=now)
    _flag_what_is_gone(place, by=by, now=now)
    return mapping


class _Chart:
    """The entries of a chart by what they are called."""

    def __init__(self, accounts: Iterable[ChartAccount]) -> None:
        self._by_code: dict[tuple[str, str], list[ChartAccount]] = {}
        for account in accounts:
            self._by_code.setdefault((account.kind, _folded(account.code)), []).append(account)

    def match(self, code: str, before: Target) -> Target:
        """Find what has a code's text; what was found before and is still there stays."""
        pms_code = before.pms_charge_code
        if pms_code is None or pms_code.missing_since is not None:
            pms_code = self._the(AccountKind.CHARGE_CODE, code) or pms_code
        financial = before.financial_account
        if financial is None or financial.missing_since is not None:
            financial = self._account_for(code, pms_code) or financial
        return Target(pms_code, financial)

    def _account_for(self, code: str, pms_code: ChartAccount | None) -> ChartAccount | None:
        """Find the account of that text, or the one that the PMS's own charge code names."""
        same = self._the(AccountKind.FINANCIAL_ACCOUNT, code)
        if same is not None or pms_code is None or not pms_code.gl_account:
            return same
        return self._the(AccountKind.FINANCIAL_ACCOUNT, pms_code.gl_account)

    def _the(self, kind: AccountKind, code: str) -> ChartAccount | None:
        found = self._by_code.get((kind.value, _folded(code)), [])
        return found[0] if len(found) == 1 else None


def _folded(code: str) -> str:
    return code.strip().casefold()


def _target_of(mapping: ChargeCodeMapping | None) -> Target:
    if mapping is None:
        return Target()
    return Target(mapping.pms_charge_code, mapping.financial_account)


def _refuse_foreign(place: Property, account: ChartAccount | None, kind: AccountKind) -> None:
    if account is None:
        return
    if account.property_id != place.pk or account.kind != kind:
        raise NotInChart(f"{account} is no {kind.label.lower()} of {place}.")
    if account.missing_since is not None:
        raise NotInChart(f"{account} is no longer in {place}'s chart of accounts.")


def _store(
    place: Property,
    code: ChargeCode,
    target: Target,
    *,
    before: Target,
    by: User | None,
    now: datetime,
) -> ChargeCodeMapping:
    mapping, _created = ChargeCodeMapping.objects.update_or_create(
        property=place,
        charge_code=code,
        defaults={
            "pms_charge_code": target.pms_charge_code,
            "financial_account": target.financial_account,
            "set_by": by,
            "set_at": now,
        },
    )
    record_event(
        verb="charge_code.mapped",
        subject=mapping,
        by=by,
        now=now,
        before=_figures(before),
        after=_figures(target),
    )
    return mapping


def _figures(target: Target) -> dict[str, object]:
    named = {
        "charge_code": target.pms_charge_code,
        "financial_account": target.financial_account,
    }
    return {
        name: {"code": account.code, "remote_id": account.remote_id}
        for name, account in named.items()
        if account is not None
    }


def _flag_what_is_gone(place: Property, *, by: User | None, now: datetime) -> None:
    link = links_with_portfolios().get(property=place)
    used = {
        account: _sentence(standing)
        for standing in standings_of(link)
        for account in standing.vanished
    }
    flag_vanished(place=place, used=used, by=by, now=now)


def _sentence(standing: CodeStanding) -> str:
    return (
        f"{standing.problem} Nothing is posted as {standing.charge_code} until it is set up in the "
        "PMS again or another entry is chosen on the property's page Charge codes."
    )
