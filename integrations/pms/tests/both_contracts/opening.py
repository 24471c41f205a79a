"""The two contracts of one sandbox, opened alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

from integrations.pms.discovery import open_contract
from integrations.pms.gateway import PmsGateway
from integrations.pms.records import Contract, MalformedRecord
from integrations.pms.transport import Transport
from integrations.sandbox.server import RunningSandbox

# A PMS that tells the id of a charge in both contracts.
PMS = "appfolio"
PMS_CONNECTION = f"conn_{PMS}"
PMS_PROPERTY = f"prop_{PMS}"

RowT = TypeVar("RowT")


@contextmanager
def gateway_to(
    sandbox: RunningSandbox, contract: Contract, *, api_key: str = ""
) -> Iterator[PmsGateway]:
    with Transport(sandbox.base_url, api_key or sandbox.api_key) as transport:
        yield open_contract(
            contract, transport=transport, connection_id=PMS_CONNECTION, provider=PMS
        )


def good(rows: Iterator[RowT | MalformedRecord], kind: type[RowT]) -> list[RowT]:
    found = list(rows)
    assert not [row for row in found if isinstance(row, MalformedRecord)]
    return [row for row in found if isinstance(row, kind)]
