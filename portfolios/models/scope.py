"""What every table whose rows belong to a portfolio has in common."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class PortfolioRow(models.Model):
    """A row that leads to the portfolio whose members may see it.

    Shape: `portfolio_path` is the lookup from the row to its portfolio; empty for a portfolio.
    """

    portfolio_path: ClassVar[str]

    class Meta:
        abstract = True
