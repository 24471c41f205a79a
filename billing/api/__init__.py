"""The calls of `/api/rubs`."""

from billing.api import bills, calculations, jobs, posting
from billing.api.routes import router

__all__ = ["bills", "calculations", "jobs", "posting", "router"]
