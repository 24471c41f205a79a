"""What every page knows about the installation."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest


def installation(_request: HttpRequest) -> dict[str, object]:
    """Tell pages whether charges are really sent."""
    return {"posting_enabled": settings.PROPEXO_CHARGE_POSTING_ENABLED}
