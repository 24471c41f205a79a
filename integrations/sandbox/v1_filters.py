"""What the query parameters of contract v1's lists do to a selection."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from integrations.sandbox.listing import Listing, Selection
from integrations.sandbox.pms_behaviour import BY_VENDOR
from integrations.sandbox.v1_problems import bad_request, wrong_value
from integrations.sandbox.v1_query import choice_in, day_in, moment_in

Filter = Callable[[Selection, str, str], None]


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of contract v1.

    Shape: `filters` maps parameters to what they do, `needs` a parameter to those that must come
        with it; `sortable` are columns.
    """

    listing: Listing
    filters: Mapping[str, Filter]
    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    sortable: tuple[str, ...] = ("created_at", "updated_at", "id")

    def select(self, query: Mapping[str, str]) -> Selection:
        """Read the filters out of a query; parameters that nobody knows are passed over.

        Errors: Problem 400 for a wrong value and for a filter whose companions are missing.
        """
        selection = Selection(self.listing)
        for name in self.filters.keys() & query.keys():
            absent = [other for other in self.needs.get(name, ()) if other not in query]
            if absent:
                message = f"{name} requires {' and '.join(absent)}"
                raise bad_request(message, [wrong_value(name, message, "custom")])
            self.filters[name](selection, name, query[name])
        return selection


def equals(expression: str) -> Filter:
    """Make a filter that compares."""
    return condition(f"{expression} = ?")


def condition(text: str) -> Filter:
    """Make a filter out of an SQL condition with one place for the value."""
    return lambda selection, _name, value: selection.add(text, value)


def on_day(text: str) -> Filter:
    """Make a filter that takes a calendar day."""
    return lambda selection, name, value: selection.add(text, day_in(name, value))


def at_moment(text: str) -> Filter:
    """Make a filter that takes a point in time."""
    return lambda selection, name, value: selection.add(text, moment_in(name, value))


def one_of(text: str, choices: tuple[str, ...]) -> Filter:
    """Make a filter that takes one of several words."""
    return lambda selection, name, value: selection.add(text, choice_in(name, value, choices))


def when(*, true: str, false: str) -> Filter:
    """Make a filter that takes true or false, and a condition without a value for either."""

    def narrow(selection: Selection, name: str, value: str) -> None:
        selection.add(true if choice_in(name, value, ("true", "false")) == "true" else false)

    return narrow


def freshness(*, updated: str = "updated_at", seen: str) -> dict[str, Filter]:
    """Make the filters by the time of the last change and of the last sight."""
    return {
        f"{name}_{suffix}": at_moment(f"{column} {sign} ?")
        for name, column in (("updated_at", updated), ("last_seen", seen))
        for suffix, sign in (("gte", ">="), ("lte", "<="))
    }


LAST_SYNC = "(SELECT c.last_synced_at FROM connections c WHERE c.id = connection_id)"
VENDORS = tuple(BY_VENDOR)
FRESHNESS = frozenset(freshness(seen=LAST_SYNC))
OF_CONNECTION: dict[str, Filter] = {
    "integration_id": equals("connection_id"),
    "integration_vendor": one_of(
        "connection_id IN (SELECT id FROM connections WHERE vendor = ?)", VENDORS
    ),
}
# Only Rent Manager has locations, and the sandbox gives it one.
LOCATION = condition(
    "? = '1' AND connection_id IN (SELECT id FROM connections WHERE vendor = 'RENTMANAGER')"
)
OF_PROPERTY: dict[str, Filter] = {**OF_CONNECTION, "property_id": equals("property_id")}
OF_X_PROPERTY = condition(
    "property_id IN (SELECT id FROM properties WHERE 'p' || substr(id, 6) = ?)"
)
