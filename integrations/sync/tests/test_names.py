from __future__ import annotations

from datetime import date

from integrations.pms.records import LeaseStatus
from integrations.sync.tests.running import counts, sync
from integrations.tests.fake_gateway import FakeGateway, make_lease, make_resident, make_unit
from portfolios.models import Lease


def test_changes_alone_are_asked_for(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    gateway.calls.clear()
    since = clock()
    sync(house, gateway, clock(), updated_since=since)
    assert gateway.calls == [(what, "prop_x", since) for what in ("units", "leases", "residents")]


def test_a_changed_name_is_stored_though_no_lease_changed(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    news = FakeGateway(residents=[make_resident(last_name="Lee")])
    run = sync(house, news, clock(), updated_since=clock())
    assert Lease.objects.get().resident_name == "Zoë Lee"
    assert counts(run) == (0, 1, 0, 0)


def test_a_lease_keeps_its_name_though_its_resident_did_not_change(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    renewed = make_lease(end=date(2028, 1, 1))
    sync(house, FakeGateway(leases=[renewed]), clock(), updated_since=clock())
    lease = Lease.objects.get()
    assert (lease.end_date, lease.resident_name) == (date(2028, 1, 1), "Zoë Kim")


def test_a_new_lease_of_a_known_resident_has_a_name(house, clock):
    units = [make_unit(), make_unit("unit_2")]
    gateway = FakeGateway(units=units, leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    transfer = FakeGateway(leases=[make_lease("lease_2", unit_id="unit_2")])
    sync(house, transfer, clock(), updated_since=clock())
    assert Lease.objects.get(propexo_lease_id="lease_2").resident_name == "Zoë Kim"
    assert transfer.calls[-1] == ("residents", "prop_x", clock())


def test_all_residents_are_read_when_a_new_lease_names_one_who_is_not_known(house, clock):
    gateway = FakeGateway(units=[make_unit()], leases=[make_lease()], residents=[make_resident()])
    sync(house, gateway, clock())
    news = FakeGateway(
        leases=[make_lease("lease_2", resident_id="res_2", status=LeaseStatus.FUTURE)],
        residents=[make_resident("res_2", first_name="Ada", last_name="Obi")],
    )
    sync(house, news, clock(), updated_since=clock())
    assert news.calls[-1] == ("residents", "prop_x", None)
    assert Lease.objects.get(propexo_lease_id="lease_2").resident_name == "Ada Obi"
