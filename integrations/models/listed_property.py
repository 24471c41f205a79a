"""Which properties a connection's PMS shows, whether they were imported or not."""

from __future__ import annotations

from django.db import models

from integrations.models.connection import Connection
from portfolios.models.scope import PortfolioRow


class ListedProperty(PortfolioRow):
    """A property in the PMS's list, so that a new one is told from one that was left out.

    Shape: `missing_since` is when the list was first read without it; empty while it is there.
    """

    portfolio_path = "connection__portfolio"

    # The unique constraint's index serves the connection alone as well.
    connection = models.ForeignKey(
        Connection, on_delete=models.PROTECT, related_name="listed_properties", db_index=False
    )
    propexo_property_id = models.CharField(max_length=100)
    name = models.CharField(max_length=200, blank=True)
    first_listed_at = models.DateTimeField()
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "listed properties"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["connection", "propexo_property_id"], name="listed_property_once"
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.propexo_property_id
