"""What was issued never changes: the same words and the same bytes, whatever happens since."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import pytest
import time_machine
from django.urls import reverse
from pypdf import PdfReader

from billing.models import Posting, PostingState, ResolvedAs, Statement, UtilityBill
from billing.operations.failures import resolve_posting
from billing.reports.unit_charges import UnitCharges, read_unit_charges
from billing.statements.compose import composer_for
from billing.statements.content import content_from_json, content_to_json, digest_of
from billing.statements.issue import (
    NotComplete,
    NothingToIssue,
    issue_month,
    issue_statement,
)
from billing.statements.kept import NotTheSame, statement_folder, statement_pdf
from billing.statements.month import read_month
from billing.statements.pdf import print_statement
from billing.statements.tests.conftest import CONTACT, MARCH, Month
from meterbase.lib.money import format_dollars
from portfolios.models import AuditEvent, Lease

pytestmark = pytest.mark.django_db


def charged(month: Month) -> list[UnitCharges]:
    """Read what the report says that units are charged."""
    return read_unit_charges(month.place.pk, UtilityBill.objects.all())


def words_of(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return " ".join(text.split())


def test_the_paper_tells_every_cent_of_the_charges(month):
    month.fill_in()
    gas = month.add_gas()
    charges = [
        *month.approve().charges.filter(unit_label="101"),
        *month.approve(gas).charges.filter(unit_label="101"),
    ]

    words = words_of(statement_pdf(month.issue()))

    assert "Utility statement March 2026" in words
    assert "Ada Archer" in words
    for charge in charges:
        assert format_dollars(charge.amount_cents) in words
        assert f"Charge {charge.pk}" in words
        for step in charge.explanation["steps"]:
            assert " ".join(step["expression"].split()) in words
    assert f"Total {format_dollars(sum(each.amount_cents for each in charges))}" in words
    assert "Lakeside Homes LLC" in words
    assert "Bo Baker" not in words


def test_it_has_the_same_bytes_under_another_clock_and_after_everything_changed(month):
    month.fill_in()
    month.approve()
    statement = month.issue()
    first = print_statement(statement)
    month.fill_in(replace(CONTACT, agent_name="Somebody else", due_days=3))
    month.move("MN", "Duluth")
    Lease.objects.update(resident_name="Renamed")

    with time_machine.travel(month.now + timedelta(days=365), tick=False):
        second = print_statement(Statement.objects.get())

    assert second == first


def test_a_kept_file_is_given_and_a_lost_one_is_printed_with_the_same_bytes(month):
    month.approve()
    statement = month.issue()
    first = statement_pdf(statement)
    (kept,) = statement_folder().iterdir()
    assert kept.read_bytes() == first
    kept.unlink()

    assert statement_pdf(Statement.objects.get()) == first
    assert kept.read_bytes() == first


def test_a_file_that_was_tampered_with_is_not_given(month):
    month.approve()
    statement = month.issue()
    first = statement_pdf(statement)
    (kept,) = statement_folder().iterdir()
    kept.write_bytes(b"%PDF- something else")

    assert statement_pdf(Statement.objects.get()) == first


def test_words_that_were_tampered_with_are_not_printed(month, signed_in):
    month.approve()
    statement = month.issue()
    statement.content["sections"][0]["share_cents"] += 1
    statement.save()

    with pytest.raises(NotTheSame, match="changed after it was issued"):
        statement_pdf(statement)
    url = reverse("billing:statement-print", args=[statement.pk])
    answer = signed_in(month.cast.viewer).get(url, follow=True)
    assert "was changed after it was issued" in answer.content.decode()


def test_a_print_that_would_differ_is_not_given(month):
    month.approve()
    statement = month.issue()
    Statement.objects.update(pdf_sha256="0" * 64)
    statement.refresh_from_db()

    with pytest.raises(NotTheSame, match="cannot be printed again"):
        statement_pdf(statement)


def test_stored_words_read_back_as_they_were(month):
    month.fill_in()
    month.approve()
    found = read_month(month.place, MARCH)
    content = (
        composer_for(month.place, found)
        .compose(found[0], month=MARCH, issued=month.now.date())
        .content
    )

    stored = content_to_json(content)

    assert content_from_json(stored) == content
    assert digest_of(dict(reversed(stored.items()))) == digest_of(stored)


def test_charges_that_changed_make_a_new_version_and_keep_the_old_one(month):
    month.approve()
    first = month.issue()
    before = statement_pdf(first)
    month.approve(month.add_gas())

    second = month.issue()

    assert (second.version, second.total_cents > first.total_cents) == (2, True)
    assert second.total_cents == sum(line.charge.amount_cents for line in second.lines.all())
    assert statement_pdf(Statement.objects.get(version=1)) == before


def test_new_contacts_make_a_new_version_when_somebody_asks(month):
    month.approve()
    month.issue()
    month.fill_in()

    assert issue_month_count(month) == 2
    assert month.issue().version == 2
    with pytest.raises(NothingToIssue, match="says the same"):
        month.issue()


def issue_month_count(month) -> int:
    return issue_month(place=month.place, month=MARCH, by=month.cast.manager, now=month.now).count


def test_a_month_is_issued_once_and_the_audit_trail_says_by_whom(month):
    month.approve()

    assert [issue_month_count(month), issue_month_count(month)] == [3, 0]

    (event,) = AuditEvent.objects.filter(verb="statements.issued")
    assert event.actor == month.cast.manager
    assert event.after["total_cents"] == sum(each.total_cents for each in Statement.objects.all())


def test_what_the_place_asks_for_is_completed_first(month):
    month.move("WA", "Seattle")
    month.approve()

    with pytest.raises(NotComplete, match="how and where to dispute the bill") as refused:
        month.issue()
    assert {field.name for field in refused.value.fields} == {
        "agent_contact",
        "due_date",
        "late_terms",
        "dispute_contact",
    }
    assert not Statement.objects.exists()
    month.fill_in()
    assert month.issue().content["due_on"] == "22 Apr 2026"


def test_a_lease_without_an_approved_charge_gets_none(month):
    month.desk.in_review()

    with pytest.raises(NothingToIssue, match="Nothing of this month"):
        issue_statement(lease=month.lease(), month=MARCH, by=month.cast.manager, now=month.now)


@pytest.mark.parametrize("how", [ResolvedAs.OWNER, ResolvedAs.WRITTEN_OFF])
def test_what_was_let_go_is_asked_of_nobody(month, settings, now, how):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    month.fill_in()
    month.desk.post(month.approve())
    refused = Posting.objects.get(charge__unit__unit_number="101")
    Posting.objects.filter(pk=refused.pk).update(
        state=PostingState.REJECTED, error_code="LEASE_NOT_FOUND", error="Nobody lives there."
    )
    refused.refresh_from_db()
    before = {unit.label: unit.cents for unit in charged(month)}
    assert before["101"] == refused.amount_cents

    resolve_posting(
        posting=refused, note="So be it.", by=month.cast.accountant, now=now, resolved_as=how
    )

    with pytest.raises(NothingToIssue):
        month.issue("101")
    assert month.issue("102").total_cents == before["102"]
    assert {unit.label: unit.cents for unit in charged(month)} == before | {"101": 0}
