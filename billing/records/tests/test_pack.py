"""Records packs: whole, in a fixed order, without secrets, and without other residents."""

from __future__ import annotations

import csv
import json
from io import BytesIO, StringIO
from zipfile import ZipFile

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse

from billing.models import FileKind, PostingAttempt, PreparedFile, UtilityBill
from billing.operations.bill_changes import void_bill
from billing.operations.calculations import calculate_bill
from billing.operations.prepared_files import Subject, file_folder, request_file
from billing.records.work import work_on_files
from billing.tests.reversing import REASON, posted_story
from meterbase.lib.money import format_dollars
from portfolios.models import Lease
from portfolios.tests.pages import text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def story(settings, cast, clock):
    """Post three charges and take one back."""
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    found = posted_story(cast, clock)
    for unit, name in (("101", "Ada Archer"), ("102", "Bo Baker"), ("103", "Cy Cooper")):
        Lease.objects.filter(unit__unit_number=unit).update(resident_name=name)
        found.job.calculation.charges.filter(unit_label=unit).update(resident_name=name)
    found.reverse(found.charges()[:1])
    found.work()
    return found


def pack(story, kind: FileKind, **about) -> dict[str, bytes]:
    calculation = story.job.calculation
    subject = Subject(calculation.bill.property, **about)
    file = request_file(kind=kind, about=subject, by=story.cast.viewer, now=story.clock())
    work_on_files(clock=story.clock)
    file.refresh_from_db()
    assert file.error == ""
    with ZipFile(file_folder() / file.sha256) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def of_calculation(story) -> dict[str, bytes]:
    return pack(story, FileKind.CALCULATION_RECORDS, calculation=story.job.calculation)


def of_lease(story) -> dict[str, bytes]:
    lease = story.job.calculation.charges.get(unit_label="102").lease
    return pack(story, FileKind.LEASE_RECORDS, lease=lease)


def table(files: dict[str, bytes], name: str) -> list[dict[str, str]]:
    (content,) = [found for path, found in files.items() if path.endswith(f"/{name}")]
    return list(csv.DictReader(StringIO(content.decode())))


def test_the_index_adds_up_to_the_charges_and_leads_to_every_file(story):
    files = of_calculation(story)
    charges = list(story.job.calculation.charges.all())
    total = sum(charge.amount_cents for charge in charges)

    index = BeautifulSoup(files["index.html"], "html.parser")

    assert f"All charges together: {format_dollars(total)}" in text_of(index)
    assert json.loads(files["index.json"])["total_cents"] == total
    assert not index.find("script")
    linked = {str(link["href"]) for link in index.find_all(href=True)}
    assert linked <= files.keys()
    assert files.keys() - linked <= {"index.html", "index.json", "statements.csv"}


def test_it_tells_who_decided_what_was_sent_and_what_was_taken_back(story):
    files = of_calculation(story)

    assert [row["Act"] for row in table(files, "approvals.csv")] == [
        "Prepared",
        "Submitted",
        "Approved",
    ]
    postings = table(files, "postings.csv")
    assert len(postings) == 4
    assert sum(bool(row["Takes back"]) for row in postings) == 1
    assert len(table(files, "calls.csv")) == PostingAttempt.objects.count() == 4
    (reversal,) = table(files, "reversals.csv")
    assert (reversal["Reason"], reversal["Decided by"]) == (REASON, "Second")
    verbs = {row["Act"] for row in table(files, "audit.csv")}
    assert {"bill.entered", "calculation.made", "calculation.approved", "job.created"} <= verbs
    (rule,) = table(files, "rule-versions.csv")
    assert rule["Used here"] == "yes"


def test_amounts_read_back_to_the_same_cents(story):
    rows = table(of_calculation(story), "charges.csv")

    read = {int(row["Charge"]): row["Amount"] for row in rows}
    assert read == {
        charge.pk: f"{charge.amount_cents / 100:.2f}"
        for charge in story.job.calculation.charges.all()
    }


def test_a_residents_pack_tells_nothing_of_other_residents(story):
    everything = b"\n".join(of_lease(story).values()).decode(errors="replace")
    charges = story.job.calculation.charges

    assert "Bo Baker" in everything
    for other in charges.exclude(unit_label="102"):
        assert other.resident_name not in everything
        assert other.propexo_lease_id not in everything
        assert other.postings.first().reference not in everything
        assert format_dollars(other.amount_cents) not in everything


def replaced(story) -> None:
    """Take everything back, and calculate the bill anew."""
    story.reverse(story.charges()[1:])
    story.work()
    bill = UtilityBill.objects.get()
    calculate_bill(bill=bill, by=story.cast.manager, now=story.clock())


def test_a_residents_pack_keeps_what_was_posted_and_taken_back(story):
    replaced(story)

    files = of_lease(story)

    postings = table(files, "postings.csv")
    assert sum(bool(row["Takes back"]) for row in postings) == 1
    assert len(postings) == 2
    assert len(table(files, "reversals.csv")) == 1
    (charge,) = table(files, "charges.csv")
    assert charge["State of the calculation"] == "Superseded"
    figures = json.loads(files["index.json"])
    (told,) = figures["calculations"]
    assert (told["state"], told["bill_is_voided"], figures["total_cents"]) == (
        "superseded",
        False,
        0,
    )
    said = text_of(BeautifulSoup(files["index.html"], "html.parser"))
    assert "These charges do not stand any more" in said
    assert "All charges together: $0.00" in said


def test_a_residents_pack_says_who_voided_a_bill_and_why(story):
    replaced(story)
    bill = UtilityBill.objects.get()
    void_bill(bill=bill, reason="Not our meter.", by=story.cast.manager, now=story.clock())

    files = of_lease(story)

    said = text_of(BeautifulSoup(files["index.html"], "html.parser"))
    assert "This bill was voided by Manager" in said
    assert "Not our meter." in said
    (path,) = [path for path in files if path.endswith("/bill.json")]
    entered = json.loads(files[path])
    assert (entered["voided_by"], entered["voided_because"]) == ("Manager", "Not our meter.")
    assert json.loads(files["index.json"])["calculations"][0]["bill_is_voided"]


def test_a_residents_pack_leaves_out_what_nobody_ever_heard_of(month):
    month.desk.in_review()

    lease = month.lease()
    file = request_file(
        kind=FileKind.LEASE_RECORDS,
        about=Subject(month.place, lease=lease),
        by=month.cast.viewer,
        now=month.now,
    )
    work_on_files(clock=lambda: month.now)
    file.refresh_from_db()

    with ZipFile(file_folder() / file.sha256) as archive:
        assert json.loads(archive.read("index.json"))["calculations"] == []


def test_no_secret_is_in_it(story):
    everything = b"\n".join(of_calculation(story).values()).decode(errors="replace")

    tokens = [each.token for each in PostingAttempt.objects.all()]
    assert len(tokens) == 4
    for token in (*tokens, "px_test_"):
        assert token not in everything


def test_the_same_records_make_the_same_file(story):
    of_calculation(story)
    of_calculation(story)

    first, second = PreparedFile.objects.order_by("pk")
    assert first.sha256 == second.sha256


def test_a_resident_without_approved_charges_gets_an_empty_pack(month):
    file = request_file(
        kind=FileKind.LEASE_RECORDS,
        about=Subject(month.place, lease=month.lease()),
        by=month.cast.viewer,
        now=month.now,
    )
    work_on_files(clock=lambda: month.now)
    file.refresh_from_db()

    with ZipFile(BytesIO((file_folder() / file.sha256).read_bytes())) as archive:
        assert b"Nothing of this resident is approved" in archive.read("index.html")


@pytest.mark.parametrize("name", ["lease-records", "calculation-records"])
def test_who_may_look_may_ask_for_records_and_a_stranger_may_not(story, signed_in, name):
    charge = story.job.calculation.charges.first()
    rows = {"lease-records": charge.lease_id, "calculation-records": charge.calculation_id}
    url = reverse(f"billing:{name}", args=[rows[name]])

    assert signed_in(story.cast.stranger).post(url).status_code == 404
    assert not PreparedFile.objects.exists()
    assert signed_in(story.cast.viewer).post(url).status_code == 302
    assert PreparedFile.objects.get().requested_by == story.cast.viewer
