"""The calls of `/api/rubs`."""

from billing.api import bills, calculations, documents, jobs, posting
from billing.api.routes import router

__all__ = ["bills", "calculations", "documents", "jobs", "posting", "router"]
