"""Keeping the utility's own bill as a file, outside everything that the web server serves."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path, PurePath

from django.conf import settings
from django.db import transaction

from billing.models import BillDocument, UtilityBill
from billing.operations.bills import BillEntry, enter_bill, refuse_locked
from portfolios.models import Property, User
from portfolios.operations.audit import record_event

LARGEST_BYTES = 15 * 1024 * 1024
# By the first bytes of the file: what a browser calls it proves nothing.
_SIGNATURES = {
    b"%PDF-": "application/pdf",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
}
CONTENT_TYPES = tuple(_SIGNATURES.values())
_SUFFIXES = {"application/pdf": ".pdf", "image/png": ".png", "image/jpeg": ".jpg"}


class NotADocument(Exception):
    """The file is not a bill's document."""


def document_folder() -> Path:
    """Name the folder of the documents."""
    return Path(settings.STATE_DIR) / "documents"


def attach_document(
    *, bill: UtilityBill, name: str, chunks: Iterable[bytes], by: User, now: datetime
) -> BillDocument:
    """Store a PDF or picture of a bill, in place of one that was there.

    Errors: NotADocument when it is too large or another kind of file; BillLocked when it would take
        the place of the one that an approval rests on. Nothing is stored then.
    Effects: a file, a row, an audit event.
    """
    if BillDocument.objects.filter(bill=bill).exists():
        refuse_locked(bill)
    content = _read(chunks)
    content_type = _type_of(content)
    stored_as = secrets.token_hex(16)
    folder = document_folder()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    # The file first: a row never points to nothing, and a file without a row harms nobody.
    (folder / stored_as).write_bytes(content)
    with transaction.atomic():
        document, _made = BillDocument.objects.update_or_create(
            bill=bill,
            defaults={
                "stored_as": stored_as,
                "name": Path(name).name[:200] or "bill",
                "content_type": content_type,
                "size": len(content),
                "sha256": hashlib.sha256(content).hexdigest(),
                "uploaded_by": by,
                "uploaded_at": now,
            },
        )
        record_event(
            verb="bill.document_attached",
            subject=bill,
            by=by,
            now=now,
            after={"name": document.name, "sha256": document.sha256},
        )
    return document


@transaction.atomic
def enter_bill_with_document(
    *,
    place: Property,
    entry: BillEntry,
    name: str,
    chunks: Iterable[bytes],
    by: User,
    now: datetime,
) -> UtilityBill:
    """Store a bill together with its document, or neither.

    Errors: BillAlreadyEntered, LinesDoNotAddUp, NotADocument.
    Effects: those of enter_bill and attach_document.
    """
    bill = enter_bill(place=place, entry=entry, by=by, now=now)
    attach_document(bill=bill, name=name, chunks=chunks, by=by, now=now)
    return bill


def document_content(document: BillDocument) -> bytes:
    """Read a document.

    Errors: FileNotFoundError when its file is not where it was kept.
    """
    return (document_folder() / document.stored_as).read_bytes()


def document_file_name(document: BillDocument) -> str:
    """Name the file by what it is, whatever its name said when it came."""
    return PurePath(document.name).stem + _SUFFIXES[document.content_type]


def _read(chunks: Iterable[bytes]) -> bytes:
    content = bytearray()
    for chunk in chunks:
        content += chunk
        if len(content) > LARGEST_BYTES:
            megabytes = LARGEST_BYTES // 1024 // 1024
            raise NotADocument(f"The document must not be larger than {megabytes} MB.")
    return bytes(content)


def _type_of(content: bytes) -> str:
    for signature, content_type in _SIGNATURES.items():
        if content.startswith(signature):
            return content_type
    raise NotADocument("The document must be a PDF, PNG or JPEG file.")
