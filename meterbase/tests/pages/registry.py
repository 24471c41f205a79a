"""Which pages there are, and on which rows of the world each is opened.

A route that is missing here fails `test_registry.py`: a page is added together with its entry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from operator import attrgetter

from django.urls import reverse

from meterbase.tests.pages.world import World


@dataclass(frozen=True, slots=True)
class Opening:
    """How a page is opened.

    Shape: `arguments` are attributes of the world, such as place.pk; `who` is one of the cast.
    """

    arguments: tuple[str, ...]
    who: str
    query: str = ""

    def url(self, name: str, world: World) -> str:
        """Write the address."""
        return reverse(name, args=[attrgetter(each)(world) for each in self.arguments]) + self.query


def by_accountant(*arguments: str, query: str = "") -> Opening:
    """Open a page as the accountant."""
    return Opening(arguments, "accountant", query)


def by_manager(*arguments: str, query: str = "") -> Opening:
    """Open a page as the manager."""
    return Opening(arguments, "manager", query)


def by_viewer(*arguments: str, query: str = "") -> Opening:
    """Open a page as the one who may only look."""
    return Opening(arguments, "viewer", query)


def by_stranger(*arguments: str, query: str = "") -> Opening:
    """Open a page as somebody whose portfolio is empty."""
    return Opening(arguments, "stranger", query)


_OWN: Mapping[str, tuple[Opening, ...]] = {
    "api-docs": (by_manager(),),
    "home": (by_accountant(), by_manager(), by_stranger()),
    "property-list": (by_manager(), by_viewer(), by_stranger()),
    "search": (by_accountant(), by_manager(query="?q=maple")),
}

_PORTFOLIOS: Mapping[str, tuple[Opening, ...]] = {
    "portfolios:portfolio-list": (by_manager(), by_stranger()),
    "portfolios:portfolio-create": (by_manager(),),
    "portfolios:portfolio-detail": (by_manager("cast.portfolio.pk"),),
    "portfolios:portfolio-approvals": (by_manager("cast.portfolio.pk"),),
    "portfolios:property-detail": (by_manager("place.pk"), by_viewer("place.pk")),
    "portfolios:property-leases": (by_manager("place.pk"),),
    "portfolios:property-history": (by_manager("place.pk"),),
    "portfolios:unit-values": (by_manager("place.pk"),),
    "portfolios:unit-import-list": (by_manager("place.pk"),),
    "portfolios:unit-import-detail": (
        by_manager("around.preview.pk"),
        by_manager("around.applied.pk"),
        by_manager("around.preview.pk", query="?show=problems"),
    ),
    "portfolios:unit-import-undo": (by_manager("around.applied.pk"),),
    "portfolios:unit-edit": (by_manager("around.unit.pk"), by_viewer("around.unit.pk")),
    "portfolios:portfolio-utilities": (by_manager("cast.portfolio.pk"),),
    "portfolios:property-utilities": (by_manager("place.pk"),),
    "portfolios:utility-choose": (by_manager("place.pk", "commodity"),),
    "portfolios:data-sources": (by_manager(),),
    "portfolios:notice-list": (
        by_accountant(),
        by_accountant(query="?show=not-mailed"),
        by_stranger(),
    ),
    "portfolios:notice-choices": (by_accountant(), by_viewer()),
    "portfolios:api-key-list": (by_accountant(), by_manager()),
    "portfolios:api-key-revoke": (by_accountant("around.api_key.pk"),),
}

_INTEGRATIONS: Mapping[str, tuple[Opening, ...]] = {
    "integrations:propexo": (by_manager(), by_stranger()),
    "integrations:pms-data-list": (by_manager(),),
    "integrations:platform-list": (by_manager(),),
    "integrations:connection-create": (by_manager(),),
    "integrations:connection-detail": (by_manager("connection.pk"), by_viewer("connection.pk")),
    "integrations:connection-batch-id": (by_manager("around.realpage.pk"),),
    "integrations:connection-import": (by_manager("connection.pk"),),
    "integrations:connection-sync": (by_manager("connection.pk"),),
    "integrations:property-sync": (by_manager("place.pk"),),
    "integrations:sync-detail": (
        by_manager("around.finished_sync.pk"),
        by_manager("around.running_sync.pk"),
        by_manager("around.failed_sync.pk"),
    ),
    "integrations:review-item-list": (by_manager(), by_manager(query="?show=resolved")),
    "integrations:endpoint-list": (by_manager(), by_viewer(), by_stranger()),
    "integrations:endpoint-create": (by_manager(), by_viewer()),
    "integrations:endpoint-detail": (
        by_manager("around.delivery.endpoint.pk"),
        by_manager("around.delivery.endpoint.pk", query="?state=delivered"),
    ),
    "integrations:endpoint-edit": (by_manager("around.delivery.endpoint.pk"),),
    "integrations:endpoint-rotate": (by_manager("around.delivery.endpoint.pk"),),
    "integrations:endpoint-disable": (by_manager("around.delivery.endpoint.pk"),),
    "integrations:delivery-detail": (by_manager("around.delivery.pk"),),
    "integrations:webhook-list": (by_manager(),),
    "integrations:webhook-detail": (by_manager("around.event.pk"),),
}

_BILLS: Mapping[str, tuple[Opening, ...]] = {
    "billing:bill-list": (by_accountant(), by_stranger()),
    "billing:bill-calendar": (by_manager(), by_stranger()),
    "billing:property-detail": (by_manager("place.pk"),),
    "billing:property-rules": (by_manager("place.pk"),),
    "billing:property-delete": (by_manager("around.unposted.pk"),),
    "billing:property-coverage": (by_manager("place.pk"),),
    "billing:bill-create": (by_manager("place.pk"),),
    "billing:bill-detail": (by_manager("bill.pk"), by_accountant("bill.pk")),
    "billing:bill-edit": (by_manager("draft.bill.pk"),),
    "billing:bill-void": (by_manager("draft.bill.pk"),),
    "billing:bill-readings": (by_manager("bill.pk"),),
    "billing:share-rule-edit": (by_manager("place.pk", "utility"),),
    "billing:share-rule-preview": (),
    "billing:what-if": (by_manager("place.pk", "utility"),),
    "billing:unit-terms": (by_manager("place.pk", "utility"),),
    "billing:place-facts": (by_manager("place.pk"), by_viewer("place.pk")),
    "billing:place-set-aside": (by_accountant("place.pk", "utility", "blocking_rule"),),
    "billing:charge-codes": (by_accountant("place.pk"),),
    "billing:charge-code-copy": (by_accountant("place.pk"),),
    "billing:charge-code-map": (by_accountant("place.pk", "charge_code.pk"),),
    "billing:connection-charge-codes": (by_accountant("connection.pk"),),
    "billing:charge-code-list": (by_accountant("cast.portfolio.pk"),),
    "billing:charge-code-edit": (by_accountant("charge_code.pk"),),
}

_CHARGES: Mapping[str, tuple[Opening, ...]] = {
    "billing:calculation-detail": (
        by_manager("draft.pk"),
        by_accountant("in_review.pk"),
        by_accountant("approved.pk"),
        by_accountant("job.calculation.pk"),
    ),
    "billing:calculation-approve": (by_accountant("in_review.pk"),),
    "billing:calculation-reject": (by_accountant("in_review.pk"),),
    "billing:charge-detail": (by_accountant("posted.charge.pk"),),
    "billing:statement-list": (by_manager("place.pk"), by_viewer("place.pk")),
    "billing:statement-detail": (
        by_manager("posted.charge.lease.pk", "month"),
        by_viewer("posted.charge.lease.pk", "month"),
    ),
    "billing:property-contact": (by_manager("place.pk"), by_viewer("place.pk")),
    "billing:portfolio-contact": (by_manager("cast.portfolio.pk"),),
    "billing:file-detail": (by_viewer("prepared_file.pk"),),
    "billing:approval-list": (by_accountant(), by_manager()),
    "billing:posting-create": (by_accountant("approved.pk"),),
    "billing:job-list": (by_accountant(), by_stranger()),
    "billing:general-ledger": (by_accountant(), by_viewer(query="?by=date"), by_stranger()),
    "billing:job-detail": (
        by_accountant("job.public_id"),
        by_accountant("waiting_job.public_id"),
        by_viewer("job.public_id", query="?state=failed"),
    ),
    "billing:job-stop": (by_accountant("waiting_job.public_id"),),
    "billing:job-reverse": (by_accountant("job.public_id"),),
    "billing:posting-detail": (
        by_accountant("posted.pk"),
        by_accountant("failed.pk"),
        by_accountant("in_doubt.pk"),
    ),
    "billing:posting-reverse": (by_accountant("posted.pk"),),
    "billing:reversal-detail": (by_accountant("reversal.public_id"),),
    "billing:failure-list": (
        by_accountant(),
        by_manager(query="?show=resolved"),
        by_stranger(),
    ),
    "billing:property-ledger": (by_accountant("place.pk"),),
    "billing:go-live": (by_manager("connection.pk"), by_accountant("connection.pk")),
    "billing:go-live-withdraw": (by_manager("tick.pk"),),
    "billing:connection-charges": (by_accountant("connection.pk"),),
}

_REPORTS: Mapping[str, tuple[Opening, ...]] = {
    "billing:report-recovery": (by_accountant(), by_viewer(), by_stranger()),
    "billing:property-reports": (by_manager("place.pk"),),
    "billing:report-bills": (by_accountant(),),
    "billing:report-step": (
        *(by_accountant(step) for step in ("recovered_step", "owner_step", "open_step")),
    ),
    "billing:report-costs": (by_manager(), by_stranger()),
    "billing:report-charges": (by_manager(), by_stranger()),
    "billing:report-month-end": (by_manager(), by_manager(query="?show=all"), by_stranger()),
}

PAGES = {**_OWN, **_PORTFOLIOS, **_INTEGRATIONS, **_BILLS, **_CHARGES, **_REPORTS}

# What a browser saves or shows by itself; no page of ours is around it.
FILES: Mapping[str, Opening] = {
    "billing:statement-print": by_viewer("statement.pk"),
    "billing:file-download": by_viewer("prepared_file.pk"),
    "portfolios:unit-template": by_manager("place.pk"),
    "billing:bill-document": by_manager("bill.pk"),
    "billing:ledger-differences": by_accountant("ledger_check.pk", query="?format=csv"),
}

# Questions about what was ticked in a list: opened by hand, they lead back to the list.
QUESTIONS: Mapping[str, Opening] = {
    "billing:approval-batch": by_accountant(),
    "integrations:review-item-resolve-many": by_manager(),
}

# Pages without a person who is signed in, and one that exists for developers alone.
ELSEWHERE = {
    "login": "the test of every page opens it itself",
    "design": "meterbase/tests/test_design_page.py",
    "health": "meterbase/health/tests/test_health.py",
    "health-live": "meterbase/health/tests/test_health.py",
}
