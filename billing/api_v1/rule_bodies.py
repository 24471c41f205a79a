"""What may be said of a share rule, and the rule that comes of it."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from typing import Annotated, Any

from pydantic import Field, StrictStr

from billing.forms.rule_reading import needs_assumption
from billing.models import Method, Utility, VacancyPolicy
from billing.rubs import MixPart, RuleInput, Vacancy
from billing.rubs.rule_checks import rule_problems
from meterbase.lib.json_api import ApiProblem, IsoDate, invalid, sample
from portfolios.api_v1.shapes import NumberIn, OneOf, V1Body

_MOST_PARTS = 4

UtilityType = Annotated[StrictStr, OneOf(Utility)]
SplitMethod = Annotated[StrictStr, OneOf(Method)]
VacancyName = Annotated[StrictStr, OneOf(VacancyPolicy)]


class MixBody(V1Body):
    """A part of a mix of methods."""

    split_method: SplitMethod
    percent: NumberIn


class RulePatch(V1Body):
    """What to change of a rule: what is left out stays as it is."""

    model_config = sample(commonAreaPercent=10)

    split_method: SplitMethod | None = None
    common_area_percent: NumberIn | None = None
    vacancy: VacancyName | None = None
    vacancy_owner_percent: NumberIn | None = None
    vacant_unit_occupants: NumberIn | None = None
    mix: Annotated[list[MixBody], Field(max_length=_MOST_PARTS)] | None = None
    charge_code: Annotated[StrictStr, Field(max_length=40)] | None = None
    effective_from: IsoDate | None = None


class RuleBody(RulePatch):
    """A rule for one utility, in place of the one that is in force."""

    model_config = sample(
        utilityType="water",
        splitMethod="square_feet",
        commonAreaPercent=10,
        vacancy="owner_pays",
    )

    utility_type: UtilityType
    split_method: SplitMethod


def changed_rule(rule: RuleInput, body: RulePatch) -> RuleInput:
    """Change a rule as a body says.

    Errors: ApiProblem 422 for a rule that cannot be.
    """
    changes: dict[str, Any] = {}
    if body.split_method is not None:
        changes["method"] = body.split_method
        # The parts of a mix are nothing to a rule of one method.
        changes["mix"] = rule.mix if body.split_method == Method.MIX else ()
    if body.mix is not None:
        changes["mix"] = tuple(
            MixPart(method=part.split_method, percent=Fraction(part.percent)) for part in body.mix
        )
    if body.common_area_percent is not None:
        changes["common_area_percent"] = Fraction(body.common_area_percent)
    changed = replace(rule, **changes, **_about_vacancy(body))
    if not _counts_people_for_owner(changed):
        changed = replace(changed, vacant_unit_occupants=None)
    elif changed.vacant_unit_occupants is None:
        raise invalid(
            vacantUnitOccupants="vacantUnitOccupants must be given: the owner pays for vacant "
            "units, and nobody lives in them to be counted."
        )
    _refuse_impossible(changed)
    return changed


def _about_vacancy(body: RulePatch) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if body.vacancy is not None:
        changes["vacancy"] = Vacancy(body.vacancy)
        if body.vacancy != VacancyPolicy.PARTIAL:
            changes["vacancy_owner_percent"] = None
    if "vacancy_owner_percent" in body.model_fields_set:
        changes["vacancy_owner_percent"] = _fraction(body.vacancy_owner_percent)
    if "vacant_unit_occupants" in body.model_fields_set:
        changes["vacant_unit_occupants"] = _people(body.vacant_unit_occupants)
    return changes


def _counts_people_for_owner(rule: RuleInput) -> bool:
    parts = {f"mix_method_{row}": part.method for row, part in enumerate(rule.mix)}
    asked = {"method": rule.method, "vacancy": rule.vacancy, **parts}
    return needs_assumption(asked, range(len(rule.mix)))


def _refuse_impossible(rule: RuleInput) -> None:
    details: dict[str, list[str]] = {}
    for problem in rule_problems(rule):
        details.setdefault(_FIELDS.get(problem.field, problem.field), []).append(problem.message)
    if details:
        message = " ".join(each for found in details.values() for each in found)
        raise ApiProblem(422, "validation_error", message, details)


_FIELDS = {
    "method": "splitMethod",
    "common_area_percent": "commonAreaPercent",
    "vacancy_owner_percent": "vacancyOwnerPercent",
    "vacant_unit_occupants": "vacantUnitOccupants",
}


def _fraction(text: str | None) -> Fraction | None:
    return None if text is None else Fraction(text)


def _people(text: str | None) -> int | None:
    if text is None:
        return None
    if not text.isdecimal() or not int(text):
        raise invalid(vacantUnitOccupants="vacantUnitOccupants must be a whole number from 1 up.")
    return int(text)
