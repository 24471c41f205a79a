"""A page asks the database as often for three hundred units as for ten."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from billing.bench.portfolio import Size, make_portfolio
from billing.models import Calculation, Charge, Posting, PostingJob
from portfolios.models import Property, Unit, User

_FEW = Size(reviewed_units=10, properties=10, units=20, failed_of=10)
_MANY = Size(reviewed_units=300, properties=60, units=600, failed_of=10)

Rows = Callable[[Calculation], Model]


def _place(calculation: Calculation) -> Property:
    return calculation.bill.property


def _portfolio(calculation: Calculation) -> Model:
    return calculation.bill.property.portfolio


def _connection(calculation: Calculation) -> Model:
    return _place(calculation).link.connection


def _job(_calculation: Calculation) -> PostingJob:
    return PostingJob.objects.earliest("pk")


# By the name of the page, what it is about.
_PAGES: Mapping[str, Rows | None] = {
    "home": None,
    "property-list": None,
    "portfolios:portfolio-list": None,
    "portfolios:portfolio-detail": _portfolio,
    "portfolios:portfolio-approvals": _portfolio,
    "portfolios:property-detail": _place,
    "portfolios:property-leases": _place,
    "portfolios:property-history": _place,
    "portfolios:unit-import-list": _place,
    "portfolios:unit-values": _place,
    "portfolios:unit-edit": lambda _calculation: Unit.objects.earliest("pk"),
    "portfolios:portfolio-utilities": _portfolio,
    "portfolios:property-utilities": _place,
    "portfolios:notice-list": None,
    "portfolios:notice-choices": None,
    "integrations:propexo": None,
    "integrations:review-item-list": None,
    "integrations:webhook-list": None,
    "integrations:pms-data-list": None,
    "integrations:connection-detail": _connection,
    "integrations:connection-sync": _connection,
    "integrations:property-sync": _place,
    "billing:bill-list": None,
    "billing:bill-calendar": None,
    "billing:bill-detail": lambda calculation: calculation.bill,
    "billing:property-detail": _place,
    "billing:property-coverage": _place,
    "billing:property-rules": _place,
    "billing:bill-create": _place,
    "billing:bill-readings": lambda calculation: calculation.bill,
    "billing:go-live": _connection,
    "billing:connection-charges": _connection,
    "billing:connection-charge-codes": _connection,
    "billing:charge-code-list": _portfolio,
    "billing:property-ledger": _place,
    "billing:charge-codes": _place,
    "billing:calculation-detail": lambda calculation: calculation,
    "billing:calculation-approve": lambda calculation: calculation,
    "billing:charge-detail": lambda calculation: Charge.objects.filter(
        calculation=calculation
    ).earliest("pk"),
    "billing:statement-list": _place,
    "billing:approval-list": None,
    "billing:job-list": None,
    "billing:job-detail": _job,
    "billing:job-reverse": _job,
    "billing:posting-detail": lambda _calculation: Posting.objects.earliest("pk"),
    "billing:failure-list": None,
    "billing:report-recovery": None,
    "billing:report-bills": None,
    "billing:property-reports": _place,
    "billing:report-costs": None,
    "billing:report-charges": None,
    "billing:report-month-end": None,
}

_OF_MANAGERS = {"billing:bill-create", "billing:bill-readings"}


@pytest.mark.once("a page asks as often whatever the database")
@pytest.mark.django_db
def test_a_page_asks_as_often_for_three_hundred_units_as_for_ten(settings):
    # Some pages write what they would send; nobody listens there.
    settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY = "http://127.0.0.1:9", "px_test_none"
    few, many = _counts(_FEW), _counts(_MANY)

    grown = {name: (few[name], many[name]) for name in _PAGES if many[name] != few[name]}
    assert grown == {}


def _counts(size: Size) -> dict[str, int]:
    """Count each page's queries in a portfolio of a size, which is gone afterwards."""
    with transaction.atomic():
        calculation = make_portfolio(size=size, now=timezone.now())
        found = {name: _count(_client(name), _url(name, calculation)) for name in _PAGES}
        transaction.set_rollback(True)
    return found


def _client(name: str) -> Client:
    client = Client()
    username = "manager" if name in _OF_MANAGERS else "accountant"
    client.force_login(User.objects.get(username=username))
    return client


def _url(name: str, calculation: Calculation) -> str:
    rows = _PAGES[name]
    if rows is None:
        return reverse(name)
    row = rows(calculation)
    return reverse(name, args=[row.public_id if isinstance(row, PostingJob) else row.pk])


def _count(client: Client, url: str) -> int:
    # What is asked once for all pages is not this page's.
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(url)
    assert answer.status_code == 200, url
    return len(queries)
