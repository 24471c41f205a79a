"""Billing in the administration."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.urls import reverse

from billing.models import UtilityBill
from billing.tests.acts import post, run_workers
from portfolios.models import AuditEvent, User

READ_ONLY = [
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
def posted(settings, cast, approved, gateway, now):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = post(approved, by=cast.accountant, gateway=gateway, now=now)
    run_workers(job, gateway=gateway, now=now)
    return job


def correct(staff, bill, **changes):
    figures = {
        "account_number": bill.account_number,
        "period_start": bill.period_start,
        "period_end": bill.period_end,
        "amount_cents": bill.amount_cents,
        "usage": "",
        "usage_unit": "",
    }
    url = reverse("admin:billing_utilitybill_change", args=[bill.pk])
    return staff.post(url, figures | changes)


@pytest.mark.parametrize("name", [*READ_ONLY, "utilitybill"])
def test_every_table_can_be_listed_searched_and_opened(staff, posted, name):
    found = admin.site._registry
    model = next(model for model in found if model._meta.label_lower == f"billing.{name}")
    row = model._default_manager.all()[0]
    changelist = reverse(f"admin:billing_{name}_changelist")
    assert staff.get(changelist).status_code == 200
    assert staff.get(changelist, {"q": "304"}).status_code == 200
    assert staff.get(reverse(f"admin:billing_{name}_change", args=[row.pk])).status_code == 200


@pytest.mark.parametrize("name", READ_ONLY)
def test_what_happened_cannot_be_changed(staff, posted, name):
    found = admin.site._registry
    model = next(model for model in found if model._meta.label_lower == f"billing.{name}")
    row = model._default_manager.all()[0]
    assert staff.get(reverse(f"admin:billing_{name}_add")).status_code == 403
    assert staff.post(reverse(f"admin:billing_{name}_change", args=[row.pk])).status_code == 403
    assert staff.post(reverse(f"admin:billing_{name}_delete", args=[row.pk])).status_code == 403


def test_a_bill_is_never_added_or_deleted_here(staff, bill):
    assert staff.get(reverse("admin:billing_utilitybill_add")).status_code == 403
    delete = reverse("admin:billing_utilitybill_delete", args=[bill.pk])
    assert staff.post(delete, {"post": "yes"}).status_code == 403
    assert UtilityBill.objects.count() == 1


def test_a_slip_in_a_bill_can_be_put_right_and_is_written_down(staff, bill):
    assert correct(staff, bill, amount_cents=566_100).status_code == 302
    bill.refresh_from_db()
    assert bill.amount_cents == 566_100
    event = AuditEvent.objects.get(verb="bill.corrected")
    assert (event.before, event.after) == ({"amount_cents": "566161"}, {"amount_cents": "566100"})


def test_a_correction_cannot_make_two_bills_the_same(staff, cast, bill, now):
    UtilityBill.objects.create(
        property=bill.property,
        utility=bill.utility,
        account_number="A-2",
        period_start=bill.period_start,
        period_end=bill.period_end,
        amount_cents=100,
        entered_by=cast.manager,
        entered_at=now,
    )
    response = correct(staff, bill, account_number="A-2")
    assert "Another bill has this account number" in response.content.decode()
    bill.refresh_from_db()
    assert bill.account_number == ""


def test_a_posted_bill_stays_as_it_is(staff, posted, bill):
    assert correct(staff, bill, amount_cents=1).status_code == 403
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
