"""The calls of `/api/v1` about properties, share rules, bills and invoices."""

from billing.api_v1 import bills, invoices, properties, share_rules
from billing.api_v1.routes import router

__all__ = ["bills", "invoices", "properties", "router", "share_rules"]
