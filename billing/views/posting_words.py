"""What pages say before charges are posted: what, where to, in which month, and what was found."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Sum

from billing.closed_months import ClosedMonth, month_of
from billing.deadlines import usual_charge_date
from billing.duplicates import Duplicates, Finding
from billing.models import Calculation, PostingJob
from billing.operations.posting_jobs import PostingDisabled, PostingOrder, refuse_to_send
from billing.queries import charges_to_post
from billing.views.wording import billing_month, charge_count
from integrations.chart_needs import takes_post_month
from integrations.models import Connection, PropertyLink
from integrations.pms.catalog import Support, platform
from meterbase.lib.money import format_dollars

# A longer list helps nobody to decide; the rest is counted.
_FINDINGS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Parcel:
    """What would be posted, and where to.

    Units: cents.
    """

    connection: Connection | None
    count: int
    total_cents: int

    @property
    def charges(self) -> str:
        """Count the charges in words."""
        return charge_count(self.count)

    @property
    def pms(self) -> str:
        """Name the PMS."""
        return self.connection.get_pms_display() if self.connection else "the PMS"

    @property
    def is_beta(self) -> bool:
        """Tell whether posting to this PMS is still in its trial phase."""
        connection = self.connection
        return connection is not None and platform(connection.pms).charge_posting is Support.BETA

    @property
    def takes_post_month(self) -> bool:
        """Tell whether this PMS can be told the accounting month of a charge."""
        return self.connection is not None and takes_post_month(self.connection)


@dataclass(frozen=True, slots=True)
class FoundTogether:
    """Earlier charges that were made by one job, or none that MeterBase knows.

    Units: cents.
    """

    job: PostingJob | None
    same_bill: bool
    was_reversed: bool
    count: int
    cents: int
    probable: int


def parcel_of(calculation: Calculation, link: PropertyLink | None) -> Parcel:
    """Sum up what a job would post."""
    rest = charges_to_post(calculation)
    charges = rest if rest.exists() else calculation.charges.exclude(amount_cents=0)
    sums = charges.aggregate(count=Count("pk"), total=Sum("amount_cents"))
    return Parcel(link.connection if link else None, sums["count"], sums["total"] or 0)


def first_values(
    calculation: Calculation,
    parcel: Parcel,
    *,
    closed: ClosedMonth | None,
    instead_of: PostingJob | None,
) -> dict[str, object]:
    """Choose what the form starts with: the first month that may be open, else the job's words."""
    bill = calculation.bill
    day = instead_of.charge_date if instead_of else usual_charge_date(bill.period_end)
    values: dict[str, object] = {
        "charge_date": day,
        "description": f"{billing_month(bill)} {bill.get_utility_display()} Charge (RUBS)",
        "dry_run": not may_send(parcel),
    }
    month = month_of(instead_of) if instead_of else day.replace(day=1)
    if closed is not None:
        month = max(month, closed.next_open)
    if parcel.takes_post_month:
        values["post_month"] = month
    else:
        values["charge_date"] = max(day, month)
    if instead_of is not None:
        words = {"charge_code": instead_of.charge_code, "description": instead_of.description}
        return values | words
    return values


def may_send(parcel: Parcel) -> bool:
    """Tell whether charges of a parcel can be sent now, or only a dry run be recorded."""
    try:
        refuse_to_send(parcel.connection)
    except PostingDisabled:
        return False
    return True


def is_closed(order: PostingOrder, closed: ClosedMonth | None) -> bool:
    """Tell whether the PMS has said that it takes nothing for an order's month."""
    month = (order.post_month or order.charge_date).replace(day=1)
    return closed is not None and month <= closed.month


def question(parcel: Parcel, order: PostingOrder) -> dict[str, object]:
    """Ask once more, with all that will be visible."""
    month = f"{order.post_month:%B %Y}" if order.post_month else "by that date"
    what = (
        f"{parcel.charges}, {format_dollars(parcel.total_cents)}, to {parcel.pms} as "
        f"{order.charge_code}, dated {order.charge_date:%-d %b %Y} (post month {month})"
    )
    if order.post_to_pms:
        return {
            "question": f"Post {what}?",
            "body": "Residents will see them. They can be reversed, not deleted.",
            "verb": f"Post {parcel.charges}",
            "cancel_label": "Do not post",
        }
    return {
        "question": f"Record a dry run of {what}?",
        "body": f"Nothing is sent to {parcel.pms}. The job shows what would be sent.",
        "verb": "Record the dry run",
        "cancel_label": "Do not record it",
    }


def found_before(duplicates: Duplicates) -> dict[str, object]:
    """Describe what was found, job by job and charge by charge."""
    groups = [_together(findings, job) for job, findings in duplicates.by_job()]
    others = [finding for finding in duplicates.findings if finding.job is None]
    if others:
        groups.append(_together(others, None))
    return {
        "duplicates": duplicates,
        "found_groups": groups,
        "found_rows": duplicates.findings[:_FINDINGS_SHOWN],
        "found_more": max(0, len(duplicates.findings) - _FINDINGS_SHOWN),
    }


def _together(findings: list[Finding], job: PostingJob | None) -> FoundTogether:
    return FoundTogether(
        job=job,
        same_bill=findings[0].kind == "same_bill",
        was_reversed=findings[0].was_reversed,
        count=len(findings),
        cents=sum(finding.found_cents for finding in findings),
        probable=sum(finding.is_probable for finding in findings),
    )
