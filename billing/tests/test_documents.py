"""Keeping the utility's own bill as a file."""

from __future__ import annotations

import hashlib
import stat
from collections.abc import Iterator

import pytest

from billing.models import BillDocument
from billing.operations import documents
from billing.operations.documents import NotADocument, attach_document, document_folder
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_bill
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7\nnot much of a bill"
PNG = b"\x89PNG\r\n\x1a\nnot much of a picture"
JPEG = b"\xff\xd8\xff\xe0not much of a picture"


@pytest.fixture
def attach(cast, now):
    """Give a function that attaches a document to a bill."""
    bill = small_bill(cast, now)

    def attach_it(content: bytes = PDF, name: str = "march.pdf") -> BillDocument:
        return attach_document(bill=bill, name=name, chunks=[content], by=cast.manager, now=now)

    return attach_it


def files() -> list[str]:
    folder = document_folder()
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


@pytest.mark.parametrize(
    ("content", "expected"),
    [(PDF, "application/pdf"), (PNG, "image/png"), (JPEG, "image/jpeg")],
)
def test_the_content_tells_the_type_whatever_the_name(attach, content, expected):
    document = attach(content, name="bill.exe")

    assert document.content_type == expected
    assert (document_folder() / document.stored_as).read_bytes() == content
    assert (document.size, document.sha256) == (len(content), hashlib.sha256(content).hexdigest())


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html><script>alert(1)</script>",
        b" %PDF-1.7",
        b"GIF89a",
        b"MZ\x90\x00",
        b"PK\x03\x04",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    ],
)
def test_anything_else_is_refused_whatever_its_name_and_leaves_nothing(attach, content):
    with pytest.raises(NotADocument, match="PDF, PNG or JPEG"):
        attach(content, name="bill.pdf")

    assert files() == []
    assert not BillDocument.objects.exists()
    assert not AuditEvent.objects.filter(verb="bill.document_attached").exists()


def test_a_document_of_the_largest_size_is_taken(attach, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST_BYTES", len(PDF))

    assert attach(PDF).size == len(PDF)


def test_one_byte_more_is_refused_before_the_rest_is_read(cast, now, monkeypatch):
    monkeypatch.setattr(documents, "LARGEST_BYTES", len(PDF))

    def endless() -> Iterator[bytes]:
        yield PDF
        yield b"x"
        raise AssertionError("read on after the limit")

    with pytest.raises(NotADocument, match="must not be larger"):
        attach_document(
            bill=small_bill(cast, now), name="b.pdf", chunks=endless(), by=cast.manager, now=now
        )
    assert files() == []


def test_a_signature_that_comes_in_two_pieces_is_seen(cast, now):
    document = attach_document(
        bill=small_bill(cast, now),
        name="b.pdf",
        chunks=[PDF[:3], PDF[3:]],
        by=cast.manager,
        now=now,
    )

    assert document.content_type == "application/pdf"


def test_a_new_document_takes_the_place_of_the_one_before(attach):
    first = attach(PDF)
    second = attach(PNG, name="again.png")

    document = BillDocument.objects.get()
    assert document.pk == first.pk
    assert (document.name, document.content_type) == ("again.png", "image/png")
    assert document.stored_as == second.stored_as != first.stored_as
    assert (document_folder() / document.stored_as).read_bytes() == PNG
    assert AuditEvent.objects.filter(verb="bill.document_attached").count() == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../settings.py", "settings.py"),
        ("/etc/passwd", "passwd"),
        ("/", "bill"),
        ("", "bill"),
        ("x" * 300, "x" * 200),
    ],
)
def test_no_name_leads_out_of_the_folder(attach, tmp_path, name, kept):
    document = attach(name=name)

    assert document.name == kept
    assert files() == [document.stored_as]
    assert document.stored_as.isalnum()
    assert (document_folder() / document.stored_as).resolve().parent == tmp_path / "documents"


def test_the_folder_is_its_owners_alone_and_outside_everything_served(attach, settings):
    attach()

    assert stat.S_IMODE(document_folder().stat().st_mode) == 0o700
    served = [settings.STATIC_ROOT, *(str(found[-1]) for found in _static_folders(settings))]
    for folder in filter(None, served):
        assert not str(document_folder()).startswith(str(folder))


def _static_folders(settings) -> list[tuple[object, ...]]:
    return [found if isinstance(found, tuple) else (found,) for found in settings.STATICFILES_DIRS]


def test_no_row_is_written_without_the_audit_trail(cast, now):
    bill = small_bill(cast, now)

    with audit_down():
        attach_document(bill=bill, name="b.pdf", chunks=[PDF], by=cast.manager, now=now)

    assert not BillDocument.objects.exists()


def test_who_attached_what_is_in_the_audit_trail(attach, cast):
    document = attach()

    event = AuditEvent.objects.get(verb="bill.document_attached")
    assert (event.actor, event.after) == (
        cast.manager,
        {"name": "march.pdf", "sha256": document.sha256},
    )
