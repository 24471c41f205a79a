from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from portfolios import models
from portfolios.models import ApiKey, AuditEvent, Membership, Role, User
from portfolios.operations.api_keys import create_api_key
from portfolios.operations.portfolios import create_portfolio

READ_ONLY = [
    "portfolio",
    "property",
    "unit",
    "unitoverride",
    "unitimport",
    "unitimportrow",
    "unitimportchange",
    "lease",
    "apikey",
    "auditevent",
]


@pytest.fixture
def staff(db, signed_in: Callable[[User], Client]) -> Client:
    user = User.objects.create_superuser("support", password="correct horse")
    return signed_in(user)


@pytest.mark.parametrize("name", [*READ_ONLY, "membership", "user"])
def test_support_opens_every_list(staff, name):
    assert staff.get(reverse(f"admin:portfolios_{name}_changelist")).status_code == 200


@pytest.mark.parametrize("name", READ_ONLY)
def test_nobody_adds_to_what_is_only_looked_at(staff, name):
    assert staff.get(reverse(f"admin:portfolios_{name}_add")).status_code == 403


def test_nobody_changes_or_deletes_the_audit_trail(staff, cast, now):
    create_portfolio(name="North", by=cast.manager, now=now)
    event = AuditEvent.objects.get()
    change = reverse("admin:portfolios_auditevent_change", args=[event.pk])
    delete = reverse("admin:portfolios_auditevent_delete", args=[event.pk])
    assert staff.get(change).status_code == 200
    assert staff.post(change, {"verb": "x"}).status_code == 403
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    assert AuditEvent.objects.get().verb == "portfolio.created"


def test_a_keys_digest_is_never_shown(staff, cast, now):
    made = create_api_key(user=cast.manager, name="Nightly", by=cast.manager, now=now)
    page = staff.get(reverse("admin:portfolios_apikey_change", args=[made.key.pk]))
    assert "Nightly" in page.content.decode()
    assert ApiKey.objects.get().digest not in page.content.decode()


def test_a_role_given_here_is_written_down(staff, cast):
    there = {"user": cast.stranger.pk, "portfolio": cast.portfolio.pk, "role": "viewer"}
    staff.post(reverse("admin:portfolios_membership_add"), there)
    membership = Membership.objects.get(user=cast.stranger, portfolio=cast.portfolio)
    change = reverse("admin:portfolios_membership_change", args=[membership.pk])
    staff.post(change, {"role": "accountant"})
    membership.refresh_from_db()
    assert membership.role == Role.ACCOUNTANT
    events = AuditEvent.objects.filter(verb="membership.set").order_by("pk")
    assert [event.after["role"] for event in events] == ["viewer", "accountant"]


def test_a_membership_is_not_deleted_here(staff, cast):
    membership = Membership.objects.get(user=cast.viewer)
    delete = reverse("admin:portfolios_membership_delete", args=[membership.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    assert Membership.objects.filter(user=cast.viewer).exists()


def test_every_table_has_its_place(db):
    registered = {model.__name__ for model in admin.site._registry}
    choices = {"LeaseStatus", "Role", "UnitField", "UnitImportState"}
    choices |= {"Commodity", "Confidence", "Dataset"}
    choices |= {"NoticeKind", "NoticeState", "NoticeWhen"}
    choices |= {"ApiPlan", "CALL_LIMITS", "CallLimit", "LimitedCaller", "Scope"}
    # What only the API's own machinery reads, and says nothing to people.
    choices |= {"KeptAnswer", "UnknownCaller"}
    choices |= {"LookUpStatus", "ReferenceKind", "UtilityChoice"}
    assert set(models.__all__) - choices <= registered
