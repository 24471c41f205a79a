"""How each PMS behaves when a charge is written to it: data, and nothing but data.

The fields are those of the vendors' pages of contract v1; the rest is what a client has to survive.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Duplicates(StrEnum):
    """What a PMS does with a charge that it has already."""

    TAKE = "take"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Behaviour:
    """One PMS, as contract v1 shows it.

    Shape: `required` and `optional` are the fields of a charge beside `integration_id`; whatever is
        in neither is unknown. `pending_looks` is how often write-status says PENDING. `returns_id`
        tells whether a job that succeeded names the charge; if not, the charge is found after the
        next sync only. The texts are what the PMS says when it refuses, with `{}` for the detail,
        which is the month's first day where a month is closed.
    Units: `found_after` in seconds from the end of the job.
    """

    slug: str
    vendor: str
    provider: str
    required: tuple[str, ...]
    optional: tuple[str, ...] = ()
    strict_date_time: bool = False
    posts_charges: bool = True
    posts_credits: bool = False
    returns_id: bool = False
    pending_looks: int = 1
    found_after: int = 2
    duplicates: Duplicates = Duplicates.TAKE
    smallest_cents: int | None = None
    needs_approval: bool = False
    charge_codes: bool = True
    financial_accounts: bool = True
    no_lease: str = "Resident lease expired. No active lease found for unit {}."
    bad_code: str = "Charge code {} is not valid for this property."
    duplicate: str = "A transaction like {} exists already."
    closed_period: str = "Posting period {:%Y-%m} is closed."


_YARDI_FIELDS = (
    "resident_id",
    "unit_id",
    "property_id",
    "charge_code_id",
    "financial_account_id",
    "amount_in_cents",
    "transaction_date",
)
_ACCOUNT_FIELDS = ("lease_id", "financial_account_id", "amount_in_cents", "transaction_date")

BEHAVIOURS = (
    Behaviour(
        slug="yardi",
        vendor="YARDI",
        provider="yardi",
        required=_YARDI_FIELDS,
        optional=("description", "post_month"),
        strict_date_time=True,
        no_lease='{{"Messages":[{{"type":"Error","text":"Tenant of unit {} has left"}}]}}',
        bad_code='{{"Messages":[{{"type":"Error","text":"Invalid charge code {} for property"}}]}}',
        closed_period='{{"Messages":[{{"type":"Error","text":"Post month {:%m/%Y} is closed"}}]}}',
    ),
    Behaviour(
        slug="yardi_rest",
        vendor="YARDI_REST",
        provider="yardi",
        required=_YARDI_FIELDS,
        optional=("description",),
    ),
    Behaviour(
        slug="entrata",
        vendor="ENTRATA",
        provider="entrata",
        required=(
            "lease_id",
            "charge_code_id",
            "amount_in_cents",
            "transaction_date",
            "description",
        ),
        optional=("post_month", "third_party_charge_id", "is_approval_required"),
        pending_looks=2,
        no_lease='{{"code":303,"message":"Lease for unit {} is not in an active status."}}',
        bad_code='{{"code":310,"message":"arCodeId {} is not associated with the property."}}',
        duplicate='{{"code":342,"message":"thirdPartyChargeId {} has been used before."}}',
        closed_period='{{"code":318,"message":"Post month {:%m/%Y} is locked for the property."}}',
    ),
    Behaviour(
        slug="realpage_rpx",
        vendor="REALPAGE_RPX",
        provider="realpage",
        required=(
            "resident_id",
            "property_id",
            "charge_code_id",
            "amount_in_cents",
            "transaction_date",
            "description",
            "transaction_batch_id",
        ),
        optional=("reference_number",),
        duplicates=Duplicates.REFUSE,
        no_lease="FAULT: resident household of unit {} is Former (Status 6).",
        bad_code="FAULT: transaction code {} not found.",
        duplicate="FAULT: document number {} was posted before in an open batch.",
        closed_period="FAULT: fiscal period {:%b %Y} is closed to new postings.",
    ),
    Behaviour(
        slug="realpage",
        vendor="REALPAGE",
        provider="realpage",
        required=(),
        posts_charges=False,
    ),
    Behaviour(
        slug="appfolio",
        vendor="APPFOLIO",
        provider="appfolio",
        required=(*_ACCOUNT_FIELDS, "description"),
        returns_id=True,
        pending_looks=0,
        found_after=0,
        no_lease='{{"errors":{{"OccupancyId":["is not current for unit {}"]}}}}',
        bad_code='{{"errors":{{"GlAccountId":["{} can not be used for charges"]}}}}',
        closed_period='{{"errors":{{"OccurredOn":["{:%Y-%m} is in a closed accounting period"]}}}}',
    ),
    Behaviour(
        slug="buildium",
        vendor="BUILDIUM",
        provider="buildium",
        required=_ACCOUNT_FIELDS,
        optional=("description", "reference_number"),
        strict_date_time=True,
        returns_id=True,
        found_after=0,
        charge_codes=False,
        no_lease='{{"UserMessage":"The lease of unit {} is not active.","ErrorCode":"422"}}',
        bad_code='{{"UserMessage":"GL account {} is inactive.","ErrorCode":"422"}}',
        closed_period='{{"UserMessage":"The books are closed for {:%B %Y}.","ErrorCode":"422"}}',
    ),
    Behaviour(
        slug="rentmanager",
        vendor="RENTMANAGER",
        provider="rentmanager",
        required=(
            "resident_id",
            "charge_code_id",
            "amount_in_cents",
            "transaction_date",
            "reference_number",
            "notes",
        ),
        posts_credits=True,
        pending_looks=2,
        smallest_cents=1,
        no_lease='{{"UserMessage":"Tenant of unit {} is inactive","DeveloperMessage":"TenantID"}}',
        bad_code='{{"UserMessage":"Charge type {} is not active","DeveloperMessage":"TypeID"}}',
        closed_period='{{"UserMessage":"Accounting period {:%m/%Y} is closed"}}',
    ),
    Behaviour(
        slug="propertyware_rest",
        vendor="PROPERTYWARE_REST",
        provider="propertyware",
        required=_ACCOUNT_FIELDS,
        optional=("description", "reference_number"),
        posts_credits=True,
        returns_id=True,
        found_after=0,
        smallest_cents=0,
        charge_codes=False,
    ),
    Behaviour(
        slug="propertyware",
        vendor="PROPERTYWARE",
        provider="propertyware",
        required=_ACCOUNT_FIELDS,
        optional=("description", "reference_number"),
        charge_codes=False,
    ),
    Behaviour(
        slug="rentvine",
        vendor="RENTVINE",
        provider="rentvine",
        required=(*_ACCOUNT_FIELDS, "description"),
        returns_id=True,
        pending_looks=0,
        found_after=0,
        charge_codes=False,
    ),
    Behaviour(
        slug="resman",
        vendor="RESMAN",
        provider="resman",
        required=(
            "resident_id",
            "charge_code_id",
            "amount_in_cents",
            "transaction_date",
            "description",
            "reference_number",
            "batch_id",
            "notes",
        ),
        strict_date_time=True,
        duplicates=Duplicates.REFUSE,
        needs_approval=True,
        financial_accounts=False,
        no_lease="<Error>Person is not a current resident of unit {}</Error>",
        bad_code="<Error>Transaction category {} was not found</Error>",
        duplicate="<Error>Duplicate TransactionID {}</Error>",
        closed_period="<Error>Accounting period {:%Y-%m} is closed</Error>",
    ),
    Behaviour(slug="mri", vendor="MRI", provider="mri", required=(), posts_charges=False),
)

BY_SLUG = {behaviour.slug: behaviour for behaviour in BEHAVIOURS}
BY_VENDOR = {behaviour.vendor: behaviour for behaviour in BEHAVIOURS}

# What contract unified calls a PMS, and the interface behind it when nothing tells two apart.
VENDOR_OF_PROVIDER = {
    behaviour.provider: behaviour.vendor
    for behaviour in reversed(BEHAVIOURS)
    if behaviour.slug not in {"realpage", "propertyware"}
}

EVERY_FIELD = (
    "lease_id",
    "resident_id",
    "unit_id",
    "property_id",
    "charge_code_id",
    "financial_account_id",
    "amount_in_cents",
    "transaction_date",
    "post_month",
    "description",
    "reference_number",
    "notes",
    "batch_id",
    "transaction_batch_id",
    "third_party_charge_id",
    "is_approval_required",
)
