"""Printed statements as files: the first print is kept, and every later one has the same bytes."""

from __future__ import annotations

import hashlib
import os
import secrets
from pathlib import Path

from django.conf import settings

from billing.models import Statement
from billing.statements.content import digest_of
from billing.statements.pdf import print_statement


class NotTheSame(Exception):
    """What is stored of a statement is not what was issued, so it is not given out."""


def statement_folder() -> Path:
    """Name the folder of printed statements."""
    return Path(settings.STATE_DIR) / "statements"


def statement_pdf(statement: Statement) -> bytes:
    """Give a statement as a PDF: the same bytes as the first time it was printed.

    Errors: NotTheSame when its row was tampered with, or its file is lost and this installation
        would print it otherwise.
    Effects: the first time, a file and its digest in the row.
    """
    if digest_of(statement.content) != statement.digest:
        raise NotTheSame(f"{statement} was changed after it was issued.")
    if statement.pdf_sha256:
        kept = _kept(statement.pdf_sha256)
        if kept is not None:
            return kept
    printed = print_statement(statement)
    sha256 = hashlib.sha256(printed).hexdigest()
    # Of several who print it for the first time, one decides; all have made the same bytes.
    unprinted = Statement.objects.filter(pk=statement.pk, pdf_sha256="")
    if not unprinted.update(pdf_sha256=sha256):
        statement.refresh_from_db(fields=["pdf_sha256"])
        if statement.pdf_sha256 != sha256:
            raise NotTheSame(
                f"The file of {statement} is lost, and it cannot be printed again with the same "
                "bytes. Its words are unchanged on its page."
            )
    statement.pdf_sha256 = sha256
    keep_file(statement_folder() / f"{sha256}.pdf", printed)
    return printed


def keep_file(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all.

    Effects: a file that only its owner reads.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    half_written = path.with_suffix(f".{secrets.token_hex(8)}")
    half_written.write_bytes(content)
    os.replace(half_written, path)  # noqa: PTH105 - it replaces on every system


def _kept(sha256: str) -> bytes | None:
    try:
        content = (statement_folder() / f"{sha256}.pdf").read_bytes()
    except FileNotFoundError:
        return None
    return content if hashlib.sha256(content).hexdigest() == sha256 else None
