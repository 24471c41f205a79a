"""What Propexo tells us, as typed records, the same for every wire contract and every PMS."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from integrations.pms.reference import find_reference

Contract = Literal["unified", "v1"]

ChargeCodeKind = Literal["charge_code", "financial_account"]

RecordKind = Literal[
    "connection", "property", "unit", "lease", "resident", "charge", "charge_code", "payment"
]


@dataclass(frozen=True, slots=True)
class MalformedRecord:
    """A row that could not be read: kept whole, so that staff can look at it.

    Shape: `problems` are sentences that name the field; `raw` is the row as received, as text.
    """

    kind: RecordKind
    remote_id: str
    problems: tuple[str, ...]
    raw: str


class ConnectionHealth(StrEnum):
    """What Propexo says of a connection."""

    ACTIVE = "active"
    SYNCING = "syncing"
    AUTH_FAILED = "auth_failed"
    INACTIVE = "inactive"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class PmsConnection:
    """A PMS login that Propexo holds.

    Shape: `provider` is Propexo's own word for the platform, such as "yardi", in small letters;
        `contract` is the wire contract that it was read in; `posts_charges` is what Propexo last
        proved about making charges in the PMS, None when it never tried.
    """

    connection_id: str
    provider: str
    name: str
    health: ConnectionHealth
    raw_status: str
    last_synced_at: datetime | None
    contract: Contract
    posts_charges: bool | None = None
    is_running_sync: bool = False


@dataclass(frozen=True, slots=True)
class PmsProperty:
    """A building as the PMS knows it.

    Shape: `enabled` is False when Propexo does not load the building's units and leases, None when
        it does not say.
    Units: square feet.
    """

    property_id: str
    name: str
    street: str
    city: str
    state: str
    zip_code: str
    unit_count: int | None
    square_footage: int | None
    updated_at: datetime | None = None
    enabled: bool | None = None


class Occupancy(StrEnum):
    """Whether a unit is lived in; unknown is a state of its own and never guessed away."""

    OCCUPIED = "occupied"
    VACANT = "vacant"
    UNKNOWN = "unknown"


# A sync reads a hundred thousand units, leases and residents, and a frozen dataclass takes three
# times as long to make as a tuple with names.
class PmsUnit(NamedTuple):
    """A unit as the PMS knows it; a number that the PMS lacks is None, never 0.

    Shape: `billable` is False for down, model and admin units. `raw_status` is the PMS's word.
        `warnings` are sentences about values that make no sense and were read as unknown.
        `last_seen` is when the PMS last showed the unit to Propexo, None where records that are
        gone leave the list.
    Units: square feet.
    """

    unit_id: str
    property_id: str
    unit_number: str
    building: str
    square_feet: int | None
    bedrooms: Decimal | None
    bathrooms: Decimal | None
    occupancy: Occupancy
    billable: bool
    raw_status: str
    current_lease_id: str | None
    occupant_count: int | None
    updated_at: datetime | None = None
    warnings: tuple[str, ...] = ()
    last_seen: datetime | None = None


class LeaseStatus(StrEnum):
    """Where a lease stands; month-to-month is current whatever its end date says."""

    ACTIVE = "active"
    FUTURE = "future"
    PAST = "past"
    MONTH_TO_MONTH = "month_to_month"
    UNKNOWN = "unknown"


class PmsLease(NamedTuple):
    """A lease as the PMS knows it.

    Shape: days are [start, end); an end of None is open. `unit_id` is empty when the PMS names the
        unit by `unit_number` alone. `move_in` and `move_out` are the days on which people came and
        went, whatever the lease says. `days_known` is False when nothing says until when people
        lived there, and the days of the contract do not stand in for it. `warnings` and `last_seen`
        are as for a unit.
    """

    lease_id: str
    unit_id: str
    resident_id: str | None
    start: date | None
    end: date | None
    status: LeaseStatus
    raw_status: str
    occupant_count: int | None
    monthly_rent: Decimal | None
    updated_at: datetime | None = None
    unit_number: str = ""
    move_in: date | None = None
    move_out: date | None = None
    days_known: bool = True
    warnings: tuple[str, ...] = ()
    last_seen: datetime | None = None


class PmsResident(NamedTuple):
    """A resident's name and place; nothing else about a person is read.

    Shape: a contract names the resident's unit or leases, seldom both.
    """

    resident_id: str
    first_name: str
    last_name: str
    unit_id: str | None
    is_primary: bool | None
    lease_ids: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """Join first and last name as people write them."""
        return f"{self.first_name} {self.last_name}".strip()


@dataclass(frozen=True, slots=True)
class PmsCharge:
    """A charge in the PMS's own ledger.

    Shape: `unit_id` is empty when the ledger does not name the unit.
    Units: dollars, exact; negative for a credit.
    """

    charge_id: str
    unit_id: str
    lease_id: str | None
    amount: Decimal
    effective_date: date
    charge_code: str
    description: str
    reference_number: str = ""

    @property
    def reference(self) -> str | None:
        """Find MeterBase's reference, wherever this PMS keeps it."""
        return find_reference(self.reference_number) or find_reference(self.description)


@dataclass(frozen=True, slots=True)
class PmsChargeCode:
    """An entry of a property's chart of accounts: a charge code or a financial account.

    Shape: `code` is what the accountant calls it, `remote_id` what Propexo wants to be told.
    """

    code: str
    name: str
    property_id: str
    gl_account: str
    remote_id: str
    kind: ChargeCodeKind


@dataclass(frozen=True, slots=True)
class PmsPayment:
    """A payment that a resident made.

    Units: dollars, exact.
    """

    payment_id: str
    lease_id: str
    amount: Decimal
    received_on: date
    charge_id: str | None


@dataclass(frozen=True, slots=True)
class ChargeOrder:
    """A charge to be made in the PMS.

    Shape: `reference` is ours, travels with the charge and finds it again. `charge_code` is
        MeterBase's own word; the two ids are what it is mapped to in the property's chart of
        accounts. `batch_id` names what is posted together, for a PMS that keeps charges in batches.
    Units: dollars, exact; negative for a reversal.
    """

    property_id: str
    unit_id: str
    lease_id: str | None
    resident_id: str | None
    amount: Decimal
    effective_date: date
    charge_code: str
    description: str
    reference: str
    charge_code_id: str | None = None
    financial_account_id: str | None = None
    post_month: date | None = None
    batch_id: str | None = None


@dataclass(frozen=True, slots=True)
class CreditBody:
    """The exact bytes of what takes a charge back, and the call that they are meant for.

    Shape: `call` is "charge" where the PMS takes a charge below zero, "credit" where it has credits
        of their own, whose amount is above zero: the bytes alone do not tell the two apart.
    """

    content: bytes
    call: Literal["charge", "credit"]


@dataclass(frozen=True, slots=True)
class ChargeReceipt:
    """What came back for a charge that was taken: its id, or the id of a job that will make it.

    Shape: `lease_id` is the lease that the PMS put it on, None when it does not say.
    """

    charge_id: str | None
    job_id: str | None
    http_status: int
    answer: str
    lease_id: str | None = None


WriteState = Literal["pending", "succeeded", "failed"]


@dataclass(frozen=True, slots=True)
class PmsWriteJob:
    """How far Propexo has come with a charge that it took.

    Shape: `charge_id` is None where the PMS does not tell it, even when the charge was made.
        `errors` is the PMS's own text, `code` MeterBase's word for it, both for a failed job only.
    """

    job_id: str
    state: WriteState
    charge_id: str | None
    errors: tuple[str, ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class RateLimit:
    """What the rate headers of the last answer said.

    Units: requests; reset in UTC.
    """

    limit: int
    remaining: int
    reset_at: datetime
