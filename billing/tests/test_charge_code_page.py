"""The pages of charge codes: a property's, a connection's, a portfolio's."""

from __future__ import annotations

import pytest
from django.urls import reverse

from billing.models import ChargeCode, ChargeCodeMapping, UtilityChargeCode
from billing.tests.small_place import small_chart, small_place
from billing.views import charge_codes
from integrations.models import ChartAccount, ChartReading, PropertyLink
from integrations.pms.records import PmsChargeCode
from integrations.tests.fake_gateway import FakeGateway
from portfolios.models import Property
from portfolios.tests.pages import check_page, text_of, the

pytestmark = pytest.mark.django_db


@pytest.fixture
def place(cast, now) -> Property:
    return small_place(cast, now)


@pytest.fixture
def oak(place, cast, now) -> Property:
    """Give the connection a second property, with H2O in its chart."""
    oak = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_2", name="Oak", created_at=now
    )
    PropertyLink.objects.create(
        property=oak, connection=place.link.connection, imported_by=cast.manager, imported_at=now
    )
    small_chart(oak, now, codes=("UTIL", "WATER", "H2O"))
    return oak


@pytest.fixture
def accountant(cast, signed_in):
    return signed_in(cast.accountant)


def url(name: str, *args: object) -> str:
    return reverse(f"billing:{name}", args=args)


def add(place: Property, code: str, **more) -> ChartAccount:
    values = {"kind": "charge_code", "remote_id": code, "first_seen_at": place.created_at} | more
    return ChartAccount.objects.create(property=place, code=code, **values)


def water_at(place: Property) -> tuple[ChartAccount | None, ChartAccount | None]:
    """Give what WATER is mapped to: the charge code and the financial account."""
    mapping = ChargeCodeMapping.objects.get(property=place, charge_code__code="WATER")
    return mapping.pms_charge_code, mapping.financial_account


def map_url(place: Property, code: str) -> str:
    return url("charge-code-map", place.pk, ChargeCode.objects.get(code=code).pk)


def test_what_is_amiss_comes_first(place, accountant, now):
    ChartAccount.objects.filter(code="WATER").update(missing_since=now)
    ChargeCodeMapping.objects.filter(charge_code__code="TRASH").delete()
    page = check_page(accountant.get(url("charge-codes", place.pk)))

    rows = [text_of(row) for row in page.select("main tbody tr")]
    assert rows[0].startswith("WATER Water Gone from the PMS")
    assert rows[1].startswith("TRASH Trash Not mapped")
    assert "by itself" in rows[2]
    assert "2 of the charge codes cannot be used here." in text_of(the(page, "main"))


@pytest.mark.parametrize("who", ["viewer", "manager"])
def test_whoever_only_looks_is_told_so(place, cast, signed_in, who):
    page = check_page(signed_in(getattr(cast, who)).get(url("charge-codes", place.pk)))

    assert "Only an accountant of this portfolio" in text_of(the(page, "main"))
    assert not page.find("a", href=map_url(place, "WATER"))


def test_an_accountant_searches_the_chart_and_chooses(place, cast, accountant):
    water = add(place, "4430", name="Aqua reimbursements")
    add(place, "4999", name="Pet rent")
    page = check_page(accountant.get(map_url(place, "WATER"), {"q": "aqua reimb"}))

    shown = [text_of(label) for label in page.select("main fieldset label")]
    assert any("Aqua reimbursements" in label for label in shown)
    assert not any("Pet rent" in label for label in shown)
    assert the(page, f"#charge_code-{water.pk}")

    answer = accountant.post(map_url(place, "WATER"), {"charge_code": water.pk})
    assert answer.url == url("charge-codes", place.pk)
    assert water_at(place) == (
        water,
        ChartAccount.objects.get(kind="financial_account", code="WATER"),
    )
    assert "by Accountant" in text_of(the(check_page(accountant.get(answer.url)), "main"))


def test_a_long_chart_is_narrowed_down_by_the_search(place, accountant):
    for number in range(60):
        add(place, f"C{number:03}")
    page = check_page(accountant.get(map_url(place, "WATER")))

    assert "more are not shown" in text_of(the(page, "main"))
    assert str(the(page, "main input[checked]")["value"])


def test_nothing_foreign_can_be_chosen(place, oak, accountant):
    foreign = ChartAccount.objects.get(property=oak, code="H2O", kind="charge_code")
    page = check_page(accountant.post(map_url(place, "WATER"), {"charge_code": foreign.pk}))

    assert "must be chosen from the property's chart" in text_of(the(page, "main [role=alert]"))
    assert water_at(place)[0] != foreign


def test_the_chart_is_read_on_demand(place, cast, accountant, monkeypatch, now):
    row = PmsChargeCode("UTIL", "Utilities", "prop_001", "4410", "UTIL", "charge_code")
    gateway = FakeGateway(charge_codes=[row])
    monkeypatch.setattr(charge_codes, "open_gateway", lambda _connection: gateway)
    answer = accountant.post(url("chart-read", place.pk), follow=True)

    assert "13 gone" in text_of(the(check_page(answer), "main"))
    assert ChartReading.objects.get().read_at > now


def test_a_reading_that_fails_says_why(place, accountant, settings):
    settings.PROPEXO_API_KEY = ""
    answer = accountant.post(url("chart-read", place.pk), follow=True)

    assert "no Propexo API key" in text_of(the(check_page(answer), "main"))


def test_a_chart_that_was_never_read_says_so(place, accountant):
    ChartReading.objects.all().delete()
    page = check_page(accountant.get(url("charge-codes", place.pk)))

    assert "was not read yet" in text_of(the(page, "main"))


def test_a_property_without_a_pms_says_so(cast, accountant, now):
    place = Property.objects.create(
        portfolio=cast.portfolio, propexo_property_id="prop_9", name="Alone", created_at=now
    )
    page = check_page(accountant.get(url("charge-codes", place.pk)))

    assert "connected to no PMS" in text_of(the(page, "main"))


def test_a_mapping_is_copied_after_a_preview(place, oak, accountant):
    accountant.post(map_url(place, "WATER"), {"charge_code": add(place, "H2O").pk})
    page = check_page(accountant.get(url("charge-code-copy", place.pk)))
    row = [text_of(row) for row in page.select("main tbody tr") if "WATER" in text_of(row)]
    assert row == ["Oak WATER H2O H2O of Oak"]

    form = page.select("main form")[-1]
    sent: dict[str, list[str]] = {}
    for field in form.select("input"):
        sent.setdefault(str(field["name"]), []).append(str(field["value"]))
    page = check_page(accountant.post(url("charge-code-copy", place.pk), sent, follow=True))
    assert "1 mapping copied." in text_of(the(page, "main"))
    assert str(water_at(oak)[0]) == "H2O H2O of Oak"


def test_an_old_preview_copies_nothing(place, oak, accountant):
    accountant.post(map_url(place, "WATER"), {"charge_code": add(place, "H2O").pk})
    page = check_page(
        accountant.post(
            url("charge-code-copy", place.pk),
            {"chosen": "yes", "place": oak.pk, "shown": "of yesterday"},
        )
    )

    assert "Nothing was copied" in text_of(the(page, "main"))
    assert str(water_at(oak)[0]) == "WATER WATER of Oak"


def test_a_connection_shows_what_is_unmapped_where(place, oak, cast, signed_in):
    page = check_page(
        signed_in(cast.viewer).get(url("connection-charge-codes", place.link.connection_id))
    )
    rows = [text_of(row) for row in page.select("main tbody tr")]

    assert "All mapped" in rows[0]
    assert rows[1].startswith("Oak ELEC GAS RUBS SEWER TRASH")


def test_an_accountant_keeps_the_list_of_codes(cast, accountant):
    page_url = url("charge-code-list", cast.portfolio.pk)
    check_page(accountant.get(page_url))
    accountant.post(page_url, {"code": "POOL", "name": "Pool"})
    pool = ChargeCode.objects.get(code="POOL")
    accountant.post(url("charge-code-edit", pool.pk), {"name": "Pools"})
    pool.refresh_from_db()

    assert (pool.name, pool.retired_at is None) == ("Pools", False)
    assert "Retired" in text_of(the(check_page(accountant.get(page_url)), "main"))


@pytest.mark.parametrize(
    ("sent", "sentence"),
    [
        ({"code": "", "name": "x"}, "Charge code must be 1 to 40"),
        ({"code": "<b>", "name": "x"}, "Charge code must be 1 to 40"),
        ({"code": "X" * 41, "name": "x"}, "Charge code must be 1 to 40"),
        ({"code": "X", "name": ""}, "Name must be given"),
        ({"code": "water", "name": "x"}, "has the code WATER already"),
    ],
)
def test_a_wrong_code_is_answered_by_a_sentence(cast, accountant, sent, sentence):
    page = check_page(accountant.post(url("charge-code-list", cast.portfolio.pk), sent))

    assert sentence in text_of(the(page, "main [role=alert]"))


def test_what_is_relied_on_is_not_retired(cast, accountant):
    accountant.get(url("charge-code-list", cast.portfolio.pk))
    water = ChargeCode.objects.get(code="WATER")
    page = check_page(accountant.post(url("charge-code-edit", water.pk), {"name": "Water"}))

    assert "Choose another code for that first." in text_of(the(page, "main [role=alert]"))


def test_the_usual_codes_are_chosen_by_utility(cast, accountant):
    page = check_page(accountant.get(url("charge-code-list", cast.portfolio.pk)))
    form = the(page, f'form[action="{url("usual-codes", cast.portfolio.pk)}"]')
    sent = {
        str(field["name"]): str(the(field, "option[selected]")["value"])
        for field in form.select("select")
    }
    accountant.post(url("usual-codes", cast.portfolio.pk), sent | {"water": "RUBS"})
    assert UtilityChargeCode.objects.get(utility="water").charge_code.code == "RUBS"

    page = check_page(
        accountant.post(url("usual-codes", cast.portfolio.pk), sent | {"water": "NOPE"})
    )
    assert "Water must be chosen from the list." in text_of(the(page, "main [role=alert]"))


@pytest.mark.parametrize(("who", "status"), [("manager", 403), ("viewer", 403), ("stranger", 404)])
def test_nobody_else_changes_anything(place, cast, signed_in, who, status):
    client = signed_in(getattr(cast, who))
    code = ChargeCode.objects.get(code="WATER")
    for name, args in (
        ("charge-code-map", [place.pk, code.pk]),
        ("charge-code-copy", [place.pk]),
        ("charge-code-list", [cast.portfolio.pk]),
        ("usual-codes", [cast.portfolio.pk]),
        ("charge-code-edit", [code.pk]),
    ):
        assert client.post(url(name, *args), {"name": "x"}).status_code == status, name


@pytest.mark.parametrize(("who", "status"), [("viewer", 403), ("stranger", 404)])
def test_who_only_looks_reads_no_chart(place, cast, signed_in, who, status):
    assert signed_in(getattr(cast, who)).post(url("chart-read", place.pk)).status_code == status


def test_a_stranger_sees_nothing(place, cast, signed_in):
    client = signed_in(cast.stranger)
    for name, args in (
        ("charge-codes", [place.pk]),
        ("connection-charge-codes", [place.link.connection_id]),
        ("charge-code-list", [cast.portfolio.pk]),
    ):
        assert client.get(url(name, *args)).status_code == 404
