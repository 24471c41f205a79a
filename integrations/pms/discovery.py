"""Which wire contract a connection speaks, and the gateway for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from integrations.pms.errors import NotFound, Refused, UnreadableAnswer
from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.propexo_v1 import V1Gateway
from integrations.pms.records import Contract, PmsConnection
from integrations.pms.transport import Transport
from integrations.pms.v1_integrations import read_integration


def open_contract(
    contract: Contract,
    *,
    transport: Transport,
    connection_id: str,
    provider: str,
    transaction_batch_id: str = "",
) -> PmsGateway:
    """Open the gateway that speaks a contract."""
    if contract == "unified":
        return UnifiedGateway(transport)
    return V1Gateway(
        transport,
        connection_id=connection_id,
        provider=provider,
        transaction_batch_id=transaction_batch_id,
    )


def find_connection(
    *, transport: Transport, connection_id: str, contracts: Sequence[Contract]
) -> PmsConnection:
    """Read a connection in the first of the contracts that knows it.

    Errors: NotFound when none does; ApiKeyRefused and all that is not an answer at once;
        UnreadableAnswer when none knows it and one made no sense.
    """
    odd_answer: UnreadableAnswer | None = None
    for contract in contracts:
        try:
            return _READERS[contract](transport, connection_id)
        except UnreadableAnswer as error:
            odd_answer = odd_answer or error
        except Refused:
            # A server that does not speak the contract has no such path, or not for such an id.
            continue
    if odd_answer is not None:
        raise odd_answer
    raise NotFound(f"Propexo has no connection with the id {connection_id!r}.")


def _read_unified(transport: Transport, connection_id: str) -> PmsConnection:
    return UnifiedGateway(transport).read_connection(connection_id=connection_id)


def _read_v1(transport: Transport, connection_id: str) -> PmsConnection:
    return read_integration(transport, connection_id=connection_id)


_READERS: dict[Contract, Callable[[Transport, str], PmsConnection]] = {
    "unified": _read_unified,
    "v1": _read_v1,
}
