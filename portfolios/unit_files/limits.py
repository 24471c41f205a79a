"""What a unit's values may be, and from where on they are hard to believe."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

LARGEST_SQFT: Final = 100_000
MOST_ROOMS: Final = 20
BEDROOM_STEP: Final = Decimal("0.5")
BATHROOM_STEP: Final = Decimal("0.25")
MOST_OCCUPANTS: Final = 30

USUAL_SQFT: Final = (100, 10_000)
USUAL_ROOMS: Final = 8
USUAL_OCCUPANTS: Final = 12
# A unit that is so many times larger or smaller than the middle one with as many bedrooms.
FLOOR_PLAN_FACTOR: Final = 4
FLOOR_PLAN_UNITS: Final = 3

LARGEST_BYTES: Final = 5 * 1024 * 1024
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 200
MOST_SHEETS: Final = 10
LONGEST_TEXT: Final = 200
