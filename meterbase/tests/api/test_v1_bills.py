"""Utility bills and invoices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from billing.models import Posting, PostingJob, PostingState, Utility, UtilityBill
from billing.operations.approvals import approve_calculation
from billing.operations.bill_changes import BillVoided, void_bill
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.calculations import calculate_bill, submit_calculation
from billing.statements.issue import issue_month
from billing.tests.small_place import small_job
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period

BILLS = "/api/v1/utility-bills"
INVOICES = "/api/v1/invoices"
MARCH = date(2026, 3, 1)


@pytest.fixture
def program(programs):
    return programs["manager"]


@pytest.fixture
def gas(small):
    return {
        "propertyId": str(small.property_id),
        "utilityType": "gas",
        "periodStart": "2026-02-01",
        "periodEnd": "2026-03-01",
        "amount": "1200.50",
    }


def test_a_bill_is_entered_and_read_again(program, gas):
    usage = {"usage": Decimal("412.5"), "usageUnit": "therms", "accountNumber": "G-1"}
    lines = [
        {"kind": "usage", "amount": "1100.50", "name": "Gas"},
        {"kind": "tax", "amount": 100, "spread": "owner"},
    ]
    made = program.post(BILLS, {**gas, **usage, "lines": lines})

    assert made.status_code == 201
    assert {name: made.json()[name] for name in gas | usage} == gas | usage
    assert made.json()["lines"] == [
        {"kind": "usage", "name": "Gas", "amount": "1100.50", "spread": None},
        {"kind": "tax", "name": "", "amount": "100.00", "spread": "owner"},
    ]
    assert made.json()["status"] == "not_calculated"
    assert program.get(f"{BILLS}/{made.json()['id']}").json() == made.json()


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"amount": "12.345"}, "amount"),
        ({"amount": "0"}, "amount"),
        ({"amount": "$12"}, "amount"),
        ({"amount": True}, "amount"),
        ({"utilityType": "plasma"}, "utilityType"),
        ({"periodEnd": "2026-02-01"}, "periodEnd"),
        ({"usage": -1, "usageUnit": "therms"}, "usage"),
        ({"usage": 5}, "usageUnit"),
        ({"lines": [{"kind": "usage", "amount": "1.00"}]}, "lines"),
        ({"propertyId": 7}, "propertyId"),
    ],
)
def test_what_no_bill_can_be_is_refused_and_nothing_is_stored(program, gas, wrong, field):
    refused = program.post(BILLS, {**gas, **wrong})
    assert refused.status_code == 422, refused.content
    assert list(refused.json()["error"]["details"]) == [field]
    assert UtilityBill.objects.count() == 1


def test_the_same_bill_is_not_entered_twice(program, gas):
    first = program.post(BILLS, gas).json()
    again = program.post(BILLS, gas)
    assert (again.status_code, again.json()["error"]["details"]) == (409, {"id": first["id"]})


def test_bills_are_listed_by_property(program, gas, small):
    program.post(BILLS, gas)
    of_place = program.get(f"{BILLS}?property_id={small.property_id}&limit=1").json()
    assert of_place["pagination"] == {"total": 2, "page": 1, "limit": 1, "totalPages": 2}
    assert program.get(f"{BILLS}?property_id=999").json()["data"] == []


def test_a_deleted_bill_is_void_and_an_approved_one_stays(program, rows):
    voided = program.call("DELETE", f"{BILLS}/{rows.bill.pk}")
    assert voided.json() == {"success": True, "id": str(rows.bill.pk)}
    assert program.get(f"{BILLS}/{rows.bill.pk}").status_code == 404
    assert UtilityBill.everything.get(pk=rows.bill.pk).voided_because

    locked = program.call("DELETE", f"{BILLS}/{rows.approved.bill_id}")
    assert (locked.status_code, locked.json()["error"]["code"]) == (409, "locked")


def test_a_bill_that_somebody_voids_at_the_same_time_is_gone(program, small, monkeypatch):
    def too_late(**_what):
        raise BillVoided

    monkeypatch.setattr("billing.api_v1.bills.void_bill", too_late)
    assert program.call("DELETE", f"{BILLS}/{small.pk}").status_code == 404


def test_a_flag_of_a_voided_bill_is_not_there_and_stays_as_it_is(program, rows, cast, now):
    flag = rows.flag
    url = f"/api/rubs/bills/{flag.bill_id}/flags/{flag.kind}/clear"
    void_bill(bill=flag.bill, reason="Entered twice.", by=cast.manager, now=now)

    assert program.post(url, {"note": "Looked at."}).status_code == 404
    flag.refresh_from_db()
    assert flag.cleared_at is None


@pytest.fixture
def job(cast, now, settings) -> PostingJob:
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    job = small_job(cast, now)
    place = job.calculation.bill.property
    issue_month(place=place, month=MARCH, by=cast.manager, now=now)
    return job


def _post(postings):
    for posting in postings:
        # What the engine proves before it says so is not what these calls are about.
        Posting.objects.filter(pk=posting.pk).update(
            state=PostingState.POSTED, remote_charge_id=f"charge_{posting.pk}"
        )


def test_each_unit_has_one_invoice_for_a_month(program, job):
    answer = program.get(f"{INVOICES}?month=2026-03").json()
    assert answer["pagination"]["total"] == 3
    assert {invoice["unitNumber"] for invoice in answer["data"]} == {"101", "102", "103"}
    for invoice in answer["data"]:
        assert (invoice["month"], invoice["status"], invoice["version"]) == ("2026-03", "issued", 1)
        (line,) = invoice["lines"]
        assert invoice["amount"] == line["amount"]
        assert line["utilityType"] == "water"
    cents = sum(int(invoice["amount"].replace(".", "")) for invoice in answer["data"])
    assert cents == job.calculation.tenants_cents


def test_an_invoice_says_how_far_its_charges_are(program, job):
    first, *_others = job.postings.order_by("pk")
    _post([first])
    unit = f"{INVOICES}?unit_id={first.charge.unit_id}"
    assert [each["status"] for each in program.get(unit).json()["data"]] == ["posted"]
    statuses = sorted(each["status"] for each in program.get(INVOICES).json()["data"])
    assert statuses == ["issued", "issued", "posted"]


def test_an_invoice_is_outdated_when_another_bill_of_its_month_is_approved(program, job, cast, now):
    place = job.calculation.bill.property
    program.post(
        f"/api/v1/properties/{place.pk}/sharerules",
        {"utilityType": "gas", "splitMethod": "equal"},
    )
    entry = BillEntry(
        utility=Utility.GAS, period=Period(MARCH, date(2026, 4, 1)), amount=Cents(30_000)
    )
    bill = enter_bill(place=place, entry=entry, by=cast.manager, now=now)
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    submit_calculation(calculation=calculation, by=cast.manager, now=now)
    approve_calculation(calculation=calculation, by=cast.accountant, now=now)
    statuses = {each["status"] for each in program.get(INVOICES).json()["data"]}
    assert statuses == {"outdated"}

    issue_month(place=place, month=MARCH, by=cast.manager, now=now)
    anew = program.get(INVOICES).json()
    assert anew["pagination"]["total"] == 3
    assert {(each["version"], each["status"]) for each in anew["data"]} == {(2, "issued")}


def test_the_pdf_of_an_invoice_is_where_it_says(program, job):
    invoice = program.get(INVOICES).json()["data"][0]
    printed = program.get(invoice["pdfUrl"])
    assert (printed.status_code, printed["Content-Type"]) == (200, "application/pdf")
    assert printed.content.startswith(b"%PDF-")


@pytest.mark.parametrize(
    "query", ["month=2026-13", "month=March", "limit=101", "page=0", "unit_id=x"]
)
def test_a_filter_that_makes_no_sense_is_refused(program, query):
    refused = program.get(f"{INVOICES}?{query}")
    assert refused.status_code == 422
    assert list(refused.json()["error"]["details"]) == [query.split("=")[0]]


def test_a_page_of_invoices_takes_as_many_queries_as_one(
    program, job, django_assert_max_num_queries
):
    with django_assert_max_num_queries(25) as one:
        program.get(f"{INVOICES}?limit=1")
    with django_assert_max_num_queries(len(one)):
        program.get(f"{INVOICES}?limit=3")
