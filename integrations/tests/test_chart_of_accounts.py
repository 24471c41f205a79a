"""Reading a property's chart of accounts: new, changed, gone, and what cannot be read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from integrations.models import (
    AccountKind,
    ChartAccount,
    ChartReading,
    Connection,
    ConnectionStatus,
    PropertyLink,
    ReviewItem,
)
from integrations.operations.chart_of_accounts import (
    ChartChanges,
    flag_vanished,
    read_aging_chart,
    read_chart,
    refresh_chart,
)
from integrations.pms.errors import Unavailable
from integrations.pms.records import MalformedRecord, PmsChargeCode
from integrations.tests.fake_gateway import FakeGateway
from portfolios.models import AuditEvent, Property

pytestmark = pytest.mark.django_db

heard: list[Property] = []


def listen(place, now) -> None:
    heard.append(place)


@pytest.fixture(autouse=True)
def listener(settings):
    heard.clear()
    settings.PMS_CHART_LISTENERS = ("integrations.tests.test_chart_of_accounts.listen",)


@pytest.fixture
def place(cast, now) -> Property:
    return linked("prop_1", cast, now)


def linked(property_id: str, cast, now) -> Property:
    place = Property.objects.create(
        portfolio=cast.portfolio,
        propexo_property_id=property_id,
        name=f"Maplewood {property_id}",
        created_at=now,
    )
    connection, _ = Connection.objects.get_or_create(
        propexo_connection_id="conn_001",
        defaults={
            "portfolio": cast.portfolio,
            "pms": "yardi_voyager",
            "status": ConnectionStatus.ACTIVE,
            "validated_at": now,
            "created_by": cast.manager,
            "created_at": now,
        },
    )
    PropertyLink.objects.create(
        property=place, connection=connection, imported_by=cast.manager, imported_at=now
    )
    return place


def entry(code: str, **changes: object) -> PmsChargeCode:
    values: dict[str, object] = {
        "code": code,
        "name": f"The {code}",
        "property_id": "prop_1",
        "gl_account": "4410",
        "remote_id": f"id_{code}",
        "kind": "charge_code",
    }
    return PmsChargeCode(**(values | changes))  # type: ignore[arg-type] # by name, as tests like it


def chart(*rows: PmsChargeCode | MalformedRecord) -> FakeGateway:
    return FakeGateway(charge_codes=rows)


def test_both_kinds_are_stored_with_their_ids(place, now):
    rows = entry("UTIL"), entry("4410", remote_id="acc_1", kind="financial_account")
    changes = read_chart(place=place, gateway=chart(*rows), now=now)

    assert changes == ChartChanges(created=2, changed=0, vanished=0, unreadable=0)
    stored = ChartAccount.objects.order_by("kind").values_list("kind", "remote_id", "code", "name")
    assert list(stored) == [
        ("charge_code", "id_UTIL", "UTIL", "The UTIL"),
        ("financial_account", "acc_1", "4410", "The 4410"),
    ]
    assert ChartReading.objects.get().read_at == now
    assert heard == [place]


def test_a_second_reading_changes_nothing(place, now):
    read_chart(place=place, gateway=chart(entry("UTIL")), now=now)
    events = AuditEvent.objects.count()

    later = now + timedelta(hours=1)
    changes = read_chart(place=place, gateway=chart(entry("UTIL")), now=later)

    assert changes == ChartChanges(created=0, changed=0, vanished=0, unreadable=0)
    assert (ChartAccount.objects.count(), AuditEvent.objects.count()) == (1, events)
    assert ChartReading.objects.get().read_at == later


def test_a_changed_name_is_taken_over(place, now):
    read_chart(place=place, gateway=chart(entry("UTIL")), now=now)

    changes = read_chart(place=place, gateway=chart(entry("UTIL", name="New")), now=now)

    assert changes.changed == 1
    assert ChartAccount.objects.get().name == "New"


def test_what_is_gone_is_marked_and_comes_back(place, now):
    read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=now)
    later = now + timedelta(days=1)
    gone = read_chart(place=place, gateway=chart(entry("RUBS")), now=later)
    account = ChartAccount.objects.get(code="UTIL")
    again = read_chart(place=place, gateway=chart(entry("RUBS")), now=later + timedelta(days=1))

    assert (gone.vanished, again.vanished, account.missing_since) == (1, 0, later)

    back = read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=later)
    account.refresh_from_db()
    assert (back.changed, account.missing_since) == (1, None)


def test_a_reading_that_breaks_off_stores_nothing(place, now):
    read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=now)
    broken = chart(entry("NEW"))
    broken.errors_after["charge_codes"] = Unavailable("Propexo does not answer.")

    with pytest.raises(Unavailable):
        read_chart(place=place, gateway=broken, now=now + timedelta(days=1))

    assert set(ChartAccount.objects.values_list("code", "missing_since")) == {
        ("UTIL", None),
        ("RUBS", None),
    }


def test_an_entry_that_cannot_be_read_is_flagged_and_not_taken_for_gone(place, now):
    read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=now)
    bad = MalformedRecord("charge_code", "id_UTIL", ("The name is no text.",), '{"name": 7}')
    changes = read_chart(place=place, gateway=chart(bad, entry("RUBS")), now=now)

    assert (changes.unreadable, changes.vanished) == (1, 0)
    item = ReviewItem.objects.get(resolved_at=None)
    assert "The name is no text." in item.message

    read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=now)
    item.refresh_from_db()
    assert item.resolved_at == now


def test_an_entry_too_long_to_store_is_flagged(place, now):
    changes = read_chart(place=place, gateway=chart(entry("C" * 101)), now=now)

    assert (changes.created, changes.unreadable) == (0, 1)
    assert "longer than 100 characters" in ReviewItem.objects.get().message


def test_in_passing_a_failure_is_written_down_until_a_reading_succeeds(place, now):
    down = chart()
    down.error = Unavailable("Propexo does not answer.")

    assert refresh_chart(place=place, gateway=down, now=now) is False
    reading = ChartReading.objects.get()
    assert (reading.read_at, reading.failed_at) == (None, now)
    assert reading.error == "Propexo does not answer."

    assert refresh_chart(place=place, gateway=chart(entry("UTIL")), now=now) is True
    reading.refresh_from_db()
    assert (reading.read_at, reading.failed_at, reading.error) == (now, None, "")


def test_a_chart_is_read_once_where_that_is_enough(place, now):
    gateway = chart(entry("UTIL"))
    read_aging_chart(place=place, gateway=gateway, now=now)
    read_aging_chart(place=place, gateway=gateway, now=now)

    assert len(gateway.calls) == 1


def test_what_is_used_and_gone_is_one_review_item_until_it_is_over(place, cast, now):
    read_chart(place=place, gateway=chart(entry("UTIL"), entry("RUBS")), now=now)
    account = ChartAccount.objects.get(code="UTIL")

    flag_vanished(place=place, used={account: "UTIL is gone."}, by=None, now=now)
    flag_vanished(place=place, used={account: "UTIL is gone."}, by=None, now=now)
    item = ReviewItem.objects.get()
    assert (item.kind, item.record_kind, item.property) == ("vanished", "charge_code", place)

    flag_vanished(place=place, used={}, by=cast.accountant, now=now)
    item.refresh_from_db()
    assert (item.resolved_at, item.resolved_by) == (now, cast.accountant)


def test_the_same_id_at_two_properties_makes_two_items(place, cast, now):
    other = linked("prop_2", cast, now)
    for where in (place, other):
        read_chart(place=where, gateway=chart(entry("UTIL", remote_id="UTIL")), now=now)
        account = ChartAccount.objects.get(property=where, kind=AccountKind.CHARGE_CODE)
        flag_vanished(place=where, used={account: "UTIL is gone."}, by=None, now=now)

    assert ReviewItem.objects.filter(resolved_at=None).count() == 2


def test_a_chart_is_read_again_once_it_ages(place, now):
    gateway = chart(entry("UTIL"))
    read_aging_chart(place=place, gateway=gateway, now=now)
    later = now + timedelta(minutes=61)

    read_aging_chart(place=place, gateway=gateway, now=now + timedelta(minutes=59))
    assert ChartReading.objects.get().read_at == now
    read_aging_chart(place=place, gateway=gateway, now=later)
    assert ChartReading.objects.get().read_at == later
