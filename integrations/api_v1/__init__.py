"""The calls of `/api/v1` that read from the PMS, and those about webhooks."""

from integrations.api_v1 import deliveries, endpoints, payments
from integrations.api_v1.routes import payments as payments_router
from integrations.api_v1.routes import webhooks as webhooks_router

__all__ = ["deliveries", "endpoints", "payments", "payments_router", "webhooks_router"]
