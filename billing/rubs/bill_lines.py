"""The lines of a utility's invoice: what kind each is, and how it may be passed on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from billing.rubs.numbers import refuse_floats


class LineKind(StrEnum):
    """What a line of the invoice is for."""

    USAGE = "usage"
    BASE_CHARGE = "base_charge"
    SERVICE_CHARGE = "service_charge"
    TAX = "tax"
    SURCHARGE = "surcharge"
    CREDIT = "credit"
    IRRIGATION = "irrigation"
    LATE_FEE = "late_fee"
    RECONNECTION = "reconnection"
    DEPOSIT = "deposit"
    PRIOR_BALANCE = "prior_balance"
    OTHER = "other"


class Spread(StrEnum):
    """How a line is passed on."""

    SHARED = "shared"
    ALL_UNITS = "all_units"
    OCCUPIED_UNITS = "occupied_units"
    OWNER = "owner"


USUAL_SPREAD: Final[Mapping[LineKind, Spread]] = MappingProxyType(
    {
        LineKind.USAGE: Spread.SHARED,
        LineKind.BASE_CHARGE: Spread.ALL_UNITS,
        LineKind.SERVICE_CHARGE: Spread.ALL_UNITS,
        LineKind.TAX: Spread.SHARED,
        LineKind.SURCHARGE: Spread.SHARED,
        LineKind.CREDIT: Spread.SHARED,
        LineKind.IRRIGATION: Spread.OWNER,
        LineKind.LATE_FEE: Spread.OWNER,
        LineKind.RECONNECTION: Spread.OWNER,
        LineKind.DEPOSIT: Spread.OWNER,
        LineKind.PRIOR_BALANCE: Spread.OWNER,
    }
)

# A penalty or a balance is the owner's affair with the utility, whatever a rule says.
NEVER_PASSED_ON: Final = frozenset(
    {LineKind.LATE_FEE, LineKind.RECONNECTION, LineKind.DEPOSIT, LineKind.PRIOR_BALANCE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BillLine:
    """A line of the utility's invoice.

    Shape: `spread` is the usual one of the kind unless given; `cents_per_unit` is what the utility
        charges for one dwelling and `unit_count` how many dwellings it charges, for a line that is
        spread over units.
    Units: cents.
    """

    kind: LineKind
    amount_cents: int
    name: str = ""
    spread: Spread | None = None
    cents_per_unit: int | None = None
    unit_count: int | None = None

    def __post_init__(self) -> None:
        refuse_floats(self.amount_cents, self.cents_per_unit, self.unit_count)

    @property
    def label(self) -> str:
        """Name the line as its invoice does, or else by its kind."""
        return self.name or self.kind.value.replace("_", " ").capitalize()

    @property
    def passed_on(self) -> Spread | None:
        """Tell how the line is passed on; None when its kind does not say and nobody else did."""
        return self.spread or USUAL_SPREAD.get(self.kind)

    @property
    def is_fixed(self) -> bool:
        """Tell whether the line is spread over units by count rather than by the rule's method."""
        return self.passed_on in (Spread.ALL_UNITS, Spread.OCCUPIED_UNITS)
