"""Contract `v1`: its routes, and what it reads."""

from __future__ import annotations

from collections.abc import Mapping

from integrations.sandbox import v1_admin, v1_webhooks, v1_writes
from integrations.sandbox.exchange import Call, Reply, Request, Route, Sandbox
from integrations.sandbox.listing import Selection
from integrations.sandbox.v1_collections import (
    CHARGE_CODES,
    DATA_DIFFS,
    FINANCIAL_ACCOUNTS,
    INTEGRATIONS,
    LEASES,
    MOVE_DATE_FILTERS,
    PROPERTIES,
    RESIDENT_CHARGES,
    RESIDENT_PAYMENTS,
    RESIDENTS,
    UNITS,
)
from integrations.sandbox.v1_envelopes import list_reply, record_reply
from integrations.sandbox.v1_filters import FRESHNESS, Collection
from integrations.sandbox.v1_problems import bad_request, not_there, refusal, unknown_keys
from integrations.sandbox.v1_query import query_of, window_of

__all__ = ["ROUTES", "refusal"]


def _lists(collection: Collection) -> Call:
    """Make the call that answers a list."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        query = query_of(request.query_text)
        refused = FRESHNESS & query.keys() if sandbox.refuse_freshness else None
        if refused:
            raise bad_request("The query is invalid.", [unknown_keys(sorted(refused))])
        window = window_of(query, sortable=collection.sortable)
        selection = collection.select(_heard(collection, query))
        _hide_unread(sandbox, selection)
        return list_reply(sandbox, selection, window)

    return answer


def _reads(collection: Collection, called: str) -> Call:
    """Make the call that answers one record, in the envelope of a list."""

    def answer(sandbox: Sandbox, request: Request) -> Reply:
        window = window_of(query_of(request.query_text), sortable=collection.sortable)
        selection = Selection(collection.listing)
        selection.add("id = ?", request.record_id)
        _hide_unread(sandbox, selection)
        reply = record_reply(sandbox, selection, window)
        if reply is None:
            raise not_there(called, request.record_id)
        return reply

    return answer


def _heard(collection: Collection, query: Mapping[str, str]) -> Mapping[str, str]:
    """Leave out what the API passes over in silence: the resident, beside a move date."""
    if collection is LEASES and MOVE_DATE_FILTERS & query.keys():
        return {name: value for name, value in query.items() if name != "resident_id"}
    return query


def _hide_unread(sandbox: Sandbox, selection: Selection) -> None:
    """Leave out the charges that Propexo has not read back from the PMS yet."""
    if selection.listing is RESIDENT_CHARGES.listing:
        selection.add("readable_from <= ?", sandbox.now())


def _collection_routes(name: str, collection: Collection, called: str) -> tuple[Route, Route]:
    return (
        Route("GET", f"/v1/{name}/", _lists(collection)),
        Route("GET", f"/v1/{name}/{{id}}", _reads(collection, called)),
    )


ROUTES = (
    *_collection_routes("properties", PROPERTIES, "property"),
    *_collection_routes("units", UNITS, "unit"),
    *_collection_routes("leases", LEASES, "lease"),
    *_collection_routes("residents", RESIDENTS, "resident"),
    *_collection_routes("charge-codes", CHARGE_CODES, "charge code"),
    *_collection_routes("financial-accounts", FINANCIAL_ACCOUNTS, "financial account"),
    *_collection_routes("resident-charges", RESIDENT_CHARGES, "resident charge"),
    *_collection_routes("resident-payments", RESIDENT_PAYMENTS, "resident payment"),
    Route("GET", "/v1/admin/data-diffs/", _lists(DATA_DIFFS)),
    Route("GET", "/v1/admin/integrations/", _lists(INTEGRATIONS)),
    *v1_admin.ROUTES,
    *v1_writes.ROUTES,
    *v1_webhooks.ROUTES,
)
