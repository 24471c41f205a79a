"""Reading charge codes: what each is in a property's chart of accounts, and what is amiss."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import QuerySet

from billing.models import ChargeCode, ChargeCodeMapping, UtilityChargeCode
from integrations.chart_needs import accounts_named
from integrations.models import AccountKind, ChartAccount, PropertyLink
from portfolios.models import Portfolio, Property

# For a utility that has no code of its own.
ANY_UTILITY = "UTIL"


class CodeState(StrEnum):
    """Whether charges can be posted under a code."""

    VANISHED = "vanished"
    INCOMPLETE = "incomplete"
    UNMAPPED = "unmapped"
    MAPPED = "mapped"


# What a person has to look at comes first.
_URGENCY = (CodeState.VANISHED, CodeState.INCOMPLETE, CodeState.UNMAPPED, CodeState.MAPPED)


@dataclass(frozen=True, slots=True)
class PmsAccounts:
    """What a charge names in the PMS's chart of accounts.

    Shape: `code` is text, the other two are Propexo's ids, None where the PMS does not want them.
    """

    code: str
    charge_code_id: str | None
    financial_account_id: str | None


@dataclass(frozen=True, slots=True)
class CodeStanding:
    """One code at one property.

    Shape: `needed` is what the property's PMS wants to be told.
    """

    charge_code: ChargeCode
    place: Property
    needed: frozenset[AccountKind]
    mapping: ChargeCodeMapping | None

    def account(self, kind: AccountKind) -> ChartAccount | None:
        """Give the entry of a kind that the code is mapped to, where the PMS wants one."""
        if self.mapping is None or kind not in self.needed:
            return None
        if kind == AccountKind.CHARGE_CODE:
            return self.mapping.pms_charge_code
        return self.mapping.financial_account

    @property
    def accounts(self) -> tuple[ChartAccount, ...]:
        """Give the entries that charges under this code name."""
        found = (self.account(kind) for kind in AccountKind)
        return tuple(account for account in found if account is not None)

    @property
    def vanished(self) -> tuple[ChartAccount, ...]:
        """Give those of them that the PMS no longer shows."""
        return tuple(account for account in self.accounts if account.missing_since is not None)

    @property
    def lacking(self) -> tuple[AccountKind, ...]:
        """Tell what the PMS wants and nobody has chosen."""
        wanted = (kind for kind in AccountKind if kind in self.needed)
        return tuple(kind for kind in wanted if self.account(kind) is None)

    @property
    def state(self) -> CodeState:
        """Tell whether charges can be posted under this code."""
        if not self.accounts:
            return CodeState.UNMAPPED
        if self.vanished:
            return CodeState.VANISHED
        return CodeState.INCOMPLETE if self.lacking else CodeState.MAPPED

    @property
    def is_mapped(self) -> bool:
        """Tell whether charges can be posted under this code."""
        return self.state is CodeState.MAPPED

    @property
    def problem(self) -> str:
        """Say what is amiss, in a sentence; nothing when charges can be posted."""
        code = self.charge_code.code
        if self.state is CodeState.VANISHED:
            gone = " and ".join(str(account) for account in self.vanished)
            return f"{code} is mapped to {gone}, no longer in {self.place}'s chart of accounts."
        if self.state is CodeState.INCOMPLETE:
            wanted = " and ".join(kind.label.lower() for kind in self.lacking)
            return f"{code} has no {wanted} in {self.place}'s chart of accounts yet."
        if self.state is CodeState.UNMAPPED:
            return f"{code} is not mapped to anything in {self.place}'s chart of accounts."
        return ""

    def pms_accounts(self) -> PmsAccounts:
        """Give what charges under this code name; for a code that is mapped."""
        pms_code = self.account(AccountKind.CHARGE_CODE)
        financial = self.account(AccountKind.FINANCIAL_ACCOUNT)
        return PmsAccounts(
            code=pms_code.code if pms_code else self.charge_code.code,
            charge_code_id=pms_code.remote_id if pms_code else None,
            financial_account_id=financial.remote_id if financial else None,
        )


def codes_in_use(portfolio: Portfolio) -> QuerySet[ChargeCode]:
    """Select the codes of a portfolio that are not retired."""
    return ChargeCode.objects.filter(portfolio=portfolio, retired_at=None).order_by("code")


def usual_code(portfolio: Portfolio, utility: str) -> str:
    """Name the code that a utility's charges have unless somebody says otherwise."""
    chosen = UtilityChargeCode.objects.filter(portfolio=portfolio, utility=utility)
    return chosen.values_list("charge_code__code", flat=True).first() or ANY_UTILITY


def standings_of(link: PropertyLink) -> list[CodeStanding]:
    """Tell how every code stands at a linked property, what is amiss first."""
    return standings_by_property([link])[link.property_id]


def standings_by_property(links: Sequence[PropertyLink]) -> dict[int, list[CodeStanding]]:
    """Tell how every code stands at several properties, in two queries."""
    portfolios = {link.property.portfolio_id for link in links}
    codes: dict[int, list[ChargeCode]] = {}
    for code in ChargeCode.objects.filter(portfolio__in=portfolios, retired_at=None):
        codes.setdefault(code.portfolio_id, []).append(code)
    mappings = {
        (mapping.property_id, mapping.charge_code_id): mapping
        for mapping in ChargeCodeMapping.objects.filter(
            property__in=[link.property_id for link in links]
        ).select_related("pms_charge_code", "financial_account", "set_by")
    }
    return {
        link.property_id: _sorted(
            CodeStanding(
                code,
                link.property,
                accounts_named(link.connection),
                mappings.get((link.property_id, code.pk)),
            )
            for code in codes.get(link.property.portfolio_id, ())
        )
        for link in links
    }


def _sorted(standings: Iterable[CodeStanding]) -> list[CodeStanding]:
    return sorted(
        standings,
        key=lambda standing: (_URGENCY.index(standing.state), standing.charge_code.code),
    )


def links_with_portfolios() -> QuerySet[PropertyLink]:
    """Select links with what `standings_by_property` reads of them."""
    return PropertyLink.objects.select_related("connection", "property__portfolio")


class CodeNotMapped(Exception):
    """Charges cannot be posted under a code at a property; the PMS was not asked.

    Shape: `code` is MeterBase's word for it, as for a PMS that refuses a code.
    """

    code = "INVALID_CHARGE_CODE"

    def __init__(self, problem: str) -> None:
        super().__init__(
            f"{problem} Set it up in the PMS and map it on the property's page Charge codes before "
            "posting."
        )


def find_code(link: PropertyLink, text: str) -> CodeStanding:
    """Find the code that somebody named, ready to be posted under at a property.

    Errors: CodeNotMapped when the portfolio has no such code, or it is not mapped at the property.
    """
    return pick_code(standings_of(link), text, portfolio=link.property.portfolio)


def pick_code(
    standings: Sequence[CodeStanding], text: str, *, portfolio: Portfolio
) -> CodeStanding:
    """Pick the code that somebody named in small letters or large, ready to be posted under.

    Errors: CodeNotMapped.
    """
    wanted = text.strip().casefold()
    for standing in standings:
        if standing.charge_code.code.casefold() == wanted:
            if not standing.is_mapped:
                raise CodeNotMapped(standing.problem)
            return standing
    raise CodeNotMapped(f"{text} is not among {portfolio}'s charge codes.")
