"""From a bill to charges in the PMS, by pages alone."""

from __future__ import annotations

from django.urls import reverse
from django.utils import timezone

from billing.models import Calculation, PostingJob, UtilityBill
from billing.tests.acts import alert_of, row_of, run_workers
from portfolios.tests.pages import check_page, text_of, the


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def test_a_bill_becomes_charges_in_the_pms(cast, place, gateway, sandbox, settings, signed_in):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    manager, accountant = signed_in(cast.manager), signed_in(cast.accountant)
    manager.post(
        url("share-rule-edit", place.pk, "water"),
        {"method": "square_feet", "vacancy": "owner_pays", "common_area_percent": "10"},
    )
    manager.post(
        url("bill-create", place.pk),
        {
            "utility": "water",
            "period_start": "2026-03-01",
            "period_end": "2026-04-01",
            "amount": "5,661.61",
        },
    )
    bill = UtilityBill.objects.get()
    manager.post(url("calculation-create", bill.pk))
    calculation = Calculation.objects.get()
    manager.post(url("calculation-submit", calculation.pk))
    page = check_page(accountant.get(url("approval-list")))
    assert page.find("a", href=url("calculation-detail", calculation.pk))
    accountant.post(url("calculation-approve", calculation.pk))
    accountant.post(
        url("posting-create", calculation.pk),
        {
            "charge_date": "2026-04-01",
            "charge_code": "WATER",
            "description": "March 2026 Water Charge (RUBS)",
            "confirmed": "on",
        },
    )
    job = PostingJob.objects.get()
    assert run_workers(job, gateway=gateway, now=timezone.now()) == 45
    page = check_page(manager.get(url("job-detail", job.public_id)))
    assert "45 posted" in text_of(the(page, ".bar-legend"))
    ledger = sandbox.ledger()
    assert len(ledger) == 45
    assert sum(entry.amount for entry in ledger) * 100 == calculation.tenants_cents
    assert "Posted" in row_of(
        check_page(manager.get(url("bill-list"))), url("bill-detail", bill.pk)
    )
    page = check_page(manager.get(url("bill-detail", bill.pk)))
    assert not page.find("form", action=url("calculation-create", bill.pk))
    page = check_page(manager.post(url("calculation-create", bill.pk), follow=True))
    assert "has been posted" in alert_of(page)
