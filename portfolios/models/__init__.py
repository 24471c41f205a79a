"""The tables of portfolios."""

from portfolios.models.api_key import ApiKey
from portfolios.models.audit import AuditEvent
from portfolios.models.people import Membership, Portfolio, Role, User
from portfolios.models.place import Lease, LeaseStatus, Property, Unit, UnitField, UnitOverride

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Lease",
    "LeaseStatus",
    "Membership",
    "Portfolio",
    "Property",
    "Role",
    "Unit",
    "UnitField",
    "UnitOverride",
    "User",
]
