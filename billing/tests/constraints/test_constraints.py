"""What the database refuses by itself, whoever writes."""

from __future__ import annotations

from copy import deepcopy

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.db.models import CheckConstraint
from django.test import override_settings

from billing.models import BillDocument, Posting
from billing.tests.constraints import (
    bills,
    calculations,
    charge_codes,
    ledgers,
    papers,
    postings,
    reversals,
)
from billing.tests.constraints.rows import Rows, again, change, sound_rows
from conftest import NOW, make_cast

pytestmark = pytest.mark.django_db

SUBJECTS = (bills, calculations, charge_codes, ledgers, papers, postings, reversals)
OFFENCES = [offence for subject in SUBJECTS for offence in subject.OFFENCES]


@pytest.fixture(scope="module")
def kept(kept_rows: None) -> Rows:
    """Make something of everything, once for all offences."""
    with override_settings(PROPEXO_CHARGE_POSTING_ENABLED=True):
        return sound_rows(make_cast(), NOW)


@pytest.fixture
def rows(kept: Rows) -> Rows:
    """Give what there is, untouched by any other offence."""
    return deepcopy(kept)


@pytest.mark.parametrize(
    ("name", "offence"), OFFENCES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(OFFENCES)]
)
def test_the_database_refuses(rows, name, offence):
    with pytest.raises(IntegrityError) as refusal, transaction.atomic():
        offence(rows)

    # SQLite names the columns of a unique constraint and not the constraint.
    if connection.vendor == "postgresql" or isinstance(CONSTRAINTS[name], CheckConstraint):
        assert name in str(refusal.value)
    else:
        assert "UNIQUE constraint failed" in str(refusal.value)


CONSTRAINTS = {
    constraint.name: constraint
    for model in apps.get_app_config("billing").get_models()
    for constraint in model._meta.constraints
}


def test_a_rule_by_people_cannot_do_without_an_assumption_for_vacant_units(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        change(rows.rule, method="occupants", vacant_unit_occupants=None)


def test_a_bill_has_one_document_and_a_file_belongs_to_one_bill(rows: Rows):
    facts = {"content_type": "application/pdf", "size": 1, "sha256": "0" * 64}
    first = BillDocument.objects.create(
        bill=rows.bill,
        stored_as="a",
        name="bill.pdf",
        uploaded_by=rows.job.created_by,
        uploaded_at=rows.now,
        **facts,
    )

    with pytest.raises(IntegrityError), transaction.atomic():
        again(first, stored_as="b")
    again(rows.bill, account_number="2")
    with pytest.raises(IntegrityError), transaction.atomic():
        again(first, stored_as="a", bill=rows.bill)


def test_a_fee_stands_beside_the_share_of_the_same_lease(rows: Rows):
    again(rows.charge, kind="fee")

    assert rows.calculation.charges.filter(unit=rows.charge.unit).count() == 2


def test_no_constraint_is_left_out():
    assert {name for name, _ in OFFENCES} == set(CONSTRAINTS)


def test_a_reference_is_used_once(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(rows.posting, business_key="another")


def test_a_job_number_is_used_once(rows: Rows):
    with pytest.raises(IntegrityError), transaction.atomic():
        again(rows.job)


def test_a_cancelled_posting_leaves_its_charge_free(rows: Rows):
    change(rows.posting, state="cancelled")

    again(rows.posting, reference="MB-OTHER", state="pending")

    assert Posting.objects.filter(business_key=rows.posting.business_key).count() == 2
