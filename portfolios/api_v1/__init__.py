"""The calls of `/api/v1` about units, leases and tenants."""

from portfolios.api_v1 import leases, tenants, units
from portfolios.api_v1.routes import router

__all__ = ["leases", "router", "tenants", "units"]
