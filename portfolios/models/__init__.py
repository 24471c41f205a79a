"""The tables of portfolios."""

from portfolios.models.api_key import ApiKey
from portfolios.models.audit import AuditEvent
from portfolios.models.people import Membership, Portfolio, Role, User
from portfolios.models.place import Lease, LeaseStatus, Property, Unit, UnitField, UnitOverride
from portfolios.models.unit_import import (
    UnitImport,
    UnitImportChange,
    UnitImportRow,
    UnitImportState,
)
from portfolios.models.utilities import (
    Commodity,
    Confidence,
    Dataset,
    LookUpStatus,
    PropertyUtility,
    ReferenceFile,
    ReferenceKind,
    ReferenceRelease,
    UtilityArea,
    UtilityChoice,
    UtilityProvider,
    ZipCode,
)

__all__ = [
    "ApiKey",
    "AuditEvent",
    "Commodity",
    "Confidence",
    "Dataset",
    "Lease",
    "LeaseStatus",
    "LookUpStatus",
    "Membership",
    "Portfolio",
    "Property",
    "PropertyUtility",
    "ReferenceFile",
    "ReferenceKind",
    "ReferenceRelease",
    "Role",
    "Unit",
    "UnitField",
    "UnitImport",
    "UnitImportChange",
    "UnitImportRow",
    "UnitImportState",
    "UnitOverride",
    "User",
    "UtilityArea",
    "UtilityChoice",
    "UtilityProvider",
    "ZipCode",
]
