"""The calls of `/api/v1` that read from the PMS."""

from integrations.api_v1 import payments
from integrations.api_v1.routes import router

__all__ = ["payments", "router"]
