"""What support staff see of billing: everything, and change next to nothing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils import timezone

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
from billing.queries import charging_jobs
from meterbase.lib.money import format_dollars
from portfolios.admin import ReadOnlyAdmin
from portfolios.models import User
from portfolios.operations.audit import record_event


@admin.display(description="amount", ordering="amount_cents")
def _amount(_admin: object, row: UtilityBill | Charge | Posting) -> str:
    return format_dollars(row.amount_cents)


class BillCorrection(ModelForm):  # type: ignore[type-arg] # takes none at run time
    """The figures of a bill, as they should have been entered."""

    def clean(self) -> dict[str, Any]:
        """Refuse a correction that would make the bill another one's double."""
        cleaned = super().clean() or {}
        figures = {
            name: cleaned[name]
            for name in ("account_number", "period_start", "period_end")
            if name in cleaned
        }
        doubles = UtilityBill.objects.filter(
            property=self.instance.property, utility=self.instance.utility, **figures
        )
        if len(figures) == 3 and doubles.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another bill has this account number and this period.")
        return cleaned


@admin.register(UtilityBill)
class UtilityBillAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # takes none at run time
    """Bills: a slip of the pen can be put right until charges were posted for them."""

    form = BillCorrection
    amount = _amount
    actions = None
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
    readonly_fields = [
        "property",
        "utility",
        "entered_by",
        "entered_at",
        "voided_by",
        "voided_at",
        "voided_because",
    ]

    def get_queryset(self, _request: HttpRequest) -> QuerySet[UtilityBill]:
        """Show voided bills as well."""
        return UtilityBill.everything.order_by("-period_start", "-pk")

    def has_add_permission(self, _request: HttpRequest) -> bool:
        """Refuse: bills are entered on their own page, with its checks."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: UtilityBill | None = None) -> bool:
        """Refuse once charges were posted, or the bill was voided."""
        if obj is not None and obj.voided_at is not None:
            return False
        if obj is not None:
            jobs = PostingJob.objects.filter(calculation__bill=obj)
            if charging_jobs(jobs).exists():
                return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, _request: HttpRequest, _obj: Model | None = None) -> bool:
        """Refuse: money rows are never deleted."""
        return False

    def save_model(
        self,
        request: HttpRequest,
        obj: UtilityBill,
        form: Any,
        change: bool,  # noqa: FBT001 - Django's own signature
    ) -> None:
        """Store the correction together with who made it."""
        super().save_model(request, obj, form, change)
        assert isinstance(request.user, User)  # noqa: S101 - nobody else gets this far
        record_event(
            verb="bill.corrected",
            subject=obj,
            by=request.user,
            now=timezone.now(),
            before={name: str(form.initial.get(name)) for name in form.changed_data},
            after={name: str(form.cleaned_data[name]) for name in form.changed_data},
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
