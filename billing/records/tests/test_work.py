"""Files of a whole month: made in the background, once, whatever happens to a worker."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from pypdf import PdfReader

from billing.models import FileKind, PreparedFile, Statement
from billing.operations.documents import attach_document
from billing.operations.prepared_files import (
    KEPT_FOR,
    LOST_AFTER,
    MOST_TRIES,
    Subject,
    TakenOver,
    drop_old_files,
    file_folder,
    request_file,
    show_progress,
    take_due,
)
from billing.records.work import work_on_files
from billing.statements.kept import statement_pdf
from billing.statements.tests.conftest import MARCH, NAMES
from conftest import Clock
from meterbase.lib.money import format_dollars
from meterbase.lib.sheets.tests.reading import content_of
from portfolios.tests.pages import check_page, check_part, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask(month):
    """Give a function that asks for a file of the month."""

    def ask_for(kind: FileKind = FileKind.STATEMENTS_PDF) -> PreparedFile:
        about = Subject(month.place, month=MARCH)
        return request_file(kind=kind, about=about, by=month.cast.manager, now=month.now)

    return ask_for


def made(file: PreparedFile) -> bytes:
    file.refresh_from_db()
    assert file.error == ""
    return (file_folder() / file.sha256).read_bytes()


def test_one_pdf_has_the_statement_of_every_resident_in_the_order_of_units(month, ask):
    calculation = month.approve()
    file = ask()

    work_on_files(clock=lambda: month.now)

    pages = [page.extract_text() for page in PdfReader(BytesIO(made(file))).pages]
    assert len(pages) == 3
    for page, (unit, name) in zip(pages, NAMES.items(), strict=True):
        charge = calculation.charges.get(unit_label=unit)
        assert name in page
        assert format_dollars(charge.amount_cents) in page
        assert f"unit {unit}, statement" in page
        assert page.endswith("page 1")
    assert (file.done, file.total) == (3, 3)
    assert Statement.objects.count() == 3


def test_the_same_statements_make_the_same_file(month, ask):
    month.approve()
    first = ask()
    work_on_files(clock=lambda: month.now)
    month.fill_in()
    later = month.now + timedelta(days=300)
    second = request_file(
        kind=FileKind.STATEMENTS_PDF,
        about=Subject(month.place, month=MARCH),
        by=month.cast.manager,
        now=later,
    )
    work_on_files(clock=lambda: later)

    assert second.pk != first.pk
    assert made(second) == made(first)


def test_a_zip_has_each_statement_as_it_prints_alone_and_the_bill(month, ask):
    month.approve()
    attach_document(
        bill=month.desk.bill,
        name="../../März/bill.pdf",
        chunks=[b"%PDF-1.7 the utility's"],
        by=month.cast.manager,
        now=month.now,
    )
    file = ask(FileKind.STATEMENTS_ZIP)

    work_on_files(clock=lambda: month.now)

    with ZipFile(BytesIO(made(file))) as archive:
        for statement in Statement.objects.all():
            name = f"statements/unit-{statement.content['unit']}-statement-{statement.pk}.pdf"
            assert archive.read(name) == statement_pdf(statement)
        (bill,) = [name for name in archive.namelist() if name.startswith("bills/")]
        assert archive.read(bill) == b"%PDF-1.7 the utility's"
        assert ".." not in bill
        table = archive.read("statements.csv").decode()
    assert "Ada Archer" in table
    assert f"{month.desk.bill.property}" not in bill


def test_work_that_stops_halfway_goes_on_and_makes_the_same_file(month, ask):
    month.approve()
    whole = ask(FileKind.STATEMENTS_ZIP)
    work_on_files(clock=lambda: month.now)
    again = ask(FileKind.STATEMENTS_ZIP)
    OrmQ.objects.all().delete()

    work_on_files(clock=lambda: month.now, seconds=0.000_001)
    again.refresh_from_db()
    assert (again.finished_at, again.token) == (None, "")
    assert OrmQ.objects.exists()
    work_on_files(clock=lambda: month.now)

    assert made(again) == made(whole)


def test_a_file_whose_worker_was_lost_is_begun_anew(month, ask):
    month.approve()
    file = ask()
    lost = take_due(now=month.now)
    assert lost is not None
    assert take_due(now=month.now + LOST_AFTER - timedelta(seconds=1)) is None
    clock = Clock(month.now + LOST_AFTER)

    work_on_files(clock=clock)

    assert made(file)
    with pytest.raises(TakenOver):
        show_progress(lost, done=1, total=3, now=clock())


def test_a_file_that_never_comes_to_its_end_is_given_up(month, ask):
    month.approve()
    file = ask()
    clock = Clock(month.now)
    for _ in range(MOST_TRIES):
        assert take_due(now=clock()) is not None
        clock.advance(seconds=LOST_AFTER.total_seconds())

    work_on_files(clock=clock)

    file.refresh_from_db()
    assert "never came to its end" in file.error


def test_what_is_missing_is_told_as_a_sentence(month, ask):
    month.move("WA", "Seattle")
    month.approve()
    file = ask()

    work_on_files(clock=lambda: month.now)

    file.refresh_from_db()
    assert file.error.startswith("Complete what this place asks for first")
    assert not Statement.objects.exists()


def test_asking_twice_makes_one_file(month, ask):
    month.approve()

    assert ask().pk == ask().pk
    assert ask(FileKind.STATEMENTS_ZIP).pk != ask().pk


def test_old_files_are_dropped(month, ask):
    month.approve()
    file = ask()
    work_on_files(clock=lambda: month.now)
    drop_old_files(now=month.now + KEPT_FOR)
    assert made(file)

    drop_old_files(now=month.now + KEPT_FOR + timedelta(seconds=1))

    assert not PreparedFile.objects.exists()
    assert list(file_folder().iterdir()) == []


def test_a_manager_asks_watches_and_takes_it(month, signed_in):
    month.approve()
    client = signed_in(month.cast.manager)
    asked = {"month": "2026-03", "kind": "statements_pdf"}
    answer = client.post(reverse("billing:statements-file", args=[month.place.pk]), asked)
    watching = answer["Location"]
    assert "Being made" in text_of(check_page(client.get(watching)))
    file = PreparedFile.objects.get()
    taking = reverse("billing:file-download", args=[file.pk])
    assert client.get(taking).status_code == 404

    work_on_files(clock=timezone.now)

    part = check_part(client.get(watching, headers={"HX-Request": "true"}))
    assert "The file is ready." in text_of(part)
    assert not part.select("[hx-get]")
    answer = client.get(taking)
    assert b"".join(answer.streaming_content) == made(file)
    assert answer["Content-Type"] == "application/pdf"


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"month": "2026-03", "kind": "lease_records"},
        {"month": "2026-02", "kind": "statements_pdf"},
        {"month": "x", "kind": "statements_zip"},
    ],
)
def test_what_cannot_be_made_is_answered_by_a_sentence(month, signed_in, asked):
    month.approve()
    url = reverse("billing:statements-file", args=[month.place.pk])

    page = check_page(signed_in(month.cast.manager).post(url, asked, follow=True))

    assert "Choose a month with approved charges" in text_of(page)
    assert not PreparedFile.objects.exists()


def test_others_may_take_a_file_and_not_issue_and_strangers_neither(month, ask, signed_in):
    month.approve()
    file = ask()
    work_on_files(clock=lambda: month.now)
    issue = reverse("billing:statements-file", args=[month.place.pk])
    urls = [reverse(f"billing:file-{name}", args=[file.pk]) for name in ("detail", "download")]

    for who, status in (("viewer", 200), ("stranger", 404)):
        client = signed_in(getattr(month.cast, who))
        answers = [client.get(url) for url in urls]
        assert [answer.status_code for answer in answers] == [status, status]
        for answer in answers:
            content_of(answer)
    assert signed_in(month.cast.viewer).post(issue).status_code == 403
    assert signed_in(month.cast.stranger).post(issue).status_code == 404
