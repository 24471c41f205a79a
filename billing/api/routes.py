"""Where the calls of `/api/rubs` are gathered."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["RUBS"])
