"""Where the calls of `/api/v1` that read from the PMS are gathered."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["Payments"], by_alias=True)
