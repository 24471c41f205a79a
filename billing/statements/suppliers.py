"""By whom a property is supplied, as far as a person stands behind it."""

from __future__ import annotations

from billing.models import Utility
from portfolios.models import Commodity, Property, PropertyUtility, UtilityChoice

# Public data names suppliers of these alone.
COMMODITIES = {
    Utility.ELECTRIC: Commodity.ELECTRIC,
    Utility.GAS: Commodity.GAS,
    Utility.WATER: Commodity.WATER,
}
_CHOSEN = (UtilityChoice.LISTED, UtilityChoice.TYPED)


def suppliers_of(place: Property) -> dict[Utility, str]:
    """Name the suppliers that somebody confirmed; what a look-up only found is no name yet."""
    rows = PropertyUtility.objects.filter(property=place, choice__in=_CHOSEN)
    names = {
        row.commodity: row.typed_name or str(row.utility) for row in rows.select_related("utility")
    }
    return {
        utility: names[commodity]
        for utility, commodity in COMMODITIES.items()
        if commodity in names
    }
