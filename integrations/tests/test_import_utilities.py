from __future__ import annotations

from pathlib import Path

import pytest

from integrations.operations.imports import import_properties
from integrations.sandbox.names import LOCKED_SITE, SITES
from integrations.tests.fake_gateway import FakeGateway, make_property
from meterbase.demo.installation import UTILITIES
from portfolios.models import Commodity, LookUpStatus, Property, PropertyUtility, UtilityChoice
from portfolios.operations.utility_reference import load_reference
from portfolios.utility_look_up import look_up


@pytest.fixture
def loaded(db, now) -> Path:
    load_reference(paths=[], folder=UTILITIES, by=None, now=now)
    return UTILITIES


def bring(cast, connection, now, **facts) -> Property:
    report = import_properties(
        connection=connection,
        portfolio=cast.portfolio,
        propexo_property_ids=["prop_x"],
        gateway=FakeGateway(properties=[make_property(**facts)]),
        by=cast.manager,
        now=now,
    )
    (place,) = (*report.created, *report.updated)
    return place


def electric(place: Property) -> PropertyUtility:
    return PropertyUtility.objects.get(property=place, commodity=Commodity.ELECTRIC)


def test_an_imported_property_shows_who_serves_it(cast, connection, loaded, now):
    row = electric(bring(cast, connection, now))
    assert (row.choice, str(row.utility)) == (UtilityChoice.AUTOMATIC, "Austin Energy")


def test_an_import_before_any_load_says_that_nothing_was_loaded(cast, connection, now):
    row = electric(bring(cast, connection, now))
    assert row.status == LookUpStatus.NO_REFERENCE_DATA


def test_another_zip_code_in_the_pms_is_looked_up_again(cast, connection, loaded, now):
    bring(cast, connection, now)
    row = electric(bring(cast, connection, now, zip_code="98122", state="WA"))
    assert (row.choice, row.status) == (UtilityChoice.OPEN, LookUpStatus.CHOOSE)
    assert row.changed_at == now


def test_the_demonstration_knows_every_zip_code_of_the_sandbox(loaded):
    for site in (*SITES, LOCKED_SITE):
        found = look_up(site.zip_code[:5], Commodity.ELECTRIC)
        assert found.candidates, site.zip_code
