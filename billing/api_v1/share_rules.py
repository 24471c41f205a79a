"""How a property's bills are shared, utility by utility."""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.http import Http404, HttpRequest
from django.utils import timezone
from ninja import Query, Status

from billing.api_v1.routes import router
from billing.api_v1.rule_bodies import RuleBody, RulePatch, changed_rule
from billing.charge_codes import codes_in_use
from billing.inputs import rule_input
from billing.models import Method, ShareRule, Utility
from billing.operations.share_rules import entry_for, set_share_rule, withdraw_share_rule
from billing.operations.usual_charge_codes import ensure_charge_codes
from billing.rubs import RuleInput, Vacancy
from billing.rubs.numbers import exact
from meterbase.lib.json_api import ApiProblem, Day, Moment, PageQuery, invalid
from portfolios import access
from portfolios.api_v1.shapes import Number, PathId, V1Answer, V1Pagination, take_page
from portfolios.bearer import Key, caller
from portfolios.models import Property, Scope, User

# What is shown of a utility for which nobody has set a rule yet; it shares nothing.
_DEFAULT = RuleInput(method=Method.SQUARE_FEET.value, vacancy=Vacancy.OWNER_PAYS)

_RULE_ID = re.compile(r"([0-9]{1,18})-([a-z]+)")


class MixAnswer(V1Answer):
    """A part of a mix of methods."""

    split_method: str
    percent: Number


class RuleAnswer(V1Answer):
    """How a property's bills for a utility are shared.

    Shape: one that is not active is the default, which shares nothing until somebody saves it.
    """

    id: str
    property_id: str
    utility_type: str
    split_method: str
    is_active: bool
    version: int | None
    common_area_percent: Number
    vacancy: str
    vacancy_owner_percent: Number | None
    vacant_unit_occupants: int | None
    mix: list[MixAnswer]
    charge_code: str
    effective_from: Day | None
    created_at: Moment | None


class RulePage(V1Answer):
    """The rules of a property."""

    data: list[RuleAnswer]
    pagination: V1Pagination


@router.get("/properties/{property_id}/sharerules", auth=Key(Scope.RULES_READ), response=RulePage)
def list_share_rules(
    request: HttpRequest, property_id: PathId, asked: Query[PageQuery]
) -> RulePage:
    """List how a property's bills are shared, one rule for each utility."""
    place = _place(caller(request), property_id, access.Action.READ)
    active = {
        rule.utility: rule for rule in ShareRule.objects.filter(property=place, is_active=True)
    }
    utilities, pagination = take_page(list(Utility), asked)
    data = [_describe(place, utility, active.get(utility)) for utility in utilities]
    return RulePage(data=data, pagination=pagination)


@router.post(
    "/properties/{property_id}/sharerules",
    auth=Key(Scope.RULES_WRITE),
    response={201: RuleAnswer},
)
def create_share_rule(
    request: HttpRequest, property_id: PathId, body: RuleBody
) -> Status[RuleAnswer]:
    """Put a rule in force for one utility, in place of any that there is.

    Calculations that are not approved yet are out of date from then on.
    """
    user = caller(request)
    place = _place(user, property_id, access.Action.PREPARE)
    rule = _set(place, Utility(body.utility_type), body, user, before=None)
    return Status(201, rule)


@router.get("/sharerules/{rule_id}", auth=Key(Scope.RULES_READ), response=RuleAnswer)
def show_share_rule(request: HttpRequest, rule_id: str) -> RuleAnswer:
    """Show how a property's bills for a utility are shared."""
    place, utility = _named(caller(request), rule_id, access.Action.READ)
    return _describe(place, utility, _active(place, utility))


@router.patch("/sharerules/{rule_id}", auth=Key(Scope.RULES_WRITE), response=RuleAnswer)
def update_share_rule(request: HttpRequest, rule_id: str, body: RulePatch) -> RuleAnswer:
    """Put a changed rule in force; the one before it is kept as an earlier version."""
    user = caller(request)
    place, utility = _named(user, rule_id, access.Action.PREPARE)
    return _set(place, utility, body, user, before=_active(place, utility))


@router.delete("/sharerules/{rule_id}", auth=Key(Scope.RULES_WRITE), response=RuleAnswer)
def delete_share_rule(request: HttpRequest, rule_id: str) -> RuleAnswer:
    """Withdraw a rule, and show the default that is left; nothing is shared by that one."""
    user = caller(request)
    place, utility = _named(user, rule_id, access.Action.PREPARE)
    if not withdraw_share_rule(place=place, utility=utility, by=user, now=timezone.now()):
        message = f"There is no rule to delete: nobody has set one for {utility.label.lower()}."
        raise ApiProblem(409, "not_active", message)
    return _describe(place, utility, None)


def _place(user: User, property_id: int, action: access.Action) -> Property:
    places = Property.objects.select_related("portfolio")
    return access.fetch(places, action, user=user, pk=property_id)


def _named(user: User, rule_id: str, action: access.Action) -> tuple[Property, Utility]:
    found = _RULE_ID.fullmatch(rule_id)
    if found is None or found[2] not in Utility.values:
        raise Http404("There is no such share rule.")
    return _place(user, int(found[1]), action), Utility(found[2])


def _active(place: Property, utility: Utility) -> ShareRule | None:
    return ShareRule.objects.filter(property=place, utility=utility, is_active=True).first()


def _set(
    place: Property, utility: Utility, body: RulePatch, user: User, *, before: ShareRule | None
) -> RuleAnswer:
    rule = changed_rule(rule_input(before) if before else _DEFAULT, body)
    beside: dict[str, Any] = {
        "charge_code": before.charge_code if before else "",
        "effective_from": before.effective_from if before else None,
    }
    if body.charge_code is not None:
        beside["charge_code"] = _known_code(place, body.charge_code)
    if "effective_from" in body.model_fields_set:
        beside["effective_from"] = body.effective_from
    entry = entry_for(rule, **beside)
    stored = set_share_rule(place=place, utility=utility, entry=entry, by=user, now=timezone.now())
    return _describe(place, utility, stored)


def _known_code(place: Property, code: str) -> str:
    ensure_charge_codes(portfolio=place.portfolio)
    known = [each.code for each in codes_in_use(place.portfolio)]
    if code and code not in known:
        raise invalid(chargeCode=f"chargeCode must be empty or one of {', '.join(known)}.")
    return code


def _describe(place: Property, utility: Utility, rule: ShareRule | None) -> RuleAnswer:
    read = rule_input(rule) if rule else _DEFAULT
    people = read.vacant_unit_occupants
    return RuleAnswer(
        id=f"{place.pk}-{utility}",
        property_id=str(place.pk),
        utility_type=utility.value,
        split_method=read.method,
        is_active=rule is not None,
        version=rule.version if rule else None,
        common_area_percent=_number(read.common_area_percent),
        vacancy=read.vacancy.value,
        vacancy_owner_percent=(
            None if read.vacancy_owner_percent is None else _number(read.vacancy_owner_percent)
        ),
        vacant_unit_occupants=None if people is None else int(people),
        mix=[
            MixAnswer(split_method=part.method, percent=_number(part.percent)) for part in read.mix
        ],
        charge_code=rule.charge_code if rule else "",
        effective_from=rule.effective_from if rule else None,
        created_at=rule.created_at if rule else None,
    )


def _number(value: int | Decimal | Fraction) -> Decimal:
    """Write a number of a rule as a decimal; thirds, which forms can store, to nine places."""
    number = exact(value)
    written = Decimal(number.numerator) / Decimal(number.denominator)
    return written.quantize(Decimal("1.000000000")).normalize() + Decimal(0)
