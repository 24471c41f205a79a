"""What a page of the PMS's records changes here, worked out without touching either side.

Nothing that the PMS no longer shows is deleted: it is marked as missing and flagged. Nothing is
guessed: a value that makes no sense becomes a flag for a person.
"""

from integrations.sync.plan.leases import Home, HomeBook, plan_leases
from integrations.sync.plan.residents import NamePlan, StoredName, plan_names
from integrations.sync.plan.stored_rows import StoredLease, StoredUnit
from integrations.sync.plan.units import plan_units
from integrations.sync.plan.values import (
    Flag,
    FlagKind,
    Known,
    LeaseValues,
    PagePlan,
    UnitValues,
)
from integrations.sync.plan.whole import Whole, check_whole

__all__ = [
    "Flag",
    "FlagKind",
    "Home",
    "HomeBook",
    "Known",
    "LeaseValues",
    "NamePlan",
    "PagePlan",
    "StoredLease",
    "StoredName",
    "StoredUnit",
    "UnitValues",
    "Whole",
    "check_whole",
    "plan_leases",
    "plan_names",
    "plan_units",
]
