from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from integrations.models import SyncRun, SyncState
from portfolios.models import User

NAMES = [
    "chartaccount",
    "chartreading",
    "connection",
    "propertylink",
    "ratebudget",
    "syncrun",
    "reviewitem",
    "propertyreading",
    "listedproperty",
    "tick",
]


@pytest.fixture
def staff(db, signed_in: Callable[[User], Client]) -> Client:
    return signed_in(User.objects.create_superuser("support", password="correct horse"))


@pytest.mark.parametrize("name", NAMES)
def test_support_opens_every_list_and_adds_nothing(staff, place, name):
    assert staff.get(reverse(f"admin:integrations_{name}_changelist")).status_code == 200
    assert staff.get(reverse(f"admin:integrations_{name}_add")).status_code == 403


def test_a_sync_is_looked_at_but_not_changed(staff, place):
    run = SyncRun.objects.get()
    change = reverse("admin:integrations_syncrun_change", args=[run.pk])
    assert staff.get(change).status_code == 200
    assert staff.post(change, {"state": "failed"}).status_code == 403
    delete = reverse("admin:integrations_syncrun_delete", args=[run.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    run.refresh_from_db()
    assert run.state == SyncState.COMPLETED
