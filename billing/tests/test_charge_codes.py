"""A portfolio's own charge codes."""

from __future__ import annotations

import pytest

from billing.charge_codes import CodeNotMapped, find_code, links_with_portfolios, usual_code
from billing.models import (
    ChargeCode,
    ChargeCodeMapping,
    Method,
    Utility,
    UtilityChargeCode,
    VacancyPolicy,
)
from billing.operations.charge_codes import (
    CodeInUse,
    CodeTaken,
    add_charge_code,
    change_charge_code,
    set_usual_codes,
)
from billing.operations.share_rules import ShareRuleEntry, set_share_rule
from billing.operations.usual_charge_codes import ensure_charge_codes
from billing.tests.audit_down import audit_down
from billing.tests.small_place import small_place
from integrations.models import ChartAccount
from portfolios.models import AuditEvent

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(cast, now):
    return small_place(cast, now)


@pytest.fixture
def change(cast, now):
    """Give a function that changes a code as it stands, but for what is said."""

    def confirm(code: ChargeCode, name: str = "", in_use: bool | None = None) -> None:
        change_charge_code(
            charge_code=code,
            name=name or code.name,
            in_use=code.retired_at is None if in_use is None else in_use,
            by=cast.accountant,
            now=now,
        )

    return confirm


def test_a_portfolio_starts_with_a_code_for_every_utility(cast):
    ensure_charge_codes(portfolio=cast.portfolio)
    ensure_charge_codes(portfolio=cast.portfolio)

    codes = ChargeCode.objects.filter(portfolio=cast.portfolio).values_list("code", flat=True)
    assert set(codes) == {"UTIL", "RUBS", "ELEC", "GAS", "WATER", "SEWER", "TRASH"}
    assert {usual_code(cast.portfolio, utility) for utility in Utility} == set(codes) - {"RUBS"}


def test_a_list_that_was_changed_is_not_filled_up_again(cast):
    ChargeCode.objects.create(portfolio=cast.portfolio, code="ONLY", name="The only one")
    ensure_charge_codes(portfolio=cast.portfolio)

    assert ChargeCode.objects.count() == 1
    assert usual_code(cast.portfolio, Utility.WATER) == "UTIL"


def test_a_new_code_is_mapped_where_the_chart_has_it(place, cast, now):
    ChartAccount.objects.create(
        property=place, kind="charge_code", remote_id="P", code="POOL", first_seen_at=now
    )
    added = add_charge_code(
        portfolio=cast.portfolio, code="Pool", name="Pool", by=cast.accountant, now=now
    )

    found = ChargeCodeMapping.objects.get(charge_code=added).pms_charge_code
    assert str(found) == "POOL"
    assert AuditEvent.objects.get(verb="charge_code.added").actor == cast.accountant


def test_a_code_is_there_once_in_whatever_letters(cast, now):
    ensure_charge_codes(portfolio=cast.portfolio)

    with pytest.raises(CodeTaken, match="has the code WATER already"):
        add_charge_code(
            portfolio=cast.portfolio, code="Water", name="x", by=cast.accountant, now=now
        )


def test_a_code_is_not_added_without_the_audit_trail(cast, now):
    with audit_down():
        add_charge_code(
            portfolio=cast.portfolio, code="POOL", name="x", by=cast.accountant, now=now
        )

    assert not ChargeCode.objects.exists()


def test_a_retired_code_posts_nothing_until_it_is_taken_up_again(place, change):
    link = links_with_portfolios().get(property=place)
    code = ChargeCode.objects.get(code="RUBS")
    change(code, in_use=False)
    with pytest.raises(CodeNotMapped, match="RUBS is not among Lakeside's charge codes"):
        find_code(link, "RUBS")

    code.refresh_from_db()
    change(code, in_use=True)
    assert find_code(link, "RUBS").charge_code == code


def test_a_new_name_is_written_down(place, change):
    change(ChargeCode.objects.get(code="RUBS"), name="Shared")

    event = AuditEvent.objects.get(verb="charge_code.changed")
    assert (event.before["name"], event.after["name"]) == ("RUBS allocation", "Shared")


def test_the_same_again_is_no_change(place, change):
    change(ChargeCode.objects.get(code="RUBS"))

    assert not AuditEvent.objects.filter(verb="charge_code.changed").exists()


def test_what_a_utility_relies_on_is_not_retired(place, change):
    with pytest.raises(CodeInUse, match="WATER is what Water is posted as"):
        change(ChargeCode.objects.get(code="WATER"), in_use=False)


def test_what_a_rule_relies_on_is_not_retired(place, change, cast, now):
    rule = ShareRuleEntry(method=Method.EQUAL, vacancy=VacancyPolicy.OWNER_PAYS, charge_code="RUBS")
    set_share_rule(place=place, utility=Utility.GAS, entry=rule, by=cast.manager, now=now)

    with pytest.raises(CodeInUse, match="asks for RUBS"):
        change(ChargeCode.objects.get(code="RUBS"), in_use=False)


def test_another_code_becomes_usual(place, cast, now):
    rubs = ChargeCode.objects.get(code="RUBS")
    set_usual_codes(
        portfolio=cast.portfolio, codes={Utility.WATER: rubs}, by=cast.accountant, now=now
    )

    assert usual_code(cast.portfolio, Utility.WATER) == "RUBS"
    assert usual_code(cast.portfolio, Utility.GAS) == "GAS"
    event = AuditEvent.objects.get(verb="charge_code.usual_set")
    assert (event.before["water"], event.after["water"]) == ("WATER", "RUBS")
    assert UtilityChargeCode.objects.count() == len(Utility)


def test_the_same_usual_codes_are_no_change(place, cast, now):
    water = ChargeCode.objects.get(code="WATER")
    set_usual_codes(
        portfolio=cast.portfolio, codes={Utility.WATER: water}, by=cast.accountant, now=now
    )

    assert not AuditEvent.objects.filter(verb="charge_code.usual_set").exists()


def test_one_portfolio_s_codes_are_not_another_s(place, cast, now):
    elsewhere = cast.stranger.memberships.get().portfolio
    add_charge_code(portfolio=elsewhere, code="POOL", name="x", by=cast.stranger, now=now)

    with pytest.raises(CodeNotMapped):
        find_code(links_with_portfolios().get(property=place), "POOL")
