"""Reading tenants; they are kept in the PMS."""

from __future__ import annotations

from django.db.models import QuerySet
from django.http import HttpRequest
from ninja import Query

from meterbase.lib.json_api import PageQuery, paginate
from portfolios import access
from portfolios.api_v1.people import (
    LeaseQuery,
    TenantAnswer,
    TenantPage,
    describe_tenant,
    narrow_leases,
)
from portfolios.api_v1.routes import router
from portfolios.api_v1.shapes import PathId, pagination_of
from portfolios.bearer import Key, caller
from portfolios.models import Lease, Scope, Unit


@router.get("/tenants", auth=Key(Scope.LEASES_READ), response=TenantPage)
def list_tenants(request: HttpRequest, asked: Query[LeaseQuery]) -> TenantPage:
    """List tenants; a status is that of the tenant's lease."""
    return _page(narrow_leases(access.rows(Lease, user=caller(request)), asked), asked)


@router.get("/tenants/{tenant_id}", auth=Key(Scope.LEASES_READ), response=TenantAnswer)
def show_tenant(request: HttpRequest, tenant_id: PathId) -> TenantAnswer:
    """Show a tenant."""
    leases = Lease.objects.select_related("unit__property")
    return describe_tenant(
        access.fetch(leases, access.Action.READ, user=caller(request), pk=tenant_id)
    )


@router.get("/units/{unit_id}/tenants", auth=Key(Scope.LEASES_READ), response=TenantPage)
def list_unit_tenants(request: HttpRequest, unit_id: PathId, asked: Query[PageQuery]) -> TenantPage:
    """List the tenants of a unit, the latest one first, those who have left too."""
    unit = access.fetch(Unit.objects.all(), access.Action.READ, user=caller(request), pk=unit_id)
    leases = unit.leases.select_related("unit__property")
    return _page(leases.order_by("-start_date", "-pk"), asked)


def _page(leases: QuerySet[Lease], asked: PageQuery) -> TenantPage:
    page = paginate(leases, asked)
    return TenantPage(
        data=[describe_tenant(lease) for lease in page.rows],
        pagination=pagination_of(page.pagination),
    )
