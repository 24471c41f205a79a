"""Calculations that were made before the owner's shares had a table get theirs."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from billing.models import OwnerShare
from billing.operations.calculations import calculate_bill

pytestmark = pytest.mark.django_db


def test_earlier_calculations_get_the_shares_that_were_calculated(bill, cast, now):
    calculation = calculate_bill(bill=bill, by=cast.manager, now=now)
    shares = OwnerShare.objects.filter(calculation=calculation)
    written = set(shares.values_list("bucket", "amount_cents"))
    assert sum(cents for _, cents in written) == calculation.owner_cents != 0
    OwnerShare.objects.all().delete()

    migration = import_module("billing.migrations.0005_owner_shares")
    migration.write_shares(apps, None)

    assert set(shares.all().values_list("bucket", "amount_cents")) == written
