"""Keeping the utility's own bill with a bill, and giving it back."""

from __future__ import annotations

import hashlib
import json

import pytest

from billing.models import BillDocument
from billing.operations import documents

PDF = b"%PDF-1.7\nThe water of March\n%%EOF\n"


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def address(small) -> str:
    return f"/api/rubs/bills/{small.pk}/document"


def test_what_was_put_is_given_back_byte_for_byte(program, programs, address):
    assert program.get(address).status_code == 404
    kept = program.call("PUT", f"{address}?name=..%2Fwater%20March.exe", PDF).json()
    assert kept["sha256"] == hashlib.sha256(PDF).hexdigest()
    assert (kept["content_type"], kept["size"]) == ("application/pdf", len(PDF))

    for who in ("viewer", "accountant"):
        answer = programs[who].get(address)
        assert (answer.content, answer["Content-Type"]) == (PDF, "application/pdf")
    assert answer["Content-Disposition"] == 'attachment; filename="water March.pdf"'
    bill = program.get(address.removesuffix("/document")).json()
    assert bill["document_url"] == address


def test_another_takes_its_place_until_the_bill_is_locked(program, address, approved_small):
    picture = b"\x89PNG\r\n\x1a\n"
    assert program.call("PUT", address, PDF).status_code == 200
    refused = program.call("PUT", address, picture)
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "locked")
    assert program.get(address).content == PDF


@pytest.mark.parametrize("body", [b"", b"<html>", b"MZ"])
def test_what_is_no_document_is_refused_and_not_kept(program, address, body):
    refused = program.call("PUT", address, body)
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == ["body"]
    assert not BillDocument.objects.exists()


def test_it_may_be_larger_than_other_bodies_but_not_endless(
    program, address, settings, monkeypatch
):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 10
    assert program.call("PUT", address, PDF).status_code == 200
    monkeypatch.setattr(documents, "LARGEST_BYTES", len(PDF) - 1)
    refused = program.call("PUT", address, PDF)
    assert refused.status_code == 422
    assert "larger" in json.dumps(refused.json())
