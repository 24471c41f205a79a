"""The gateway to Propexo that an installation's settings describe."""

from __future__ import annotations

from django.conf import settings

from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.transport import Transport


class PropexoNotConfigured(Exception):
    """This installation has no Propexo API key."""

    def __init__(self) -> None:
        super().__init__(
            "MeterBase has no Propexo API key yet. Put PROPEXO_API_KEY into .env (Step 2 of the "
            "set-up) and start MeterBase again."
        )


def open_gateway() -> PmsGateway:
    """Open a gateway to Propexo.

    Errors: PropexoNotConfigured when there is no API key.
    """
    if not settings.PROPEXO_API_KEY:
        raise PropexoNotConfigured
    return UnifiedGateway(transport=Transport(settings.PROPEXO_BASE_URL, settings.PROPEXO_API_KEY))
