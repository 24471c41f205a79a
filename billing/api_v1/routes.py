"""Where the calls of `/api/v1` about properties and what they are billed are gathered."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["Properties and bills"], by_alias=True)
