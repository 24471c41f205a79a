"""Billing in the administration."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from billing.models import PostingJob
from billing.tests.worked_jobs import worked_job
from portfolios.models import User

READ_ONLY = [
    "utilitybill",
    "sharerule",
    "calculation",
    "approval",
    "charge",
    "chargecode",
    "chargecodemapping",
    "utilitychargecode",
    "postingjob",
    "posting",
    "postingattempt",
    "postingevent",
]


@pytest.fixture
def staff(db, signed_in):
    return signed_in(User.objects.create_superuser("support", password="correct horse"))


@pytest.fixture
def posted(settings, cast, approved, sandbox, now) -> PostingJob:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    return worked_job(approved, cast.accountant, now, sandbox)


@pytest.mark.parametrize("name", READ_ONLY)
def test_every_table_can_be_listed_searched_and_opened(posted, staff, name):
    found = admin.site._registry
    model = next(model for model in found if model._meta.label_lower == f"billing.{name}")
    row = model._default_manager.all()[0]
    changelist = reverse(f"admin:billing_{name}_changelist")
    assert staff.get(changelist).status_code == 200
    assert staff.get(changelist, {"q": "304"}).status_code == 200
    assert staff.get(reverse(f"admin:billing_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", READ_ONLY)
def test_what_happened_cannot_be_changed(posted, staff, name):
    found = admin.site._registry
    model = next(model for model in found if model._meta.label_lower == f"billing.{name}")
    row = model._default_manager.all()[0]
    assert staff.get(reverse(f"admin:billing_{name}_add")).status_code == 403
    assert staff.post(reverse(f"admin:billing_{name}_change", args=[row.pk])).status_code == 403
    assert staff.post(reverse(f"admin:billing_{name}_delete", args=[row.pk])).status_code == 403


def test_a_bill_is_corrected_on_its_own_page_alone(staff, bill):
    url = reverse("admin:billing_utilitybill_change", args=[bill.pk])
    page = staff.get(url).content.decode()
    assert "Nothing is changed here." in page
    assert reverse("billing:bill-detail", args=[bill.pk]) in page
    assert staff.post(url, {"amount_cents": 1}).status_code == 403
    bill.refresh_from_db()
    assert bill.amount_cents == 566_161


@pytest.mark.parametrize(
    "name",
    [
        "utilitybillline",
        "submeterreading",
        "billflag",
        "billdocument",
        "unitterms",
        "placefacts",
        "placeoverride",
        "ledgercheck",
        "ledgersighting",
        "ledgerdifference",
        "reversal",
        "reversalitem",
    ],
)
def test_what_stands_around_money_is_looked_at_only(staff, name):
    changelist = reverse(f"admin:billing_{name}_changelist")
    assert staff.get(changelist, {"q": "304"}).status_code == 200
    assert staff.get(reverse(f"admin:billing_{name}_add")).status_code == 403


# Secrets and what was answered to somebody's program are nobody's business; the rest is shown with
# the row that it belongs to, on the product's own pages.
SHOWN_ELSEWHERE = {
    "portfolios": {"KeptAnswer", "UnknownCaller"},
    "integrations": {"WebhookSecret", "OutgoingEvent", "DeliveryAttempt"},
    "billing": {"StatementCharge"},
}


@pytest.mark.parametrize("app", ["portfolios", "integrations", "billing"])
def test_every_table_has_its_place(app):
    shown = set(admin.site._registry)
    for registered in admin.site._registry.values():
        shown |= {inline.model for inline in registered.inlines}
    tables = apps.get_app_config(app).get_models()
    nowhere = {model.__name__ for model in tables if model not in shown}
    assert nowhere == SHOWN_ELSEWHERE[app]
