"""A month of three residents whose bills are on the desk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

import pytest
from bs4 import BeautifulSoup
from django.test import Client
from django.urls import reverse

from billing.models import Calculation, Method, Statement, Utility, VacancyPolicy
from billing.operations.bills import BillEntry, enter_bill
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.statements.contacts import Contact, set_contact
from billing.statements.issue import issue_statement
from billing.tests.desk import Desk
from billing.tests.small_place import small_bill
from conftest import Cast
from meterbase.lib.money import Cents
from meterbase.lib.periods import Period
from portfolios.models import Lease, Property
from portfolios.tests.pages import check_page

MARCH = date(2026, 3, 1)
NAMES = {"101": "Ada Archer", "102": "Bo Baker", "103": "Cy Cooper"}
CONTACT = Contact(
    agent_name="Lakeside Homes LLC",
    agent_address="1 Lake Street, Austin, TX 78701",
    agent_phone="512-555-0100",
    agent_email="office@lakeside.example",
    disputes="In writing to the office, within 30 days",
    records_place="At the office, Monday to Friday from 9 to 5",
    due_days=20,
    late_terms="After the due date, 5 % once",
)


@dataclass(frozen=True)
class Month:
    """The acts on a month's bills and statements."""

    desk: Desk
    cast: Cast
    now: datetime

    @property
    def place(self) -> Property:
        """Give the property."""
        return self.desk.bill.property

    def lease(self, unit: str = "101") -> Lease:
        """Find the lease of a unit."""
        return Lease.objects.filter(unit__unit_number=unit).latest("pk")

    def approve(self, desk: Desk | None = None) -> Calculation:
        """Calculate, submit and approve a bill."""
        bill = desk or self.desk
        calculation = bill.in_review()
        bill.approve(calculation)
        return calculation

    def add_gas(self, cents: int = 12_347) -> Desk:
        """Enter a gas bill of the same month, shared in equal parts."""
        rule = ShareRuleEntry(
            method=Method.EQUAL, vacancy=VacancyPolicy.OWNER_PAYS, common_area_percent=Decimal(0)
        )
        manager = self.cast.manager
        set_share_rule(place=self.place, utility=Utility.GAS, entry=rule, by=manager, now=self.now)
        entry = BillEntry(
            utility=Utility.GAS,
            period=Period(date(2026, 3, 5), date(2026, 4, 4)),
            amount=Cents(cents),
        )
        bill = enter_bill(place=self.place, entry=entry, by=manager, now=self.now)
        return Desk(bill, self.cast, self.now)

    def fill_in(self, contact: Contact = CONTACT, *, here: bool = False) -> None:
        """Say whom residents may ask."""
        set_contact(
            portfolio=self.place.portfolio,
            place=self.place if here else None,
            contact=contact,
            by=self.cast.manager,
            now=self.now,
        )

    def move(self, state: str, city: str = "") -> None:
        """Put the property somewhere else."""
        place = self.place
        place.state, place.city = state, city
        place.save()

    def issue(self, unit: str = "101") -> Statement:
        """Issue the statement of a unit's resident."""
        return issue_statement(
            lease=self.lease(unit), month=MARCH, by=self.cast.manager, now=self.now
        )

    def url(self, unit: str = "101") -> str:
        """Write where a resident's statement is."""
        return reverse("billing:statement-detail", args=[self.lease(unit).pk, "2026-03"])


@pytest.fixture
def month(cast: Cast, now: datetime) -> Month:
    """Put a water bill for three units, whose residents have names, on the desk."""
    desk = Desk(small_bill(cast, now), cast, now)
    for unit, name in NAMES.items():
        Lease.objects.filter(unit__unit_number=unit).update(resident_name=name)
    return Month(desk, cast, now)


@pytest.fixture
def open_statement(month: Month, signed_in) -> Callable[..., BeautifulSoup]:
    """Give a function that opens the statement of a unit's resident."""
    client: Client = signed_in(month.cast.viewer)

    def open_it(unit: str = "101") -> BeautifulSoup:
        return check_page(client.get(month.url(unit)))

    return open_it
