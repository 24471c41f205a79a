"""What each call needs, and what it answers whoever may make it.

A call that is missing here fails `test_access_matrix.py`: a call is added together with its row.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from operator import attrgetter
from urllib.parse import urlencode

from billing.models import BillFlag, Calculation, PostingJob, Statement, UtilityBill
from conftest import Cast
from integrations.models import Connection, Delivery, SyncRun
from portfolios.access import Action
from portfolios.models import Property


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows that the calls are about."""

    cast: Cast
    connection: Connection
    place: Property
    sync: SyncRun
    bill: UtilityBill
    fresh_bill: UtilityBill
    flag: BillFlag
    draft: Calculation
    in_review: Calculation
    approved: Calculation
    job: PostingJob
    statement: Statement
    delivery: Delivery

    @property
    def portfolio_id(self) -> str:
        """Name the portfolio as the first version of the API does."""
        return str(self.cast.portfolio.pk)

    @property
    def place_id(self) -> str:
        """Name the property as the first version of the API does."""
        return str(self.place.pk)

    @property
    def rule_id(self) -> str:
        """Name the rule for water."""
        return f"{self.place.pk}-water"

    @property
    def charge_id(self) -> int:
        """Name a charge of the approved calculation."""
        return self.approved.charges.earliest("pk").pk


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How a call is made and answered.

    Shape: `arguments` and the values of `body` that begin with a dot are attributes of the rows;
        a `listing` names the list in the answer, which a stranger finds empty, unless the answer
        of an `outsider` says otherwise. `asked` is what follows the address.
    """

    answer: int = 200
    action: Action = Action.READ
    arguments: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | bytes | None = None
    listing: str = ""
    outsider: int | None = None
    asked: Mapping[str, str] = field(default_factory=dict)
    asks_propexo: bool = False

    @property
    def hidden(self) -> int:
        """Tell how somebody is answered for whom there is no such row."""
        return self.outsider or (200 if self.listing else 404)

    def values(self, rows: Rows) -> dict[str, object]:
        """Fill in the address."""
        return {name: attrgetter(path)(rows) for name, path in self.arguments.items()}

    def query(self, rows: Rows) -> str:
        """Write what follows the address."""
        asked = {name: attrgetter(path)(rows) for name, path in self.asked.items()}
        return f"?{urlencode(asked)}" if asked else ""

    def filled(self, rows: Rows) -> object:
        """Fill in the body."""
        if not isinstance(self.body, Mapping):
            return self.body
        return {
            name: attrgetter(value[1:])(rows)
            if isinstance(value, str) and value.startswith(".")
            else value
            for name, value in self.body.items()
        }


_CONNECTION = {"connection_id": "connection.pk"}
_BILL = {"bill_id": "bill.pk"}
_PLACE = {"property_id": "place.pk"}
_UNIT = {"unit_id": "statement.lease.unit_id"}
_WEBHOOK = {"webhook_id": "delivery.endpoint_id"}
_DELIVERY = {**_WEBHOOK, "delivery_id": "delivery.pk"}

MATRIX: Mapping[str, Row] = {
    "list_connections": Row(listing="connections"),
    "show_connection": Row(arguments=_CONNECTION),
    "create_connection": Row(
        answer=201,
        asks_propexo=True,
        action=Action.PREPARE,
        body={
            "portfolio_id": ".cast.portfolio.pk",
            "propexo_connection_id": "conn_syncing",
            "pms": "entrata",
        },
    ),
    "list_connection_properties": Row(arguments=_CONNECTION, asks_propexo=True),
    "import_chosen_properties": Row(
        asks_propexo=True,
        action=Action.PREPARE,
        body={
            "connection_id": ".connection.pk",
            "portfolio_id": ".cast.portfolio.pk",
            "propexo_property_ids": ["prop_002"],
        },
    ),
    "sync_units": Row(answer=202, action=Action.PREPARE, body={"property_id": ".place.pk"}),
    "show_sync": Row(arguments={"sync_id": "sync.pk"}),
    "list_bills": Row(listing="bills"),
    "show_bill": Row(arguments=_BILL),
    "create_bill": Row(
        answer=201,
        action=Action.PREPARE,
        body={
            "property_id": ".place.pk",
            "utility": "gas",
            "period_start": "2026-02-01",
            "period_end": "2026-03-01",
            "amount": 120,
        },
    ),
    "attach_bill_document": Row(action=Action.PREPARE, arguments=_BILL, body=b"%PDF-1.7"),
    "show_bill_document": Row(arguments={"bill_id": "approved.bill_id"}),
    "clear_bill_flag": Row(
        action=Action.PREPARE,
        arguments={"bill_id": "flag.bill_id", "kind": "flag.kind"},
        body={"note": "The pool was filled."},
    ),
    "calculate": Row(answer=201, action=Action.PREPARE, body={"bill_id": ".fresh_bill.pk"}),
    "show_calculation": Row(arguments={"calculation_id": "draft.pk"}),
    "show_charge": Row(arguments={"charge_id": "charge_id"}),
    "submit": Row(action=Action.PREPARE, arguments={"calculation_id": "draft.pk"}),
    "approve": Row(action=Action.APPROVE, arguments={"calculation_id": "in_review.pk"}),
    "reject": Row(
        action=Action.APPROVE,
        arguments={"calculation_id": "in_review.pk"},
        body={"reason": "Unit 101 is empty."},
    ),
    "post_charges": Row(
        answer=202,
        asks_propexo=True,
        action=Action.APPROVE,
        body={
            "property_id": ".place.pk",
            "bill_id": ".approved.bill_id",
            "charge_date": "2026-04-01",
            "charge_code": "UTIL",
            "description": "March 2026 Utility Charge (RUBS)",
            "post_to_pms": False,
        },
    ),
    "list_jobs": Row(listing="jobs"),
    "list_properties": Row(listing="data"),
    "create_one_property": Row(
        answer=201,
        action=Action.PREPARE,
        body={
            "portfolioId": ".portfolio_id",
            "name": "Sunset Apartments",
            "streetNumber": "123",
            "street": "Main Street",
            "city": "San Francisco",
            "state": "CA",
            "zip": "94102",
            "country": "US",
        },
    ),
    "show_property": Row(arguments=_PLACE),
    "update_one_property": Row(action=Action.PREPARE, arguments=_PLACE, body={"isActive": True}),
    "delete_one_property": Row(action=Action.PREPARE, arguments=_PLACE),
    "list_units": Row(arguments=_PLACE),
    "show_unit": Row(arguments=_UNIT),
    "update_unit": Row(action=Action.PREPARE, arguments=_UNIT, body={"sqft": 700}),
    "list_unit_tenants": Row(arguments=_UNIT),
    "list_tenants": Row(listing="data"),
    "show_tenant": Row(arguments={"tenant_id": "statement.lease_id"}),
    "list_leases": Row(listing="data"),
    "show_lease": Row(arguments={"lease_id": "statement.lease_id"}),
    "list_payments": Row(asked={"property_id": "place_id"}, asks_propexo=True),
    "list_share_rules": Row(arguments=_PLACE),
    "create_share_rule": Row(
        answer=201,
        action=Action.PREPARE,
        arguments=_PLACE,
        body={"utilityType": "gas", "splitMethod": "equal"},
    ),
    "show_share_rule": Row(arguments={"rule_id": "rule_id"}),
    "update_share_rule": Row(
        action=Action.PREPARE,
        arguments={"rule_id": "rule_id"},
        body={"splitMethod": "bedrooms"},
    ),
    "delete_share_rule": Row(action=Action.PREPARE, arguments={"rule_id": "rule_id"}),
    "list_utility_bills": Row(listing="data"),
    "show_utility_bill": Row(arguments=_BILL),
    "create_utility_bill": Row(
        answer=201,
        action=Action.PREPARE,
        body={
            "propertyId": ".place_id",
            "utilityType": "gas",
            "periodStart": "2026-02-01",
            "periodEnd": "2026-03-01",
            "amount": "120.00",
        },
    ),
    "void_utility_bill": Row(action=Action.PREPARE, arguments=_BILL),
    "list_invoices": Row(listing="data"),
    "issue_invoices": Row(
        answer=201, action=Action.PREPARE, body={"propertyId": ".place_id", "month": "2025-10"}
    ),
    "show_invoice": Row(arguments={"invoice_id": "statement.pk"}),
    "print_invoice": Row(arguments={"invoice_id": "statement.pk"}),
    "show_job": Row(arguments={"job_id": "job.public_id"}),
    "list_webhooks": Row(action=Action.PREPARE, listing="data", outsider=403),
    "create_webhook": Row(
        answer=201,
        action=Action.PREPARE,
        body={
            "portfolioId": ".portfolio_id",
            "url": "https://127.0.0.1/hooks",
            "events": ["charge.posted", "job.completed"],
        },
    ),
    "show_webhook": Row(action=Action.PREPARE, arguments=_WEBHOOK),
    "update_webhook": Row(
        action=Action.PREPARE, arguments=_WEBHOOK, body={"events": ["charge.failed"]}
    ),
    "rotate_webhook_secret": Row(action=Action.PREPARE, arguments=_WEBHOOK, body={}),
    "test_webhook": Row(answer=202, action=Action.PREPARE, arguments=_WEBHOOK),
    "replay_webhook": Row(answer=202, action=Action.PREPARE, arguments=_WEBHOOK),
    "list_deliveries": Row(action=Action.PREPARE, arguments=_WEBHOOK),
    "show_delivery": Row(action=Action.PREPARE, arguments=_DELIVERY),
    "replay_one_delivery": Row(answer=202, action=Action.PREPARE, arguments=_DELIVERY),
}
