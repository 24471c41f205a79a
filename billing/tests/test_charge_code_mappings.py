"""What a charge code is in a property's chart of accounts, by itself and by a person."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.charge_codes import (
    CodeNotMapped,
    CodeState,
    find_code,
    links_with_portfolios,
    standings_of,
)
from billing.models import ChargeCode, ChargeCodeMapping
from billing.operations.charge_code_mappings import (
    NotInChart,
    Target,
    follow_chart,
    map_charge_code,
)
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_place
from integrations.models import ChartAccount, Connection, ReviewItem
from portfolios.models import AuditEvent, Property

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(cast, now) -> Property:
    """Make a property whose chart has the usual codes, mapped by themselves."""
    return small_place(cast, now)


def account(place: Property, code: str, kind: str = "charge_code", **more) -> ChartAccount:
    """Add an entry to the chart."""
    values = {"remote_id": f"id {code}", "first_seen_at": place.created_at} | more
    return ChartAccount.objects.create(property=place, kind=kind, code=code, **values)


def stored(place: Property, code: str) -> ChargeCodeMapping:
    return ChargeCodeMapping.objects.get(property=place, charge_code__code=code)


def entry_of(place: Property, code: str) -> ChartAccount:
    """Give the charge code of the PMS that a code is mapped to."""
    found = stored(place, code).pms_charge_code
    assert found is not None
    return found


def vanish(place: Property, code: str, now) -> None:
    ChartAccount.objects.filter(property=place, code=code).update(missing_since=now)
    follow_chart(place, now)


def state_of(place: Property, code: str) -> CodeState:
    link = links_with_portfolios().get(property=place)
    (found,) = (row for row in standings_of(link) if row.charge_code.code == code)
    return found.state


def test_the_same_text_maps_by_itself_and_says_so(place, now):
    mapping = stored(place, "UTIL")

    assert entry_of(place, "UTIL").code == "UTIL"
    assert (mapping.set_by, mapping.set_at) == (None, now)
    event = AuditEvent.objects.filter(verb="charge_code.mapped", subject_id=mapping.pk).get()
    assert (event.actor, event.after["charge_code"]["code"]) == (None, "UTIL")


def test_small_and_large_letters_are_the_same_text(place, now):
    ChargeCode.objects.create(portfolio=place.portfolio, code="Recycling", name="Recycling")
    account(place, "RECYCLING")
    follow_chart(place, now)

    assert entry_of(place, "Recycling").code == "RECYCLING"


def test_another_text_waits_for_a_person(place, now):
    ChargeCode.objects.create(portfolio=place.portfolio, code="WATR", name="Water")
    follow_chart(place, now)

    assert not ChargeCodeMapping.objects.filter(charge_code__code="WATR").exists()
    assert state_of(place, "WATR") is CodeState.UNMAPPED


def test_a_text_that_is_there_twice_waits_for_a_person(place, now):
    ChargeCode.objects.create(portfolio=place.portfolio, code="POOL", name="Pool")
    account(place, "POOL")
    account(place, "pool", remote_id="another")
    follow_chart(place, now)

    assert state_of(place, "POOL") is CodeState.UNMAPPED


def test_following_a_chart_again_changes_nothing(place, now):
    before = list(ChargeCodeMapping.objects.order_by("pk").values())
    events = AuditEvent.objects.count()
    follow_chart(place, now + timedelta(days=1))

    assert list(ChargeCodeMapping.objects.order_by("pk").values()) == before
    assert AuditEvent.objects.count() == events


def test_a_person_maps_a_code_to_another_text(place, cast, now):
    sewage = account(place, "4450")
    code = ChargeCode.objects.get(code="SEWER")
    before = stored(place, "SEWER")
    mapping = map_charge_code(
        place=place, charge_code=code, target=Target(sewage), by=cast.accountant, now=now
    )

    assert (mapping.pk, mapping.set_by, mapping.pms_charge_code) == (
        before.pk,
        cast.accountant,
        sewage,
    )
    event = AuditEvent.objects.filter(verb="charge_code.mapped").latest("pk")
    assert event.before["charge_code"]["code"] == "SEWER"
    assert event.after == {"charge_code": {"code": "4450", "remote_id": "id 4450"}}
    follow_chart(place, now)
    assert stored(place, "SEWER").pms_charge_code == sewage


def test_what_a_person_emptied_is_not_mapped_by_itself_again(place, cast, now):
    code = ChargeCode.objects.get(code="TRASH")
    map_charge_code(place=place, charge_code=code, target=Target(), by=cast.accountant, now=now)
    follow_chart(place, now)

    assert state_of(place, "TRASH") is CodeState.UNMAPPED


def test_only_what_is_in_the_property_s_own_chart_can_be_chosen(place, cast, now):
    elsewhere = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_9", name="Elsewhere", created_at=now
    )
    gone = account(place, "OLD", missing_since=now)
    code = ChargeCode.objects.get(code="GAS")
    money = ChartAccount.objects.get(kind="financial_account", code="GAS")
    for target in (Target(account(elsewhere, "GAS")), Target(gone), Target(money)):
        with pytest.raises(NotInChart):
            map_charge_code(
                place=place, charge_code=code, target=target, by=cast.accountant, now=now
            )
    assert stored(place, "GAS").set_by is None


def test_nothing_is_mapped_that_cannot_be_written_into_the_audit_trail(place, cast, now):
    code = ChargeCode.objects.get(code="GAS")
    with audit_down():
        map_charge_code(place=place, charge_code=code, target=Target(), by=cast.accountant, now=now)

    assert stored(place, "GAS").pms_charge_code is not None


def test_a_mapped_code_that_vanishes_is_flagged_before_the_next_posting(place, now):
    vanish(place, "WATER", now)

    assert state_of(place, "WATER") is CodeState.VANISHED
    item = ReviewItem.objects.get(resolved_at=None)
    assert item.kind == "vanished"
    assert "WATER is mapped to WATER" in item.message
    with pytest.raises(CodeNotMapped, match="no longer in"):
        find_code(links_with_portfolios().get(property=place), "WATER")


def test_the_flag_is_taken_back_when_the_code_is_there_again(place, now):
    vanish(place, "WATER", now)
    ChartAccount.objects.update(missing_since=None)
    follow_chart(place, now)

    assert state_of(place, "WATER") is CodeState.MAPPED
    assert not ReviewItem.objects.filter(resolved_at=None).exists()


def test_the_flag_is_taken_back_when_a_person_chooses_something_else(place, cast, now):
    vanish(place, "WATER", now)
    target = Target(account(place, "H2O"))
    code = ChargeCode.objects.get(code="WATER")
    map_charge_code(place=place, charge_code=code, target=target, by=cast.accountant, now=now)

    item = ReviewItem.objects.get()
    assert (item.resolved_at, item.resolved_by) == (now, cast.accountant)


def test_the_same_text_under_a_new_id_takes_the_place_of_what_mapped_by_itself(place, now):
    ChartAccount.objects.filter(code="WATER").update(missing_since=now)
    new = account(place, "WATER", remote_id="new id")
    follow_chart(place, now)

    assert stored(place, "WATER").pms_charge_code == new


def test_what_a_person_chose_waits_for_a_person_when_it_vanishes(place, cast, now):
    code = ChargeCode.objects.get(code="WATER")
    mine = account(place, "H2O")
    map_charge_code(place=place, charge_code=code, target=Target(mine), by=cast.accountant, now=now)
    vanish(place, "H2O", now)

    assert stored(place, "WATER").pms_charge_code == mine
    assert state_of(place, "WATER") is CodeState.VANISHED


def test_a_code_that_nobody_uses_vanishes_without_a_flag(place, now):
    account(place, "RENT")
    vanish(place, "RENT", now)

    assert not ReviewItem.objects.exists()


@pytest.fixture
def yardi(place):
    """Let the PMS want both a charge code and a financial account."""
    Connection.objects.update(contract="v1", provider="yardi")
    ChargeCode.objects.create(portfolio=place.portfolio, code="POOL", name="Pool")
    return place


def test_a_code_with_one_of_both_is_incomplete(yardi, now):
    account(yardi, "POOL")
    follow_chart(yardi, now)

    assert state_of(yardi, "POOL") is CodeState.INCOMPLETE
    link = links_with_portfolios().get(property=yardi)
    with pytest.raises(CodeNotMapped, match="POOL has no financial account"):
        find_code(link, "POOL")


def test_the_account_that_the_pms_s_own_code_names_is_taken(yardi, now):
    account(yardi, "POOL", gl_account="4480")
    named = account(yardi, "4480", kind="financial_account")
    follow_chart(yardi, now)

    assert stored(yardi, "POOL").financial_account == named
    found = find_code(links_with_portfolios().get(property=yardi), "pool").pms_accounts()
    assert (found.charge_code_id, found.financial_account_id) == ("id POOL", "id 4480")


def test_a_pms_that_wants_only_an_account_is_told_only_that(place):
    Connection.objects.update(contract="v1", provider="appfolio", pms="appfolio")

    found = find_code(links_with_portfolios().get(property=place), "UTIL").pms_accounts()
    assert (found.code, found.charge_code_id, found.financial_account_id) == ("UTIL", None, "UTIL")
