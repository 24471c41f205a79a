"""The words that data files, proposals and findings have in common."""

from __future__ import annotations

from enum import StrEnum

ALL_UTILITIES = ("electric", "gas", "water", "sewer", "trash", "internet")

SUBMETER = "submeter"

METHOD_NOUNS = {
    "square_feet": "square footage",
    "occupants": "number of people",
    "ratio_occupancy": "ratio occupancy",
    "bedrooms": "bedrooms",
    "bed_bath": "bedrooms and bathrooms",
    "estimated_occupancy": "occupancy estimated from bedrooms",
    "equal": "equal parts",
    "custom_weight": "weights of its own",
    "percentage": "fixed percentages",
    SUBMETER: "submeter readings",
}

EVERYWHERE = "*"
FEDERAL = "US"
UNDATED = "undated"
_STATES = (
    "AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ"
    " NM NY NC ND OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY"
)
STATES = frozenset(_STATES.split())


class Severity(StrEnum):
    """How much a finding weighs, the gravest first.

    Shape: CONFIRM means that a fact is not known here; no data file may ask for it.
    """

    BLOCK = "block"
    WARN = "warn"
    CONFIRM = "confirm"
    NOTE = "note"


class Confidence(StrEnum):
    """How sure we are that a place's rule is told rightly."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Evidence(StrEnum):
    """What was read: the rule's own text, a named summary of it, or nothing yet."""

    TEXT = "text"
    SUMMARY = "summary"
    RECALLED = "recalled"


class Irrigation(StrEnum):
    """Whether the water for the grounds is measured apart from that of the tenants."""

    METERED = "metered"
    UNMETERED = "unmetered"
    NONE = "none"


class PropertyKind(StrEnum):
    """What is let."""

    APARTMENTS = "apartments"
    CONDOMINIUM = "condominium"
    COOPERATIVE = "cooperative"
    MANUFACTURED_HOMES = "manufactured_homes"
    RV_SPACES = "rv_spaces"
    MULTI_USE = "multi_use"


class VacantPart(StrEnum):
    """Who bears what a fixed charge comes to for vacant units."""

    OWNER = "owner"
    TENANTS = "tenants"
    NO_SUCH_CHARGE = "no_such_charge"


class CommonAreaKind(StrEnum):
    """How the common area's part of a bill is found."""

    PERCENT = "percent"
    FIXED = "fixed"
    METERED = "metered"


class DeductionBase(StrEnum):
    """What a common-area percentage is taken of."""

    BILL = "bill"
    AFTER_FIXED_CHARGES = "after_fixed_charges"


class BillLine(StrEnum):
    """What a line of a utility's bill is for."""

    USAGE = "usage"
    BASE_CHARGE = "base_charge"
    SERVICE_CHARGE = "service_charge"
    TAX = "tax"
    LATE_FEE = "late_fee"
    DEPOSIT = "deposit"
    PRIOR_BALANCE = "prior_balance"
    DISCONNECTION = "disconnection"
    RECONNECTION = "reconnection"
    DISTRIBUTION = "distribution"
    IRRIGATION = "irrigation"


class ShownIn(StrEnum):
    """Where a resident must find something."""

    STATEMENT = "statement"
    LEASE = "lease"
    NOTICE = "notice"


class Item(StrEnum):
    """Something that a resident must be told, with the words for it."""

    label: str

    def __new__(cls, value: str, label: str) -> Item:
        """Make a member from its name and its words."""
        item = str.__new__(cls, value)
        item._value_ = value
        item.label = label
        return item

    UTILITIES = "utilities", "the utilities that are shared"
    AMOUNTS = "amounts", "the amount due for each utility"
    FIXED_CHARGES = "fixed_charges", "base and service charges"
    SERVICE_PERIOD = "service_period", "the days of service"
    METER_READINGS = "meter_readings", "the meter readings and their dates"
    USE_AND_PRICE = "use_and_price", "the use and the price of a unit of it"
    RATES = "rates", "the rate billed and the rate that the owner pays"
    TAXES = "taxes", "taxes"
    CREDITS = "credits", "credits"
    TOTAL = "total", "the total"
    UTILITY_NAME = "utility_name", "the name of the utility"
    NOT_FROM_UTILITY = "not_from_utility", "that the bill does not come from the utility"
    METHOD = "method", "how the bill is shared"
    COMMON_AREA = "common_area", "how common areas are treated"
    FORMULA_SHARE = "formula_share", "the resident's share under the formula"
    PUBLIC_CHARGES = "public_charges", "public charges, apart"
    ADMIN_FEE = "admin_fee", "the administrative fee, apart"
    DUE_DATE = "due_date", "the due date"
    LATE_TERMS = "late_terms", "when a payment is late and what that costs"
    AVERAGE_LAST_YEAR = "average_last_year", "the average monthly bill of the year before"
    RANGE_LAST_YEAR = "range_last_year", "the highest and the lowest bill of the year before"
    RIGHT_TO_INSPECT = "right_to_inspect", "the right to see the utility's bills and the records"
    DISPUTE_CONTACT = "dispute_contact", "how and where to dispute the bill"
    DISPUTES_WITH_OWNER = "disputes_with_owner", "that disputes are with the owner"
    REGULATOR = "regulator", "how to turn to the regulator"
    AGENT_CONTACT = "agent_contact", "name, address and telephone of the owner or agent"
    LEAK_REPAIR = "leak_repair", "how soon leaks are repaired"


def listed(words: list[str]) -> str:
    """Join words as a sentence does: one, two and three."""
    *first, last = words
    return f"{', '.join(first)} and {last}" if first else last
