"""The gateway to Propexo that an installation's settings describe."""

from __future__ import annotations

from django.conf import settings

from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.transport import Transport


class PropexoNotConfigured(Exception):
    """This installation's settings do not lead to Propexo."""


_NO_KEY = (
    "MeterBase has no Propexo API key yet. Put PROPEXO_API_KEY into .env (Step 2 of the set-up) "
    "and start MeterBase again."
)


def open_gateway() -> PmsGateway:
    """Open a gateway to Propexo.

    Errors: PropexoNotConfigured when the key or the address is missing or malformed.
    """
    if not settings.PROPEXO_API_KEY:
        raise PropexoNotConfigured(_NO_KEY)
    try:
        transport = Transport(settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY)
    except ValueError as error:
        raise PropexoNotConfigured(
            f"The settings for Propexo in .env are not usable: {error}. Correct PROPEXO_BASE_URL "
            "or PROPEXO_API_KEY and start MeterBase again."
        ) from None
    return UnifiedGateway(transport=transport)
