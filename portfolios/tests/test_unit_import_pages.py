from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from portfolios.models import Property, UnitField, UnitImport
from portfolios.operations.units import set_unit_values
from portfolios.tests.pages import check_page, text_of, the
from portfolios.tests.small_house import add_unit, make_house, typed
from portfolios.unit_files.limits import LARGEST_BYTES
from portfolios.unit_files.tests.making import csv_file, xlsx_file

LINES = ("Unit,Sq Ft,Beds", "101,850,2", "102,20000,1", "999,1,1", "104,,")


@pytest.fixture
def house(cast) -> Property:
    house = make_house(cast)
    for number in ("101", "102", "103"):
        add_unit(house, number, sqft=800)
    return house


def list_url(house: Property) -> str:
    return reverse("portfolios:unit-import-list", args=[house.pk])


def upload(client, house: Property, *lines: str, content: bytes | None = None, name="units.csv"):
    file = SimpleUploadedFile(name, csv_file(*lines) if content is None else content)
    return client.post(list_url(house), {"file": file}, follow=True)


def confirm(client, page, **ticked: str):
    seen = the(page, "input[name=seen]")["value"]
    return client.post(detail_url(), {"seen": seen, **ticked}, follow=True)


def detail_url(name: str = "detail") -> str:
    return reverse(f"portfolios:unit-import-{name}", args=[UnitImport.objects.latest("pk").pk])


def table_of(page) -> list[str]:
    return [text_of(row) for row in page.select("main tbody tr")]


def test_a_file_is_shown_as_a_preview_and_stored_on_confirmation(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(upload(client, house, *LINES))
    assert "Not confirmed yet" in text_of(page)
    assert table_of(page) == [
        "101 Square feet 800 850 2",
        "101 Bedrooms — not known 2 2",
        "102 Square feet 800 20,000 3 stands out",
        "102 Bedrooms — not known 1 3",
    ]
    assert typed(house) == {}
    page = check_page(confirm(client, page))
    assert "3 values set from units.csv." in text_of(page)
    assert typed(house) == {
        ("101", "sqft"): "850",
        ("101", "bedrooms"): "2",
        ("102", "bedrooms"): "1",
    }
    assert page.select("main .badge-status")[0].get_text(strip=True) == "Applied"


def test_every_problem_is_named_by_row_and_column(cast, house, signed_in):
    client = signed_in(cast.manager)
    upload(client, house, *LINES)
    page = check_page(client.get(detail_url() + "?show=problems"))
    assert table_of(page) == [
        "3 B, Sq Ft 20,000 square feet is outside 100 to 10,000. Stands out",
        "4 — No unit of this property has the number “999”. Left out",
        "4 B, Sq Ft 1 square feet is outside 100 to 10,000. Stands out",
    ]
    text = text_of(page)
    assert "Row 5: without a value that is known" in text
    assert "Units that no row speaks of 1: 103" in text


def test_values_that_stand_out_need_a_tick(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(upload(client, house, "Unit,Sq Ft", "101,20000"))
    assert "There is no value to set." in text_of(check_page(confirm(client, page)))
    assert typed(house) == {}
    confirm(client, page, take_odd="on")
    assert typed(house) == {("101", "sqft"): "20000"}


def test_a_workbook_will_do(cast, house, signed_in):
    content = xlsx_file([["Rent roll"], ["Apt", "Area"], [101, 850.0]])
    page = check_page(upload(signed_in(cast.manager), house, content=content, name="roll.xlsx"))
    assert table_of(page) == ["101 Square feet 800 850 3"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "The file is empty; choose a CSV file or an XLSX workbook of at most 5 MB."),
        (b"words", "No row near the top has headings"),
        (b"PK\x03\x04", "not an XLSX workbook that can be read"),
        (b"x" * (LARGEST_BYTES + 1), "The file must be a CSV file or an XLSX workbook"),
    ],
)
def test_a_file_that_cannot_be_read_is_answered_by_a_sentence(
    cast, house, signed_in, content, sentence
):
    page = check_page(upload(signed_in(cast.manager), house, content=content))
    assert sentence in text_of(the(page, ".notice.tone-danger"))
    assert not UnitImport.objects.exists()


def test_no_file_at_all_is_answered_by_a_sentence(cast, house, signed_in):
    page = check_page(signed_in(cast.manager).post(list_url(house), {}))
    assert "Choose a CSV file or an XLSX workbook" in text_of(the(page, ".notice.tone-danger"))


def test_a_preview_that_is_no_longer_true_is_shown_anew(cast, house, signed_in, now):
    client = signed_in(cast.manager)
    page = check_page(upload(client, house, "Unit,Sq Ft", "101,850"))
    flat = house.units.get(unit_number="101")
    set_unit_values(unit=flat, values={UnitField.SQFT: "820"}, by=cast.manager, now=now)
    page = check_page(confirm(client, page))
    assert "Values of these units changed since the preview was shown." in text_of(page)
    assert table_of(page) == ["101 Square feet 820 850 2"]
    confirm(client, page)
    assert typed(house) == {("101", "sqft"): "850"}


def test_the_same_file_once_more_stops_and_asks(cast, house, signed_in):
    client = signed_in(cast.manager)
    confirm(client, check_page(upload(client, house, "Unit,Sq Ft", "101,850")))
    house.units.get(unit_number="101").overrides.all().delete()
    page = check_page(upload(client, house, "Unit,Sq Ft", "101,850"))
    notice = text_of(the(page, ".notice.tone-warning"))
    assert "This very file was imported before." in notice
    assert "units.csv, by Manager on" in notice
    assert "imported before" in text_of(check_page(confirm(client, page)))
    assert typed(house) == {}
    confirm(client, page, again="on")
    assert typed(house) == {("101", "sqft"): "850"}


def test_an_import_is_undone_as_a_whole(cast, house, signed_in, now):
    client = signed_in(cast.manager)
    confirm(client, check_page(upload(client, house, "Unit,Sq Ft", "101,850", "102,860")))
    flat = house.units.get(unit_number="102")
    set_unit_values(unit=flat, values={UnitField.SQFT: "870"}, by=cast.manager, now=now)
    page = check_page(client.get(detail_url("undo")))
    assert "Undo the import of units.csv?" in text_of(page)
    assert "Unit 102, square feet" in text_of(the(page, "main form ul"))
    page = check_page(client.post(detail_url("undo"), follow=True))
    text = text_of(page)
    assert "1 value restored as before. 1 value changed since and stayed." in text
    assert typed(house) == {("102", "sqft"): "870"}
    assert table_of(page) == [
        "101 Square feet 800 850 2 restored",
        "102 Square feet 800 860 3",
    ]
    again = check_page(client.post(detail_url("undo"), follow=True))
    assert "Only an import that is applied can be undone." in text_of(again)
    again = check_page(client.get(detail_url("undo"), follow=True))
    assert "Only an import that is applied can be undone." in text_of(again)


def test_a_file_is_discarded(cast, house, signed_in):
    client = signed_in(cast.manager)
    page = check_page(upload(client, house, "Unit,Sq Ft", "101,850"))
    seen = the(page, "input[name=seen]")["value"]
    page = check_page(client.post(detail_url("discard"), follow=True))
    assert "units.csv is discarded; nothing was changed." in text_of(page)
    assert "units.csv Discarded" in table_of(page)[0]
    page = check_page(client.post(detail_url(), {"seen": seen}, follow=True))
    assert "already" in text_of(page)
    assert "already" in text_of(check_page(client.post(detail_url("discard"), follow=True)))
    assert typed(house) == {}


@pytest.mark.parametrize("who", ["accountant", "viewer"])
def test_others_look_at_imports_but_make_none(cast, house, signed_in, who):
    upload(signed_in(cast.manager), house, "Unit,Sq Ft", "101,850")
    client = signed_in(getattr(cast, who))
    page = check_page(client.get(list_url(house)))
    assert "Only a property manager of this portfolio can import values." in text_of(page)
    assert page.select("main form") == []
    page = check_page(client.get(detail_url()))
    assert "Only a property manager of this portfolio can confirm" in text_of(page)
    assert page.select("main form") == []
    for url in (list_url(house), detail_url(), detail_url("discard"), detail_url("undo")):
        assert client.post(url, {}).status_code == 403
    assert typed(house) == {}


def test_imports_do_not_exist_for_a_stranger(cast, house, signed_in):
    upload(signed_in(cast.manager), house, "Unit,Sq Ft", "101,850")
    client = signed_in(cast.stranger)
    for url in (list_url(house), detail_url(), detail_url("undo")):
        assert client.get(url).status_code == 404
        assert client.post(url, {}).status_code == 404
    assert client.post(detail_url("discard")).status_code == 404
