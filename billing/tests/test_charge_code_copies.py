"""Mapping other properties as one is, where their charts have the same text."""

from __future__ import annotations

import pytest

from billing.charge_codes import links_with_portfolios
from billing.models import ChargeCode, ChargeCodeMapping
from billing.operations.charge_code_copies import (
    CopyVerdict,
    PreviewOutdated,
    copy_mappings,
    fingerprint,
    plan_copy,
)
from billing.operations.charge_code_mappings import Target, map_charge_code
from billing.tests.small_place import small_chart, small_place
from integrations.models import ChartAccount, PropertyLink
from portfolios.models import Property

pytestmark = pytest.mark.django_db


@pytest.fixture
def source(cast, now) -> PropertyLink:
    """Map WATER to H2O at a property, by a person."""
    place = small_place(cast, now)
    map_to(place, "WATER", "H2O", cast, now)
    return links_with_portfolios().get(property=place)


@pytest.fixture
def target(source, cast, now) -> PropertyLink:
    """Give another property of the connection a chart of the usual codes and H2O."""
    place = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_2", name="Oak", created_at=now
    )
    PropertyLink.objects.create(
        property=place,
        connection=source.connection,
        imported_by=cast.manager,
        imported_at=now,
    )
    small_chart(place, now, codes=("UTIL", "WATER", "h2o"))
    return links_with_portfolios().get(property=place)


def map_to(place: Property, code: str, text: str, cast, now) -> ChargeCodeMapping:
    account, _ = ChartAccount.objects.get_or_create(
        property=place,
        kind="charge_code",
        code=text,
        defaults={"remote_id": text, "first_seen_at": now},
    )
    return map_charge_code(
        place=place,
        charge_code=ChargeCode.objects.get(code=code),
        target=Target(account),
        by=cast.accountant,
        now=now,
    )


def water_at(link: PropertyLink) -> ChartAccount:
    """Give the charge code of the PMS that WATER is mapped to."""
    mapping = ChargeCodeMapping.objects.get(property=link.property, charge_code__code="WATER")
    assert mapping.pms_charge_code is not None
    return mapping.pms_charge_code


def verdicts(source: PropertyLink, target: PropertyLink) -> dict[str, CopyVerdict]:
    (copy,) = plan_copy(source=source, targets=[target])
    return {step.standing.charge_code.code: step.verdict for step in copy.steps}


def test_a_plan_says_what_becomes_of_each_code(source, target):
    assert verdicts(source, target) == {
        "WATER": CopyVerdict.SET,
        "UTIL": CopyVerdict.SAME,
        "RUBS": CopyVerdict.NOT_THERE,
        "ELEC": CopyVerdict.NOT_THERE,
        "GAS": CopyVerdict.NOT_THERE,
        "SEWER": CopyVerdict.NOT_THERE,
        "TRASH": CopyVerdict.NOT_THERE,
    }


def test_a_plan_stores_nothing(source, target):
    plan_copy(source=source, targets=[target])

    assert water_at(target).code == "WATER"


def test_what_was_shown_is_done(source, target, cast, now):
    shown = fingerprint(plan_copy(source=source, targets=[target]))
    count = copy_mappings(source=source, targets=[target], shown=shown, by=cast.accountant, now=now)

    assert count == 1
    assert (water_at(target).code, water_at(target).property) == ("h2o", target.property)
    mapping = ChargeCodeMapping.objects.get(property=target.property, charge_code__code="WATER")
    assert mapping.set_by == cast.accountant


def test_what_has_changed_since_it_was_shown_is_not_done(source, target, cast, now):
    shown = fingerprint(plan_copy(source=source, targets=[target]))
    ChartAccount.objects.filter(property=target.property, code="h2o").update(missing_since=now)

    with pytest.raises(PreviewOutdated):
        copy_mappings(source=source, targets=[target], shown=shown, by=cast.accountant, now=now)
    assert not ChargeCodeMapping.objects.filter(
        property=target.property, set_by__isnull=False
    ).exists()


def test_what_a_person_mapped_otherwise_stays(source, target, cast, now):
    map_to(target.property, "WATER", "UTIL", cast, now)

    assert verdicts(source, target)["WATER"] is CopyVerdict.KEPT


def test_what_a_person_mapped_and_is_gone_is_replaced(source, target, cast, now):
    map_to(target.property, "WATER", "OLD", cast, now)
    ChartAccount.objects.filter(code="OLD").update(missing_since=now)

    assert verdicts(source, target)["WATER"] is CopyVerdict.SET


def test_a_text_that_is_there_twice_is_not_taken(source, target, now):
    ChartAccount.objects.create(
        property=target.property,
        kind="charge_code",
        remote_id="another",
        code="H2O",
        first_seen_at=now,
    )

    assert verdicts(source, target)["WATER"] is CopyVerdict.NOT_THERE


def test_what_is_not_mapped_at_the_source_is_not_copied(source, target, now):
    ChartAccount.objects.filter(property=source.property, code="H2O").update(missing_since=now)

    assert "WATER" not in verdicts(source, target)
