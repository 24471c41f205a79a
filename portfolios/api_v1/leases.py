"""Reading leases; they are made and changed in the PMS."""

from __future__ import annotations

from django.http import HttpRequest
from ninja import Query

from meterbase.lib.json_api import paginate
from portfolios import access
from portfolios.api_v1.people import (
    LeaseAnswer,
    LeasePage,
    LeaseQuery,
    describe_lease,
    narrow_leases,
)
from portfolios.api_v1.routes import router
from portfolios.api_v1.shapes import PathId, pagination_of
from portfolios.bearer import Key, caller
from portfolios.models import Lease, Scope


@router.get("/leases", auth=Key(Scope.LEASES_READ), response=LeasePage)
def list_leases(request: HttpRequest, asked: Query[LeaseQuery]) -> LeasePage:
    """List leases with their properties."""
    page = paginate(narrow_leases(access.rows(Lease, user=caller(request)), asked), asked)
    return LeasePage(
        data=[describe_lease(lease) for lease in page.rows],
        pagination=pagination_of(page.pagination),
    )


@router.get("/leases/{lease_id}", auth=Key(Scope.LEASES_READ), response=LeaseAnswer)
def show_lease(request: HttpRequest, lease_id: PathId) -> LeaseAnswer:
    """Show a lease with its property."""
    leases = Lease.objects.select_related("unit__property")
    return describe_lease(
        access.fetch(leases, access.Action.READ, user=caller(request), pk=lease_id)
    )
