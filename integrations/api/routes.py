"""Where the calls of `/api/propexo` are gathered."""

from __future__ import annotations

from ninja import Router

router = Router(tags=["Propexo"])
