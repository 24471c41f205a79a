"""The calls of `/api/propexo`."""

from integrations.api import connections, imports, syncs
from integrations.api.routes import router

__all__ = ["connections", "imports", "router", "syncs"]
