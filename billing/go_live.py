"""How far a connection is on its way to posting real charges."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from billing.models import GoLiveItem, GoLiveTick
from integrations.models import Connection
from portfolios.access import Action
from portfolios.operations.api_keys import speaks_to_a_test_side

# The accounting team answers for the last one alone.
MAY_TICK: dict[GoLiveItem, frozenset[Action]] = {
    GoLiveItem.SANDBOX_TRIED: frozenset({Action.PREPARE, Action.APPROVE}),
    GoLiveItem.CODES_VERIFIED: frozenset({Action.PREPARE, Action.APPROVE}),
    GoLiveItem.RESULTS_CHECKED: frozenset({Action.PREPARE, Action.APPROVE}),
    GoLiveItem.ACCOUNTING_APPROVED: frozenset({Action.APPROVE}),
}


@dataclass(frozen=True, slots=True)
class ItemStanding:
    """An item of the checklist: its tick, and those that were taken back, the newest first."""

    item: GoLiveItem
    tick: GoLiveTick | None
    withdrawn: tuple[GoLiveTick, ...]


def read_checklist(connection: Connection) -> list[ItemStanding]:
    """Read how every item of a connection's checklist stands, in one query."""
    found: defaultdict[str, list[GoLiveTick]] = defaultdict(list)
    ticks = GoLiveTick.objects.filter(connection=connection).order_by("-ticked_at", "-pk")
    for tick in ticks.select_related("ticked_by", "withdrawn_by"):
        found[tick.item].append(tick)
    return [_standing(item, found[item.value]) for item in GoLiveItem]


def unticked_items(connection: Connection) -> list[GoLiveItem]:
    """Name what nobody has ticked yet; nothing when the connection may go live."""
    return _unticked(connection.pk)


def items_in_the_way(connection_id: int) -> list[GoLiveItem]:
    """Name what has to be ticked before charges of a connection are sent.

    Shape: nothing where MeterBase speaks to a test side: no resident sees a charge there, and
        trying it out is an item of the checklist itself.
    """
    return [] if speaks_to_a_test_side() else _unticked(connection_id)


def _unticked(connection_id: int) -> list[GoLiveItem]:
    standing = GoLiveTick.objects.filter(connection=connection_id, withdrawn_at=None)
    ticked = set(standing.order_by().values_list("item", flat=True))
    return [item for item in GoLiveItem if item.value not in ticked]


def _standing(item: GoLiveItem, ticks: list[GoLiveTick]) -> ItemStanding:
    standing = next((tick for tick in ticks if tick.withdrawn_at is None), None)
    return ItemStanding(item, standing, tuple(tick for tick in ticks if tick.withdrawn_at))
