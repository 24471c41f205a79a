"""Where the calls of `/api/v1` about units, leases and tenants are gathered."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["Units and leases"], by_alias=True)
