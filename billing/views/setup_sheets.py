"""What a property's billing is set up with, as files: rules, terms of units, charge codes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from billing.charge_codes import CodeStanding
from billing.models import ChargeCode, ShareRule, UnitTerms, Utility
from billing.views.rule_words import rule_sentence
from integrations.models import AccountKind, ChartReading, PropertyLink
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from portfolios.models import Portfolio, Property, Unit

_RULES = (
    Column("utility"),
    Column("version", Kind.NUMBER),
    Column("method"),
    Column("in words"),
    Column("common area", Kind.PERCENT),
    Column("charge code"),
    Column("counts from", Kind.DATE),
    Column("set by"),
    Column("set at", Kind.MOMENT),
)
_TERMS = (
    Column("building"),
    Column("unit"),
    Column("weight", Kind.NUMBER),
    Column("percent of the shared amount", Kind.NUMBER),
    Column("left out because"),
    Column("minimum", Kind.CENTS),
    Column("cap", Kind.CENTS),
    Column("flat amount", Kind.CENTS),
)
_CODES = (Column("code"), Column("name"), Column("usual for"), Column("retired at", Kind.MOMENT))
_MAPPINGS = (
    Column("code"),
    Column("name"),
    Column("charge code in the PMS"),
    Column("financial account"),
    Column("state"),
    Column("what is amiss"),
    Column("mapped by"),
    Column("mapped at", Kind.MOMENT),
)
_PLACES = (
    Column("property"),
    Column("mapped", Kind.NUMBER),
    Column("amiss", Kind.NUMBER),
    Column("codes amiss"),
    Column("chart read at", Kind.MOMENT),
)


def rule_sheet(place: Property, rules: Iterable[tuple[Utility, ShareRule | None]]) -> Sheet:
    """Write the rule in force for each utility."""
    return Sheet("Share rules", (("Property", place.name),), _RULES, (_rule(*row) for row in rules))


def _rule(utility: Utility, rule: ShareRule | None) -> Sequence[Cell]:
    if rule is None:
        return (utility.label, None, "no rule yet", *(None,) * 6)
    return (
        utility.label,
        rule.version,
        rule.get_method_display(),
        rule_sentence(rule),
        rule.common_area_percent / 100,
        rule.charge_code,
        rule.effective_from,
        str(rule.created_by),
        rule.created_at,
    )


def terms_sheet(
    place: Property, utility: Utility, units: Iterable[Unit], stored: Mapping[int, UnitTerms]
) -> Sheet:
    """Write what a rule says of each unit alone."""
    filters = (("Property", place.name), ("Utility", utility.label))
    return Sheet("Units", filters, _TERMS, (_terms(unit, stored.get(unit.pk)) for unit in units))


def _terms(unit: Unit, terms: UnitTerms | None) -> Sequence[Cell]:
    named = (unit.building, unit.unit_number)
    if terms is None:
        return (*named, *(None,) * 6)
    return (
        *named,
        terms.weight,
        terms.percent,
        terms.excluded_because,
        terms.minimum_cents,
        terms.cap_cents,
        terms.flat_cents,
    )


def code_sheet(portfolio: Portfolio, codes: Iterable[ChargeCode]) -> Sheet:
    """Write a portfolio's charge codes."""
    rows: Iterable[Sequence[Cell]] = (
        (
            code.code,
            code.name,
            ", ".join(usual.get_utility_display() for usual in code.usual_for_utilities.all()),
            code.retired_at,
        )
        for code in codes
    )
    return Sheet("Charge codes", (("Portfolio", portfolio.name),), _CODES, rows)


def mapping_sheet(place: Property, standings: Iterable[tuple[CodeStanding, str]]) -> Sheet:
    """Write what each charge code is at a property, with its state in words."""
    rows = (_mapping(*row) for row in standings)
    return Sheet("Charge code mappings", (("Property", place.name),), _MAPPINGS, rows)


def _mapping(standing: CodeStanding, state: str) -> Sequence[Cell]:
    mapping = standing.mapping
    return (
        standing.charge_code.code,
        standing.charge_code.name,
        str(standing.account(AccountKind.CHARGE_CODE) or ""),
        str(standing.account(AccountKind.FINANCIAL_ACCOUNT) or ""),
        state,
        standing.problem,
        str(mapping.set_by or "MeterBase") if mapping else "",
        mapping.set_at if mapping else None,
    )


def unmapped_sheet(
    connection: str,
    rows: Iterable[tuple[PropertyLink, int, Sequence[CodeStanding], ChartReading | None]],
) -> Sheet:
    """Write for each property of a connection which codes nothing can be posted under."""
    return Sheet("Charge codes by property", (("PMS", connection),), _PLACES, _places(rows))


def _places(
    rows: Iterable[tuple[PropertyLink, int, Sequence[CodeStanding], ChartReading | None]],
) -> Iterator[Sequence[Cell]]:
    for link, mapped, amiss, reading in rows:
        yield (
            link.property.name,
            mapped,
            len(amiss),
            ", ".join(standing.charge_code.code for standing in amiss),
            reading.read_at if reading else None,
        )
