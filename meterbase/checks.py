"""What is wrong with an installation, said before it starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.checks import Warning as Caution


@register(Tags.security)
def check_secret_key(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Refuse a generated key where several machines have to share one."""
    shared = not settings.DATABASES["default"]["ENGINE"].endswith("sqlite3")
    if settings.SECRET_KEY_IS_GENERATED and shared and not settings.DEBUG:
        return [
            Error(
                "SECRET_KEY is not set, but the database is shared with other machines.",
                hint="Set SECRET_KEY to the same long random text on every machine: with different "
                "keys, machines sign each other out and drop each other's queued work.",
                id="meterbase.E001",
            )
        ]
    return []


@register()
def check_propexo(**_kwargs: Any) -> Sequence[CheckMessage]:
    """Say what posting needs before it can be switched on."""
    found: list[CheckMessage] = []
    if not settings.PROPEXO_BASE_URL.startswith(("https://", "http://")):
        found.append(
            Error(
                "PROPEXO_BASE_URL must start with https:// (or http:// for a sandbox).",
                id="meterbase.E002",
            )
        )
    if settings.PROPEXO_CHARGE_POSTING_ENABLED and not settings.PROPEXO_API_KEY:
        found.append(
            Caution(
                "PROPEXO_CHARGE_POSTING_ENABLED is true, but PROPEXO_API_KEY is not set.",
                hint="Charges will wait until the key is there.",
                id="meterbase.W001",
            )
        )
    return found
