"""What support staff see of billing: everything, and they change nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html

from billing import admin_details  # noqa: F401 - it registers tables too
from billing.models import (
    Approval,
    Calculation,
    Charge,
    ChargeCode,
    ChargeCodeMapping,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    ShareRule,
    UtilityBill,
    UtilityChargeCode,
)
from meterbase.lib.money import format_dollars
from portfolios.admin import ReadOnlyAdmin


@admin.display(description="amount", ordering="amount_cents")
def _amount(_admin: object, row: UtilityBill | Charge | Posting) -> str:
    return format_dollars(row.amount_cents)


@admin.register(UtilityBill)
class UtilityBillAdmin(ReadOnlyAdmin):
    """Bills: they are corrected and voided on their own page, which knows what follows from it."""

    amount = _amount
    list_display = [
        "property",
        "utility",
        "period_start",
        "period_end",
        "amount",
        "entered_by",
        "voided_at",
    ]
    list_filter = ["utility", "property__portfolio"]
    search_fields = ["property__name", "account_number"]
    list_select_related = ["property", "entered_by"]
    date_hierarchy = "period_start"
    fields = [
        "corrections",
        "property",
        "utility",
        "account_number",
        "period_start",
        "period_end",
        "amount_cents",
        "usage",
        "usage_unit",
        "entered_by",
        "entered_at",
        "voided_by",
        "voided_at",
        "voided_because",
    ]
    readonly_fields = ["corrections"]

    def get_queryset(self, _request: HttpRequest) -> QuerySet[UtilityBill]:
        """Show voided bills as well."""
        return UtilityBill.everything.order_by("-period_start", "-pk")

    @admin.display(description="to correct it")
    def corrections(self, row: UtilityBill) -> str:
        """Say where a bill is corrected, and until when."""
        return format_html(
            "Nothing is changed here. A manager of its portfolio corrects or voids a bill on "
            '<a href="{}">'
            "the bill's own page</a>, with a reason, until a calculation of it is approved.",
            reverse("billing:bill-detail", args=[row.pk]),
        )


@admin.register(ShareRule)
class ShareRuleAdmin(ReadOnlyAdmin):
    """Versions of rules."""

    list_display = ["property", "utility", "version", "is_active", "withdrawn_at", "method"]
    list_filter = ["is_active", "utility", "method"]
    search_fields = ["property__name"]
    list_select_related = ["property"]


@admin.register(Calculation)
class CalculationAdmin(ReadOnlyAdmin):
    """Calculations with everything that they were made from."""

    list_display = ["bill", "version", "state", "tenants", "prepared_by", "prepared_at"]
    list_filter = ["state"]
    search_fields = ["bill__property__name", "inputs_digest"]
    list_select_related = ["bill__property", "prepared_by"]

    @admin.display(description="tenants", ordering="tenants_cents")
    def tenants(self, row: Calculation) -> str:
        """Write the tenants' total in dollars."""
        return format_dollars(row.tenants_cents)


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    """Decisions."""

    list_display = ["calculation", "decision", "decided_by", "decided_at"]
    list_filter = ["decision"]
    search_fields = ["calculation__bill__property__name", "reason"]
    list_select_related = ["calculation__bill__property", "decided_by"]


@admin.register(Charge)
class ChargeAdmin(ReadOnlyAdmin):
    """Charges."""

    amount = _amount
    list_display = ["id", "unit_label", "resident_name", "amount", "calculation"]
    search_fields = ["unit_label", "resident_name", "propexo_unit_id", "propexo_lease_id"]
    list_select_related = ["calculation__bill__property"]


@admin.register(PostingJob)
class PostingJobAdmin(ReadOnlyAdmin):
    """Posting jobs."""

    list_display = ["public_id", "calculation", "charge_code", "post_to_pms", "created_by"]
    list_filter = ["post_to_pms", "connection"]
    search_fields = ["public_id", "calculation__bill__property__name"]
    list_select_related = ["calculation__bill__property", "created_by"]


class PostingAttemptInline(admin.TabularInline):  # type: ignore[type-arg] # takes none at run time
    """The calls made for a posting."""

    model = PostingAttempt
    fields = ["number", "host", "started_at", "finished_at", "outcome", "evidence", "http_status"]
    extra = 0
    can_delete = False

    def has_add_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: Any = None) -> bool:
        """Refuse."""
        return False


@admin.register(Posting)
class PostingAdmin(ReadOnlyAdmin):
    """Charges on their way."""

    amount = _amount
    list_display = ["reference", "state", "amount", "error_code", "remote_charge_id", "state_at"]
    list_filter = ["state", "error_code", "connection"]
    search_fields = ["reference", "remote_charge_id", "charge__unit_label", "job__public_id"]
    inlines = [PostingAttemptInline]


@admin.register(PostingAttempt)
class PostingAttemptAdmin(ReadOnlyAdmin):
    """Calls to the PMS."""

    list_display = ["posting", "number", "started_at", "outcome", "evidence", "http_status"]
    list_filter = ["outcome", "evidence"]
    search_fields = ["posting__reference"]
    list_select_related = ["posting__charge"]


@admin.register(PostingEvent)
class PostingEventAdmin(ReadOnlyAdmin):
    """Moves of postings."""

    list_display = ["posting", "at", "from_state", "to_state", "actor", "note"]
    list_filter = ["to_state"]
    search_fields = ["posting__reference"]
    list_select_related = ["posting__charge", "actor"]


@admin.register(ChargeCode)
class ChargeCodeAdmin(ReadOnlyAdmin):
    """MeterBase's own charge codes; their pages change them, where the audit trail is written."""

    list_display = ["code", "name", "portfolio", "retired_at"]
    list_filter = ["portfolio"]
    search_fields = ["code", "name"]
    list_select_related = ["portfolio"]


@admin.register(UtilityChargeCode)
class UtilityChargeCodeAdmin(ReadOnlyAdmin):
    """Which code is usual for which utility."""

    list_display = ["portfolio", "utility", "charge_code"]
    list_filter = ["utility", "portfolio"]
    search_fields = ["charge_code__code"]
    list_select_related = ["portfolio", "charge_code"]


@admin.register(ChargeCodeMapping)
class ChargeCodeMappingAdmin(ReadOnlyAdmin):
    """What charge codes are in charts of accounts."""

    list_display = [
        "property",
        "charge_code",
        "pms_charge_code",
        "financial_account",
        "set_by",
        "set_at",
    ]
    list_filter = ["charge_code"]
    search_fields = ["property__name", "charge_code__code"]
    list_select_related = [
        "property",
        "charge_code",
        "pms_charge_code",
        "financial_account",
        "set_by",
    ]
