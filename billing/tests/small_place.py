"""A property of three units, as a sync of the sandbox's first one would have stored them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, datetime

from billing.models import (
    Calculation,
    GoLiveItem,
    PostingJob,
    UtilityBill,
)
from billing.operations.charge_code_mappings import follow_chart
from billing.operations.go_live import tick_item
from billing.operations.posting_jobs import PostingOrder, create_posting_job
from billing.tests.march import approve_bill, march_bill
from conftest import Cast
from integrations.models import (
    AccountKind,
    ChartAccount,
    ChartReading,
    Connection,
    ConnectionStatus,
    PropertyLink,
)
from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.pms.transport import Transport
from meterbase.tests.told_once import told_once
from portfolios.models import Lease, LeaseStatus, Property, Unit

# Number, square feet, bedrooms and bathrooms, people: the ids follow from the place in the list.
UNITS = [("101", 1250, 3, 2, 5), ("102", 660, 1, 1, 2), ("103", 655, 1, 1, 1)]

# What the sandbox's first property has, as far as tests post under it.
CHART = ("UTIL", "RUBS", "ELEC", "WATER", "GAS", "SEWER", "TRASH")

ORDER = PostingOrder(
    charge_date=date(2026, 4, 1),
    charge_code="UTIL",
    description="March 2026 Utility Charge (RUBS)",
)


class _Nowhere(UnifiedGateway):
    """A gateway to a PMS whose ledger is empty, and that nothing reaches."""

    def list_charges(self, **_filters: object) -> Iterator[PmsCharge | MalformedRecord]:
        return iter(())


def gateway_to_nowhere() -> PmsGateway:
    """Open a gateway that can write charges and shows none, but reaches nobody."""
    return _Nowhere(transport=Transport("http://127.0.0.1:9", "px_test_nobody"))


@told_once
def small_place(cast: Cast, now: datetime) -> Property:
    """Make the property, its connection, and three units that are let."""
    place = Property.objects.create(
        portfolio=cast.portfolio,
        propexo_property_id="prop_001",
        name="Maplewood Court Apartments",
        created_at=now,
    )
    _connect(place, cast, now)
    for number, (label, sqft, bedrooms, bathrooms, people) in enumerate(UNITS, start=1):
        unit = Unit.objects.create(
            property=place,
            propexo_unit_id=f"unit_001_{number:04}",
            unit_number=label,
            sqft=sqft,
            bedrooms=bedrooms,
            bathrooms=bathrooms,
            occupied=True,
            first_seen_at=now,
        )
        Lease.objects.create(
            unit=unit,
            propexo_lease_id=f"lease_001_{number:04}",
            start_date=date(2023, 10, 1),
            end_date=date(2027, 12, 1),
            occupant_count=people,
            status=LeaseStatus.ACTIVE,
            first_seen_at=now,
        )
    small_chart(place, now)
    return place


def _connect(place: Property, cast: Cast, now: datetime) -> None:
    connection = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    PropertyLink.objects.create(
        property=place, connection=connection, imported_by=cast.manager, imported_at=now
    )
    for item in GoLiveItem:
        tick_item(connection=connection, item=item, note="Looked at.", by=cast.accountant, now=now)


def small_chart(place: Property, now: datetime, codes: Iterable[str] = CHART) -> None:
    """Store the property's chart of accounts, with the codes mapped that have the same text."""
    ChartReading.objects.create(property=place, read_at=now)
    ChartAccount.objects.bulk_create(
        ChartAccount(
            property=place,
            kind=kind,
            remote_id=code,
            code=code,
            name=f"{code} of {place}",
            first_seen_at=now,
        )
        for code in codes
        for kind in AccountKind
    )
    follow_chart(place, now)


@told_once
def small_bill(cast: Cast, now: datetime) -> UtilityBill:
    """Enter the March water bill, with a rule by square footage and 10 % common area."""
    return march_bill(small_place(cast, now), 34_561, cast=cast, now=now)


@told_once
def small_calculation(cast: Cast, now: datetime) -> Calculation:
    """Calculate, submit and approve the bill: three charges."""
    return approve_bill(small_bill(cast, now), cast=cast, now=now)


@told_once
def small_job(cast: Cast, now: datetime) -> PostingJob:
    """Confirm the posting of the three charges; posting has to be switched on."""
    return create_posting_job(
        calculation=small_calculation(cast, now),
        order=ORDER,
        gateway=gateway_to_nowhere(),
        by=cast.accountant,
        now=now,
    )
