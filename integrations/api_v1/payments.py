"""Reading payments; they are made in the PMS and MeterBase keeps none, so they are read there."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum

from django.http import HttpRequest
from ninja import Query

from integrations.api_v1.routes import payments as router
from integrations.gateways import NotConnected, open_property_gateway
from integrations.pms.records import MalformedRecord, PmsPayment
from meterbase.lib.json_api import ApiProblem, Day, PageQuery
from meterbase.lib.money import cents_from_dollars
from portfolios import access
from portfolios.api_v1.shapes import (
    DecimalText,
    FieldId,
    V1Answer,
    V1Pagination,
    dollars_text,
    take_page,
)
from portfolios.bearer import Key, caller
from portfolios.models import Lease, Property, Scope


class PaymentStanding(StrEnum):
    """Where a payment stands: a PMS shows those alone that were received."""

    COMPLETED = "completed"


class PaymentQuery(PageQuery):
    """Which payments are asked for."""

    property_id: FieldId
    status: PaymentStanding | None = None


class PaymentAnswer(V1Answer):
    """A payment that a resident made; `leaseId` is null where MeterBase has no such lease."""

    id: str
    property_id: str
    lease_id: str | None
    propexo_lease_id: str
    amount: DecimalText
    currency: str
    status: PaymentStanding
    payment_date: Day
    propexo_charge_id: str | None


class PaymentPage(V1Answer):
    """Some of a property's payments, the latest first.

    Shape: `unreadable` counts the rows of the PMS that make no sense and are left out.
    """

    data: list[PaymentAnswer]
    pagination: V1Pagination
    unreadable: int


@router.get("/payments", auth=Key(Scope.LEASES_READ), response=PaymentPage)
def list_payments(request: HttpRequest, asked: Query[PaymentQuery]) -> PaymentPage:
    """List the payments of a property as its PMS shows them now."""
    places = Property.objects.all()
    place = access.fetch(places, access.Action.READ, user=caller(request), pk=asked.property_id)
    try:
        gateway = open_property_gateway(place)
    except NotConnected as error:
        raise ApiProblem(409, "not_linked", str(error)) from error
    shown = list(gateway.list_payments(property_id=place.propexo_property_id))
    payments = [row for row in shown if not isinstance(row, MalformedRecord)]
    payments.sort(key=lambda row: (row.received_on, row.payment_id), reverse=True)
    page, pagination = take_page(payments, asked)
    return PaymentPage(
        data=_describe(place, page),
        pagination=pagination,
        unreadable=len(shown) - len(payments),
    )


def _describe(place: Property, payments: Iterable[PmsPayment]) -> list[PaymentAnswer]:
    named = {payment.lease_id for payment in payments}
    leases = Lease.objects.filter(unit__property=place, propexo_lease_id__in=named)
    ids = dict(leases.values_list("propexo_lease_id", "pk"))
    return [
        PaymentAnswer(
            id=payment.payment_id,
            property_id=str(place.pk),
            lease_id=str(ids[payment.lease_id]) if payment.lease_id in ids else None,
            propexo_lease_id=payment.lease_id,
            amount=dollars_text(cents_from_dollars(payment.amount)),
            currency="USD",
            status=PaymentStanding.COMPLETED,
            payment_date=payment.received_on,
            propexo_charge_id=payment.charge_id,
        )
        for payment in payments
    ]
