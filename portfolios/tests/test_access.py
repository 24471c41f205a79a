from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.exceptions import PermissionDenied
from django.http import Http404

from portfolios import access
from portfolios.access import Action
from portfolios.models import Membership, Portfolio, Property, Role, Unit

MAY = {
    "manager": {Action.READ, Action.PREPARE},
    "accountant": {Action.READ, Action.APPROVE},
    "viewer": {Action.READ},
    "stranger": set(),
}


@pytest.fixture
def house(cast, now) -> Property:
    return Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_a", name="Maplewood", created_at=now
    )


@pytest.fixture
def flat(house, now) -> Unit:
    return Unit.objects.create(
        property=house, propexo_unit_id="unit_a", unit_number="101", first_seen_at=now
    )


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", list(MAY))
def test_a_role_selects_the_rows_for_what_it_may_do(cast, flat, who, action):
    found = access.rows(Unit, user=getattr(cast, who), action=action)
    assert list(found) == ([flat] if action in MAY[who] else [])


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", ["manager", "accountant", "viewer"])
def test_a_member_gets_a_row_or_is_refused(cast, flat, who, action):
    user = getattr(cast, who)
    if action in MAY[who]:
        assert access.fetch(Unit.objects.all(), action, user=user, pk=flat.pk) == flat
    else:
        with pytest.raises(PermissionDenied, match=f"yours is {Role(who).label.lower()}"):
            access.fetch(Unit.objects.all(), action, user=user, pk=flat.pk)


@pytest.mark.parametrize("action", list(Action))
def test_a_row_does_not_exist_for_a_stranger(cast, flat, action):
    with pytest.raises(Http404):
        access.fetch(Unit.objects.all(), action, user=cast.stranger, pk=flat.pk)


def test_a_row_that_is_not_there_is_not_found(cast, flat):
    with pytest.raises(Http404):
        access.fetch(Unit.objects.all(), Action.READ, user=cast.manager, pk=flat.pk + 1)


@pytest.mark.parametrize("action", list(Action))
@pytest.mark.parametrize("who", list(MAY))
def test_may_says_the_same_as_require(cast, who, action):
    user = getattr(cast, who)
    assert access.may(cast.portfolio, action, user=user) is (action in MAY[who])
    if action in MAY[who]:
        access.require(cast.portfolio, action, user=user)
        return
    with pytest.raises(Http404 if who == "stranger" else PermissionDenied):
        access.require(cast.portfolio, action, user=user)


def test_the_refusal_names_the_role_that_is_needed(cast):
    with pytest.raises(PermissionDenied, match="need the role of accountant"):
        access.require(cast.portfolio, Action.APPROVE, user=cast.manager)


def test_two_memberships_never_add_up_to_a_right_that_neither_has(cast, flat, now):
    elsewhere = Portfolio.objects.create(name="Second", created_at=now)
    Membership.objects.create(user=cast.viewer, portfolio=elsewhere, role=Role.MANAGER)
    assert not access.rows(Unit, user=cast.viewer, action=Action.PREPARE).exists()
    assert access.rows(Portfolio, user=cast.viewer, action=Action.PREPARE).get() == elsewhere


def test_somebody_who_has_not_signed_in_sees_nothing(flat):
    assert not access.rows(Unit, user=AnonymousUser()).exists()


def test_a_row_leads_to_its_portfolio(cast, flat):
    assert access.portfolio_of(flat) == cast.portfolio
    assert access.portfolio_of(cast.portfolio) == cast.portfolio
