"""Where the calls of `/api/v1` that read from the PMS, and those about webhooks, are gathered."""

from __future__ import annotations

from ninja import Router

payments = Router(tags=["Payments"], by_alias=True)
webhooks = Router(tags=["Webhooks"], by_alias=True)
