"""Which review items a list shows: by kind, by property and by the words in them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, QuerySet
from django.http import QueryDict
from django.urls import reverse

from integrations.models import ReviewItem, ReviewKind
from meterbase.lib.searching import has_words, words_of


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice in the filter bar."""

    name: str
    label: str
    chosen: str
    options: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """What narrows a list of review items down; empty texts and None narrow nothing."""

    kind: str = ""
    property_id: int | None = None
    q: str = ""

    @classmethod
    def of(cls, query: QueryDict) -> ItemFilter:
        """Read it from a query string; what makes no sense narrows nothing."""
        kind, place = query.get("kind", ""), query.get("property", "")
        return cls(
            kind if kind in ReviewKind.values else "",
            # More digits than any key has would be more than a database can compare.
            int(place) if place.isascii() and place.isdigit() and len(place) < 18 else None,
            " ".join(words_of(query.get("q", ""))),
        )

    def __bool__(self) -> bool:
        """Tell whether anything is narrowed down."""
        return bool(self.kind or self.property_id is not None or self.q)

    def keep(self, items: QuerySet[ReviewItem]) -> QuerySet[ReviewItem]:
        """Keep the items that it names."""
        found = items.filter(has_words(words_of(self.q), "label", "message", "property__name"))
        found = found.filter(kind=self.kind) if self.kind else found
        return found if self.property_id is None else found.filter(property=self.property_id)

    def pairs(self) -> list[tuple[str, str]]:
        """Write it as the parts of a query string."""
        place = "" if self.property_id is None else str(self.property_id)
        parts = (("kind", self.kind), ("property", place), ("q", self.q))
        return [(name, text) for name, text in parts if text]

    def url(self, name: str, **more: str) -> str:
        """Lead to a page of review items that is narrowed down in the same way."""
        return reverse(f"integrations:{name}", query=dict(self.pairs()) | more)

    def choices(self, items: QuerySet[ReviewItem]) -> list[Choice]:
        """Offer the kinds and the properties of items, with how many there are of each."""
        counted = Count("pk")
        kinds = items.order_by("kind").values_list("kind").annotate(counted)
        places = items.filter(property__isnull=False).order_by("property__name", "property")
        named = places.values_list("property", "property__name").annotate(counted)
        place = "" if self.property_id is None else str(self.property_id)
        return [
            Choice(
                "kind",
                "Kind",
                self.kind,
                [("", "All kinds"), *((kind, _kind(kind, count)) for kind, count in kinds)],
            ),
            Choice(
                "property",
                "Property",
                place,
                [
                    ("", "All properties"),
                    *((str(key), f"{name} ({count:,})") for key, name, count in named),
                ],
            ),
        ]


def _kind(kind: str, count: int) -> str:
    return f"{ReviewKind(kind).label} ({count:,})"
