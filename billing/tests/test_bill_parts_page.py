"""Lines, document, flags and readings of a bill, and what stands in the way of its review."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import Calculation, CalculationState, PlaceOverride, Utility
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill
from billing.operations.places import set_aside
from billing.tests.acts import alert_of
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.tests.pages import check_page, text_of, the

PDF = b"%PDF-1.7 a bill"


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def flagged(cast, bill, now):
    """Enter a second bill that shares days with the first."""
    return enter_bill(
        place=bill.property,
        entry=BillEntry(
            utility=Utility.WATER,
            period=Period(date(2026, 3, 15), date(2026, 4, 15)),
            amount=Cents(500_000),
        ),
        by=cast.manager,
        now=now,
    )


def _typed(bill, **lines: str) -> dict[str, str]:
    return {
        "utility": "gas",
        "period_start": "2026-03-01",
        "period_end": "2026-04-01",
        "amount": "100.00",
        **lines,
    }


def test_lines_have_to_add_up(cast, bill, signed_in):
    client = signed_in(cast.manager)
    path = url("bill-create", bill.property_id)
    lines = {"line_1_kind": "usage", "line_1_amount": "60", "line_2_kind": "tax"}

    page = check_page(client.post(path, _typed(bill, **lines, line_2_amount="30")))
    assert "add up to $90.00" in text_of(page)
    client.post(path, _typed(bill, **lines, line_2_amount="40"))

    made = bill.property.bills.get(utility="gas")
    assert list(made.lines.values_list("kind", "amount_cents")) == [("usage", 6000), ("tax", 4000)]


def test_a_document_is_kept_and_given_back_as_a_file(cast, bill, signed_in):
    client = signed_in(cast.manager)
    path = url("bill-document", bill.pk)

    client.post(path, {"document": SimpleUploadedFile("../march.exe", PDF)})
    answer = signed_in(cast.viewer).get(path)

    assert b"".join(answer.streaming_content) == PDF
    assert answer["Content-Type"] == "application/pdf"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert 'filename="march.pdf"' in answer["Content-Disposition"]
    assert signed_in(cast.stranger).get(path).status_code == 404
    assert signed_in(cast.viewer).post(path).status_code == 403


def test_another_kind_of_file_is_refused_with_a_sentence(cast, bill, signed_in):
    upload = SimpleUploadedFile("bill.pdf", b"<html>", content_type="application/pdf")

    answer = signed_in(cast.manager).post(url("bill-document", bill.pk), {"document": upload})

    assert "must be a PDF, PNG or JPEG file" in text_of(check_page(answer))


def test_a_flag_keeps_a_calculation_from_review_until_it_is_cleared(cast, flagged, signed_in, now):
    client = signed_in(cast.manager)
    calculation = calculate_bill(bill=flagged, by=cast.manager, now=now)
    shown = url("calculation-detail", calculation.pk)

    page = check_page(client.get(shown))
    assert page.find("button", attrs={"disabled": True}, string="Submit for review")
    assert page.select(f'#blockers a[href^="{url("bill-detail", flagged.pk)}"]')
    refused = client.post(url("calculation-submit", calculation.pk), follow=True)
    assert "shares days" in alert_of(check_page(refused))

    flag = flagged.flags.get()
    clear = url("bill-flag-clear", flagged.pk, flag.pk)
    assert signed_in(cast.accountant).post(clear, {"note": "x"}).status_code == 403
    check_page(client.post(clear, {"note": ""}))
    client.post(clear, {"note": "Two meters."})
    client.post(url("calculation-submit", calculation.pk))

    assert Calculation.objects.get(pk=calculation.pk).state == CalculationState.IN_REVIEW
    page = check_page(client.get(url("bill-detail", flagged.pk)))
    assert "Two meters." in text_of(the(page, "main"))


def test_a_rule_of_the_place_blocks_until_it_is_set_aside(cast, bill, signed_in, now):
    place = bill.property
    place.state, place.city = "CT", "Hartford"
    place.save()
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    page = check_page(signed_in(cast.manager).get(url("calculation-detail", calculation.pk)))
    assert "Stands in the way" in text_of(the(page, "main"))
    blocking = [found for found in calculation.findings if found["severity"] == "block"]

    for found in blocking:
        set_aside(
            place=place,
            utility=Utility.WATER,
            place_rule_id=found["rule_id"],
            reason="Counsel has agreed.",
            by=cast.accountant,
            now=now,
        )
    again = calculate_bill(bill=bill, by=cast.manager, now=now)

    page = check_page(signed_in(cast.manager).get(url("calculation-detail", again.pk)))
    assert "Counsel has agreed." in text_of(the(page, "main"))
    assert PlaceOverride.objects.count() == len(blocking) > 0


def test_readings_are_entered_by_managers_and_seen_by_all(cast, bill, signed_in):
    path = url("bill-readings", bill.pk)
    unit = bill.property.units.order_by("pk").first()

    signed_in(cast.manager).post(path, {f"unit_{unit.pk}": "12.5"})

    assert str(bill.readings.get().usage) == "12.500"
    check_page(signed_in(cast.viewer).get(path))
    assert signed_in(cast.viewer).post(path, {}).status_code == 403
    assert signed_in(cast.stranger).get(path).status_code == 404
