"""The utility's own bill: uploading, replacing and opening it."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from billing.models import BillDocument, UtilityBill
from billing.operations.approvals import approve_calculation
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.operations.documents import LARGEST_BYTES, document_folder
from billing.tests.acts import alert_of, link
from billing.tests.small_place import small_bill, small_place
from portfolios.tests.pages import check_page, text_of, the

PDF = b"%PDF-1.7\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\nrest"
JPEG = b"\xff\xd8\xffrest"
PAGE = b"<html><script>alert(1)</script></html>"
WATER = {
    "utility": "water",
    "period_start": "2026-03-01",
    "period_end": "2026-04-01",
    "amount": "345.61",
}


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


@pytest.fixture
def bill(cast, now):
    return small_bill(cast, now)


def put(client, bill, content: bytes = PDF, name: str = "March.pdf", **more: object):
    upload = SimpleUploadedFile(name, content)
    return client.post(url("bill-document", bill.pk), {"document": upload}, **more)


# --- With a new bill --------------------------------------------------------------------------


def test_a_bill_is_entered_with_its_document(cast, now, signed_in):
    place = small_place(cast, now)
    fields = WATER | {"document": SimpleUploadedFile("March.pdf", PDF)}
    signed_in(cast.manager).post(url("bill-create", place.pk), fields)
    document = UtilityBill.objects.get().document
    assert (document.name, document.content_type) == ("March.pdf", "application/pdf")
    assert document.uploaded_by == cast.manager


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (PAGE, "must be a PDF, PNG or JPEG file"),
        (b"", "is an empty file"),
        (PDF + b"x" * LARGEST_BYTES, "at most 15 MB"),
    ],
)
def test_neither_bill_nor_document_is_kept_when_the_file_will_not_do(
    cast, now, signed_in, content, sentence
):
    place = small_place(cast, now)
    fields = WATER | {"document": SimpleUploadedFile("March.pdf", content)}
    page = check_page(signed_in(cast.manager).post(url("bill-create", place.pk), fields))
    assert sentence in alert_of(page)
    assert page.select_one('main [role=alert] a[href="#id_document"]')
    assert not UtilityBill.objects.exists()
    assert not BillDocument.objects.exists()


def test_the_document_has_to_be_chosen_again_when_something_else_is_wrong(cast, now, signed_in):
    place = small_place(cast, now)
    fields = WATER | {"amount": "0", "document": SimpleUploadedFile("March.pdf", PDF)}
    page = check_page(signed_in(cast.manager).post(url("bill-create", place.pk), fields))
    assert "choose the document again" in text_of(the(page, "main"))
    assert not BillDocument.objects.exists()


def test_a_bill_that_is_there_already_gets_no_document_by_it(cast, bill, signed_in):
    fields = WATER | {"document": SimpleUploadedFile("March.pdf", PDF)}
    address = url("bill-create", bill.property_id)
    page = check_page(signed_in(cast.manager).post(address, fields))
    assert "was entered before" in alert_of(page)
    assert not BillDocument.objects.exists()


# --- Of a bill that is there ------------------------------------------------------------------


def test_the_bill_shows_its_document_with_who_and_when(cast, bill, signed_in):
    put(signed_in(cast.manager), bill)
    page = check_page(signed_in(cast.viewer).get(url("bill-detail", bill.pk)))
    assert text_of(link(page, url("bill-document", bill.pk))) == "March.pdf"
    assert "uploaded by Manager" in text_of(the(page, "main"))
    assert not page.find("form", action=url("bill-document", bill.pk))


def test_a_document_takes_the_place_of_the_one_before(cast, bill, signed_in):
    client = signed_in(cast.manager)
    put(client, bill)
    put(client, bill, PNG, "scan.png")
    assert bill.document.name == "scan.png"
    assert client.get(url("bill-document", bill.pk)).content == PNG


@pytest.mark.parametrize(
    ("content", "sentence"),
    [(PAGE, "must be a PDF, PNG or JPEG file"), (b"", "is an empty file")],
)
def test_another_kind_of_file_leaves_the_document_as_it_is(
    cast, bill, signed_in, content, sentence
):
    client = signed_in(cast.manager)
    put(client, bill)
    page = check_page(put(client, bill, content))
    assert sentence in alert_of(page)
    assert client.get(url("bill-document", bill.pk)).content == PDF


def test_an_upload_needs_a_file(cast, bill, signed_in):
    page = check_page(signed_in(cast.manager).post(url("bill-document", bill.pk)))
    assert "The document must be chosen" in alert_of(page)


def test_a_document_that_an_approval_rests_on_stays(cast, bill, now, signed_in):
    client = signed_in(cast.manager)
    put(client, bill)
    approve(bill, cast, now)
    page = check_page(client.get(url("bill-detail", bill.pk)))
    assert not page.find("form", action=url("bill-document", bill.pk))
    page = check_page(put(client, bill, PNG, follow=True))
    assert "can no longer be changed" in alert_of(page)
    assert client.get(url("bill-document", bill.pk)).content == PDF


def test_a_document_may_still_be_put_to_an_approved_bill_without_one(cast, bill, now, signed_in):
    approve(bill, cast, now)
    put(signed_in(cast.manager), bill)
    assert bill.document.name == "March.pdf"


@pytest.mark.parametrize(
    ("who", "status"), [("viewer", 403), ("accountant", 403), ("stranger", 404)]
)
def test_nobody_else_puts_documents(cast, bill, signed_in, who, status):
    assert put(signed_in(getattr(cast, who)), bill).status_code == status
    assert not BillDocument.objects.exists()


# --- Opening ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "content_type", "disposition"),
    [
        (PDF, "application/pdf", 'inline; filename="March.pdf"'),
        (PNG, "image/png", 'inline; filename="March.png"'),
        (JPEG, "image/jpeg", 'inline; filename="March.jpg"'),
    ],
)
def test_a_document_opens_as_what_it_is(cast, bill, signed_in, content, content_type, disposition):
    put(signed_in(cast.manager), bill, content, "March.html")
    response = signed_in(cast.viewer).get(url("bill-document", bill.pk))
    assert response.content == content
    assert response.headers["Content-Type"] == content_type
    assert response.headers["Content-Disposition"] == disposition


@pytest.mark.parametrize(("content", "sandbox"), [(PDF, []), (PNG, ["sandbox"])])
def test_a_document_can_run_nothing_and_is_kept_by_no_shared_cache(
    cast, bill, signed_in, content, sandbox
):
    put(signed_in(cast.manager), bill, content)
    headers = signed_in(cast.viewer).get(url("bill-document", bill.pk)).headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    policy = headers["Content-Security-Policy"].split("; ")
    assert policy == [*sandbox, "default-src 'none'", "frame-ancestors 'self'"]
    assert headers["Cache-Control"].startswith("private")


@pytest.mark.parametrize("content", [PDF, PNG])
def test_a_document_can_be_saved_as_well(cast, bill, signed_in, content):
    put(signed_in(cast.manager), bill, content)
    response = signed_in(cast.viewer).get(url("bill-document", bill.pk), {"download": ""})
    assert response.headers["Content-Disposition"].startswith("attachment")


def test_strangers_open_no_document(cast, bill, signed_in):
    put(signed_in(cast.manager), bill)
    assert signed_in(cast.stranger).get(url("bill-document", bill.pk)).status_code == 404


def test_a_bill_without_a_document_has_none_to_open(cast, bill, signed_in):
    assert signed_in(cast.viewer).get(url("bill-document", bill.pk)).status_code == 404


def test_a_file_that_is_gone_is_not_found(cast, bill, signed_in):
    put(signed_in(cast.manager), bill)
    (document_folder() / bill.document.stored_as).unlink()
    assert signed_in(cast.viewer).get(url("bill-document", bill.pk)).status_code == 404


def approve(bill, cast, now) -> None:
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)


def test_a_picture_stands_beside_the_form_that_corrects_the_bill(cast, bill, signed_in):
    client = signed_in(cast.manager)
    edit = url("bill-edit", bill.pk)
    assert not check_page(client.get(edit)).select("main img")

    put(client, bill, PNG, "March.png")

    picture = the(check_page(client.get(edit)), ".beside-picture img")
    assert picture["src"] == url("bill-document", bill.pk)


def test_a_pdf_stands_there_in_a_frame(cast, bill, signed_in):
    client = signed_in(cast.manager)
    put(client, bill, PDF)

    page = client.get(url("bill-edit", bill.pk))

    frame = the(check_page(page), ".beside-picture iframe")
    address, _, how = str(frame["src"]).partition("#")
    assert address == url("bill-document", bill.pk)
    assert "view=FitH" in how
    assert "frame-src 'self';" in page.headers["Content-Security-Policy"] + ";"
    assert client.get(address).headers["X-Frame-Options"] == "SAMEORIGIN"
