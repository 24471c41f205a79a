"""What tests of integrations can ask for."""

from __future__ import annotations

import pytest

from integrations.models import Connection, ConnectionStatus, PropertyLink
from portfolios.models import Property


@pytest.fixture
def linked(cast, now) -> Connection:
    """Make a connection with three properties of which nothing was read yet."""
    connection = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    for number in range(3):
        house = Property.objects.create(
            portfolio=cast.portfolio,
            propexo_property_id=f"prop_{number}",
            name=f"House {number}",
            created_at=now,
        )
        PropertyLink.objects.create(
            property=house, connection=connection, imported_by=cast.manager, imported_at=now
        )
    return connection
