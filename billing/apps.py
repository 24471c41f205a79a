"""The billing app."""

from __future__ import annotations

from django.apps import AppConfig


class BillingConfig(AppConfig):
    """Bills, share rules, calculations, charges, approvals, posting."""

    name = "billing"
