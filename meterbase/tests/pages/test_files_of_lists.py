"""Every list as a file: what the page shows, all of it, for whoever may see it, and inert."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from bs4 import BeautifulSoup
from django.core.paginator import Page
from django.db.models import CharField, F, Model, TextField, Value
from django.db.models.functions import Concat
from django.test import Client

from billing.models import Charge, LedgerDifference, Posting, PostingJob, UtilityBill
from integrations.models import Connection, ReviewItem, SyncRun, WebhookEvent
from meterbase.lib.sheets import FileFormat
from meterbase.lib.sheets.tests.reading import content_of, csv_rows, formulas_in, xlsx_rows
from meterbase.tests.pages.registry import FILES, PAGES, Opening
from meterbase.tests.pages.world import World
from portfolios.models import AuditEvent, Lease, Portfolio, Property, Unit

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.once("a file says the same whatever the database"),
]

_TYPES = {
    FileFormat.CSV: "text/csv",
    FileFormat.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Lists that fit on one page, and so have no pages.
_WHOLE = {
    "billing:calculation-detail",
    "billing:charge-codes",
    "billing:charge-code-list",
    "billing:failure-list",
    "billing:property-rules",
}
# What a row of the page is more than one row of the file.
_OTHER_ROWS = {
    "portfolios:property-leases": "a row for each lease",
    "portfolios:portfolio-utilities": "a row for each commodity",
}
# Tables that are no lists: of one thing, of a few things to act on, or what a file is made from.
_NO_LISTS = {
    "api-docs": "what programs can ask",
    "home": "the first of each list, which has its own file",
    "search": "the first hits of each kind",
    "portfolios:api-key-list": "a person's own keys, without the keys themselves",
    "portfolios:data-sources": "which public files are loaded",
    "portfolios:property-utilities": "one property's suppliers, in the portfolio's file",
    "portfolios:unit-edit": "one unit",
    "portfolios:unit-import-undo": "a question before an act",
    "integrations:platform-list": "what MeterBase can do",
    "integrations:connection-import": "a question before an act",
    "integrations:endpoint-list": "the few addresses of a portfolio; their deliveries are the list",
    "integrations:delivery-detail": "one delivery",
    "integrations:connection-sync": "the syncs that run right now",
    "billing:bill-create": "a form",
    "billing:bill-detail": "one bill",
    "billing:bill-edit": "a form",
    "billing:bill-readings": "a form",
    "billing:charge-detail": "one charge",
    "billing:statement-detail": "one statement",
    "billing:charge-code-copy": "a question before an act",
    "billing:posting-create": "a question before an act",
    "billing:posting-detail": "one charge",
    "billing:job-reverse": "a question before an act",
    "billing:posting-reverse": "a question before an act",
    "billing:property-coverage": "which days of one property have a bill and a rule",
    "billing:share-rule-edit": "one rule and its versions",
    "billing:what-if": "a comparison to look at",
    "billing:place-facts": "a form",
}
# Whether a page is a list, and of how many rows: the same in the world of every test.
_LISTS: dict[tuple[str, Opening], tuple[bool, int | None]] = {}
_FORMULA = re.compile(r"\s*[=+@＝＋－＠]|\s*-(?!\d+(\.\d+)?$)|[\t\r\n]")
_HOSTILE = (
    (Property, "name"),
    (Portfolio, "name"),
    (Unit, "unit_number"),
    (Lease, "resident_name"),
    (Connection, "name"),
    (ReviewItem, "message"),
    (WebhookEvent, "outcome"),
    (SyncRun, "error"),
    (AuditEvent, "note"),
    (UtilityBill, "account_number"),
    (Charge, "resident_name"),
    (Charge, "unit_label"),
    (Posting, "error"),
    (PostingJob, "description"),
    (LedgerDifference, "message"),
)


def _client(sessions: Mapping[str, str], who: str) -> Client:
    client = Client()
    client.cookies["sessionid"] = sessions[who]
    return client


def _openings(world: World) -> Iterator[tuple[str, Opening, str]]:
    for name, openings in PAGES.items():
        for opening in openings:
            yield name, opening, opening.url(name, world)


def _as_file(url: str, wanted: FileFormat) -> str:
    return f"{url}{'&' if '?' in url else '?'}format={wanted.value}"


def _pages_in(answer: Any) -> list[Page[Any]]:
    contexts = answer.context or ()
    found = {
        id(value): value
        for part in contexts
        for layer in part
        for value in layer.values()
        if isinstance(value, Page)
    }
    return list(found.values())


def _lists(world: World, sessions: Mapping[str, str]) -> Iterator[tuple[str, str, str, int | None]]:
    """Give the pages that are lists: name, address, who opens them, and how many rows they have."""
    for name, opening, url in _openings(world):
        if (name, opening) not in _LISTS:
            pages = _pages_in(_client(sessions, opening.who).get(url))
            count = pages[0].paginator.count if pages else None
            _LISTS[name, opening] = (bool(pages) or name in _WHOLE, count)
        is_list, rows = _LISTS[name, opening]
        if is_list:
            yield name, url, opening.who, rows


def _values(rows: list[list[Any]]) -> list[list[str]]:
    return [[_text(cell) for cell in row] for row in rows]


def _text(cell: Any) -> str:
    """Write what a workbook holds as a CSV file does."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep="T", timespec="seconds")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, bool | str):
        return str(cell).removeprefix("'")
    return f"{Decimal(repr(cell)).normalize():f}"


def _same(csv_cell: str, xlsx_cell: str) -> bool:
    if csv_cell.removeprefix("'").rstrip("\r\n ") == xlsx_cell.rstrip("\r\n "):
        return True
    if re.fullmatch(r"-?\d+\.\d+", csv_cell):
        return f"{Decimal(csv_cell).normalize():f}" == xlsx_cell
    return csv_cell.removesuffix("+00:00") == xlsx_cell


def test_every_list_can_be_saved_as_a_file_and_a_table_that_cannot_says_why(world, sessions):
    amiss = []
    for name, opening, url in _openings(world):
        answer = _client(sessions, opening.who).get(url)
        is_list = bool(_pages_in(answer)) or name in _WHOLE
        page = BeautifulSoup(answer.content, "html.parser")
        offered = {link["href"] for link in page.select('main a[href*="format="]')}
        if is_list and page.select("main table") and len(offered) < 2:
            amiss.append(f"{url}: no links to its files")
        if not is_list and page.select("main table") and not offered and name not in _NO_LISTS:
            amiss.append(f"{url}: a table without a file; is it a list?")
    assert not amiss, "\n".join(amiss)


def test_the_file_of_a_list_has_all_rows_of_the_page_the_same_in_both_formats(world, sessions):
    amiss = []
    for name, url, who, count in _lists(world, sessions):
        expected = None if name in _OTHER_ROWS else count
        amiss += [f"{url}: {fault}" for fault in _faults(_client(sessions, who), url, expected)]
    assert amiss == []


def _faults(client: Client, url: str, count: int | None) -> Iterator[str]:
    """Compare the two files of a list with each other, and with the number of its rows."""
    answers = {wanted: client.get(_as_file(url, wanted)) for wanted in FileFormat}
    for wanted, answer in answers.items():
        if answer.headers.get("Content-Type", "").split(";")[0] != _TYPES[wanted]:
            yield f"no {wanted} file"
            return
        if not answer["Content-Disposition"].startswith("attachment"):
            yield "not to be saved"
    head, *told = csv_rows(content_of(answers[FileFormat.CSV]))
    names, *rows = _values(xlsx_rows(content_of(answers[FileFormat.XLSX])))
    if head != names or len(told) != len(rows):
        yield "two different tables"
        return
    if count is not None and len(told) != count:
        yield f"{len(told)} rows where the page has {count}"
    for row, other in zip(told, rows, strict=True):
        yield from (str(p) for p in zip(row, other, strict=True) if not _same(*p))


def test_whoever_may_not_see_a_page_gets_no_file_of_it(world, sessions, client):
    for _name, url, _who, _count in _lists(world, sessions):
        for wanted in FileFormat:
            address = _as_file(url, wanted)
            assert client.get(address).status_code == 302, url
            stranger = _client(sessions, "stranger")
            answer = stranger.get(address)
            content = content_of(answer)
            assert answer.status_code == stranger.get(url).status_code, url
            if answer.status_code == 200 and wanted is FileFormat.CSV:
                assert world.place.name not in content.decode(), url
                assert "Lakeside" not in content.decode(), url
    for name, opening in FILES.items():
        assert _client(sessions, "stranger").get(opening.url(name, world)).status_code == 404, name


def test_no_text_in_any_file_is_a_formula(world, sessions):
    for model, column in _HOSTILE:
        _spoil(model, column)
    spoiled = 0
    for _name, url, who, _count in _lists(world, sessions):
        client = _client(sessions, who)
        for row in csv_rows(content_of(client.get(_as_file(url, FileFormat.CSV)))):
            spoiled += any(cell.startswith("'=cmd") for cell in row)
            assert not [cell for cell in row if _FORMULA.match(cell)], url
        book = content_of(client.get(_as_file(url, FileFormat.XLSX)))
        assert formulas_in(book) == 0, url
    assert spoiled > len(_HOSTILE)


def _spoil(model: type[Model], column: str) -> None:
    """Write what a spreadsheet would run before every text of a column."""
    field = model._meta.get_field(column)
    assert isinstance(field, CharField | TextField)
    kind = TextField() if isinstance(field, TextField) else CharField()
    spoiled = Concat(Value("=cmd|' /C calc'!A0 "), F(column), output_field=kind)
    model._default_manager.update(**{column: spoiled})
