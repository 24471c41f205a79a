"""The portfolios app."""

from __future__ import annotations

from django.apps import AppConfig


class PortfoliosConfig(AppConfig):
    """Portfolios, properties, units, leases, people."""

    name = "portfolios"
