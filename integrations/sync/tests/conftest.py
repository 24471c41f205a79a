from __future__ import annotations

import pytest

from integrations.models import (
    Connection,
    ConnectionStatus,
)
from integrations.sync.tests.running import add_house
from portfolios.models import Property


@pytest.fixture
def house(cast, now) -> Property:
    connection = Connection.objects.create(
        portfolio=cast.portfolio,
        propexo_connection_id="conn_001",
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=cast.manager,
        created_at=now,
    )
    return add_house(connection, "prop_x", cast, now)
