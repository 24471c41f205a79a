"""A story told once leaves the same rows wherever it is told, and is told anew elsewhere."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, cast

import pytest
from django.db import transaction
from django.test import override_settings

from conftest import NOW, make_cast
from meterbase.tests.told_once import told_once
from portfolios.models import AuditEvent, Membership, Portfolio, Role, User
from portfolios.operations.audit import record_event

pytestmark = pytest.mark.django_db

TOLD: list[str] = []


@told_once
def renamed(portfolio: Portfolio, name: str) -> Portfolio:
    """Rename a portfolio, bring somebody in and send somebody away."""
    TOLD.append(name)
    portfolio.name = name
    portfolio.save()
    newcomer = User.objects.create_user("newcomer", password="correct horse")
    Membership.objects.create(user=newcomer, portfolio=portfolio, role=Role.VIEWER)
    Membership.objects.filter(role=Role.MANAGER).delete()
    record_event(verb="told", subject=portfolio, by=newcomer, now=NOW)
    return portfolio


@pytest.fixture(autouse=True)
def _nothing_told(monkeypatch) -> None:
    monkeypatch.setattr("meterbase.tests.told_once._told", OrderedDict())
    TOLD.clear()


def tell(name: str = "Lakeside North") -> dict[str, list[Any]]:
    """Tell the story in an empty database, and read what it left."""
    with transaction.atomic():
        people = make_cast()
        found = renamed(people.portfolio, name)
        assert (found, found.name) == (people.portfolio, name)
        models = (Portfolio, User, Membership, AuditEvent)
        left = {model.__name__: list(model.objects.order_by("pk").values()) for model in models}
        # What comes afterwards has a number of its own.
        User.objects.create_user("another", password="correct horse")
        transaction.set_rollback(True)
    return left


def test_it_leaves_the_same_rows_when_it_is_put_back():
    first = tell()
    second = tell()
    assert TOLD == ["Lakeside North"]
    assert second == first
    assert Role.MANAGER not in {row["role"] for row in second["Membership"]}
    assert len(second["AuditEvent"]) == 1


def test_it_is_told_anew_where_something_differs():
    tell()
    tell("Lakeside South")
    with override_settings(PROPEXO_CHARGE_POSTING_ENABLED=True):
        tell()
    assert TOLD == ["Lakeside North", "Lakeside South", "Lakeside North"]


def test_it_is_told_anew_where_another_row_stands():
    tell()
    people = make_cast()
    User.objects.filter(pk=people.viewer.pk).update(is_active=False)
    renamed(people.portfolio, "Lakeside North")
    assert len(TOLD) == 2


def test_it_is_about_nothing_that_cannot_be_named():
    with pytest.raises(TypeError, match="is nothing that a story told once can be about"):
        renamed(cast("Portfolio", object()), "Lakeside North")
