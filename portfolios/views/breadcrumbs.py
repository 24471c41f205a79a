"""The way from the portfolios down to a page."""

from __future__ import annotations

from django.urls import reverse

from portfolios.models import Property

Crumbs = list[tuple[str, str]]


def above_property(place: Property) -> Crumbs:
    """Lead to a property."""
    portfolio = place.portfolio
    return [
        ("Portfolios", reverse("portfolios:portfolio-list")),
        (str(portfolio), reverse("portfolios:portfolio-detail", args=[portfolio.pk])),
    ]


def below_property(place: Property) -> Crumbs:
    """Lead to a page about a property's units."""
    here = reverse("portfolios:property-detail", args=[place.pk])
    return [*above_property(place), (str(place), here)]
