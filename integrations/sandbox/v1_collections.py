"""The lists of contract v1."""

from __future__ import annotations

from integrations.sandbox.listing import Listing
from integrations.sandbox.pms_behaviour import BEHAVIOURS
from integrations.sandbox.v1_filters import (
    LAST_SYNC,
    LOCATION,
    OF_CONNECTION,
    OF_PROPERTY,
    OF_X_PROPERTY,
    VENDORS,
    Collection,
    at_moment,
    condition,
    equals,
    freshness,
    on_day,
    one_of,
    when,
)

# Units, leases and people of a property that is not enabled were never loaded.
_LOADED = "property_id NOT IN (SELECT id FROM properties WHERE loaded = 0)"
_X_NEEDS = {"x_id": ("integration_id", "x_property_id"), "x_property_id": ("integration_id",)}
_SEEN = f"coalesce(gone_since, {LAST_SYNC})"
_NAMED = ("created_at", "updated_at", "id", "name")


def _behind(vendors: list[str]) -> str:
    words = ", ".join(f"'{vendor}'" for vendor in vendors)
    return f"connection_id IN (SELECT id FROM connections WHERE vendor IN ({words}))"  # noqa: S608  own names


INTEGRATIONS = Collection(
    Listing("connections", "v1_integrations"),
    {
        "integration_vendor": one_of("vendor = ?", VENDORS),
        "is_archived": when(true="0", false="1"),
    },
    sortable=_NAMED,
)
CONFIGURATIONS = Collection(
    Listing("properties", "v1_property_configurations"),
    {"integration_id": equals("connection_id")},
    sortable=("created_at", "id"),
)
PROPERTIES = Collection(
    Listing("properties", "v1_properties"),
    {
        **OF_CONNECTION,
        "x_id": equals("'p' || substr(id, 6)"),
        "x_property_id": equals("'p' || substr(id, 6)"),
        "location_id": LOCATION,
        "is_active": when(true="1", false="0"),
        **freshness(seen=LAST_SYNC),
    },
    needs={"x_id": ("integration_id",), "x_property_id": ("integration_id",)},
    sortable=_NAMED,
)
UNITS = Collection(
    Listing("units", "v1_units", _LOADED),
    {
        **OF_PROPERTY,
        "x_id": equals("unit_number"),
        "x_property_id": OF_X_PROPERTY,
        "location_id": LOCATION,
        "unit_number": equals("unit_number"),
        **freshness(seen=_SEEN),
    },
    needs={**_X_NEEDS, "unit_number": ("property_id",)},
)

_STATUS = (
    "CASE WHEN status IN ('active', 'month_to_month') THEN 'ACTIVE'"
    " WHEN status = 'past' THEN 'INACTIVE' WHEN status = 'future' THEN 'PENDING'"
    " WHEN status = 'evicted' THEN 'EVICTED' ELSE 'OTHER' END"
)
_RAW_STATUS = (
    "(SELECT json_extract(v.body, '$.status_raw') FROM v1_leases v WHERE v.seq = leases.seq)"
)
_MOVED_IN = "CASE WHEN status <> 'future' THEN start_date END"
_MOVED_OUT = "CASE status WHEN 'past' THEN end_date END"
LEASES = Collection(
    Listing("leases", "v1_leases", _LOADED),
    {
        **OF_PROPERTY,
        "unit_id": condition("unit_id = ? AND unit_linked"),
        "resident_id": condition("id IN (SELECT r.lease_id FROM residents r WHERE r.id = ?)"),
        "status_normalized": one_of(
            f"{_STATUS} = ?", ("ACTIVE", "INACTIVE", "OTHER", "PENDING", "EVICTED")
        ),
        "status_raw": equals(_RAW_STATUS),
        "unit_number": condition(
            "unit_id IN (SELECT u.id FROM units u WHERE u.unit_number = ?"
            " AND u.property_id = leases.property_id)"
        ),
        "before_move_in_date": on_day(f"{_MOVED_IN} <= ?"),
        "after_move_in_date": on_day(f"{_MOVED_IN} >= ?"),
        "before_move_out_date": on_day(f"{_MOVED_OUT} <= ?"),
        "after_move_out_date": on_day(f"{_MOVED_OUT} >= ?"),
        "only_null_move_outs": when(true=f"{_MOVED_OUT} IS NULL", false="1"),
        "x_id": equals("CAST(CAST(substr(id, -4) AS INTEGER) AS TEXT)"),
        "x_property_id": OF_X_PROPERTY,
        "x_unit_id": condition(
            "unit_linked AND unit_id IN (SELECT u.id FROM units u WHERE u.unit_number = ?)"
        ),
        "location_id": LOCATION,
        **freshness(seen=_SEEN),
    },
    needs={
        **_X_NEEDS,
        "x_unit_id": ("integration_id", "x_property_id"),
        "unit_number": ("property_id",),
    },
    sortable=("created_at", "updated_at", "id", "start_date", "end_date"),
)
MOVE_DATE_FILTERS = frozenset(name for name in LEASES.filters if "_move_" in name)

RESIDENTS = Collection(
    Listing("residents", "v1_residents", _LOADED),
    {
        **OF_PROPERTY,
        "lease_id": equals("lease_id"),
        # The sandbox keeps neither mail addresses nor telephone numbers of anybody.
        "email_1": condition("'' = ?"),
        "phone_1": condition("'' = ?"),
        "x_id": equals("'t' || substr(id, -4)"),
        "x_property_id": OF_X_PROPERTY,
        "location_id": LOCATION,
        **freshness(seen=_SEEN),
    },
    needs=_X_NEEDS,
    sortable=("created_at", "updated_at", "id", "last_name", "first_name"),
)
CHARGE_CODES = Collection(
    Listing(
        "charge_codes",
        "v1_charge_codes",
        _behind([one.vendor for one in BEHAVIOURS if one.charge_codes]),
    ),
    {**OF_PROPERTY, **freshness(seen=LAST_SYNC)},
    sortable=_NAMED,
)
FINANCIAL_ACCOUNTS = Collection(
    Listing(
        "financial_accounts",
        "v1_financial_accounts",
        _behind([one.vendor for one in BEHAVIOURS if one.financial_accounts]),
    ),
    {**OF_PROPERTY, "account_number": equals("account_number"), **freshness(seen=LAST_SYNC)},
    sortable=_NAMED,
)
RESIDENT_CHARGES = Collection(
    Listing("charges", "v1_resident_charges", "readable_from IS NOT NULL"),
    {
        **OF_PROPERTY,
        "lease_id": equals("lease_id"),
        "resident_id": equals("resident_id"),
        "transaction_date_start": on_day("effective_date >= ?"),
        "transaction_date_end": on_day("effective_date <= ?"),
        **freshness(updated="readable_from", seen=f"max(readable_from, coalesce({LAST_SYNC}, ''))"),
    },
    sortable=("created_at", "id", "effective_date"),
)
RESIDENT_PAYMENTS = Collection(
    Listing("payments", "v1_resident_payments"),
    {
        **OF_PROPERTY,
        "lease_id": equals("lease_id"),
        "resident_id": condition("lease_id IN (SELECT l.id FROM leases l WHERE l.resident_id = ?)"),
        "transaction_date_start": on_day("received_on >= ?"),
        "transaction_date_end": on_day("received_on <= ?"),
        **freshness(seen=LAST_SYNC),
    },
)
DATA_DIFFS = Collection(
    Listing("data_diffs", "v1_data_diffs"),
    {
        **OF_CONNECTION,
        "before": at_moment("created_at < ?"),
        "after": at_moment("created_at > ?"),
    },
    sortable=("created_at", "id"),
)
WEBHOOKS = Collection(
    Listing("webhooks", "v1_webhooks", "contract = 'v1'"),
    {"active": when(true="active = 1", false="active = 0")},
)
