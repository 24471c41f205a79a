"""Portfolios in the administration: for support staff, who look far more than they change."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from portfolios.models import (
    ApiKey,
    ApiPlan,
    AuditEvent,
    Lease,
    Membership,
    Notice,
    NoticeChoice,
    NoticeMute,
    Portfolio,
    Property,
    PropertyUtility,
    ReferenceFile,
    ReferenceRelease,
    Role,
    Unit,
    UnitImport,
    UnitImportChange,
    UnitImportRow,
    UnitOverride,
    User,
    UtilityArea,
    UtilityProvider,
    ZipCode,
)
from portfolios.notices.again import send_again
from portfolios.operations.api_keys import set_plan
from portfolios.operations.portfolios import set_role

admin.site.register(User, UserAdmin)


class ReadOnlyAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # takes none at run time
    """Rows that staff may look at and nobody changes here."""

    actions = None

    def has_add_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        """Refuse new rows."""
        return False

    def has_change_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        """Refuse changes."""
        return False

    def has_delete_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        """Refuse to delete."""
        return False


@admin.register(Portfolio)
class PortfolioAdmin(ReadOnlyAdmin):
    """Portfolios."""

    list_display = ["name", "second_approval_above_cents", "approve_by_day", "created_at"]
    search_fields = ["name"]


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin):  # type: ignore[type-arg] # takes none at run time
    """Who may do what in which portfolio; every change goes into the audit trail."""

    list_display = ["user", "portfolio", "role"]
    list_filter = ["role"]
    list_select_related = ["user", "portfolio"]
    search_fields = ["user__username", "portfolio__name"]
    autocomplete_fields = ["user", "portfolio"]
    actions = None

    def get_readonly_fields(
        self, _request: HttpRequest, obj: Membership | None = None
    ) -> list[str]:
        """Keep who and where of a membership; only the role of it can change."""
        return ["user", "portfolio"] if obj else []

    def has_delete_permission(self, _request: HttpRequest, _obj: object = None) -> bool:
        """Refuse to delete: the audit trail would not know of it."""
        return False

    def save_model(self, request: HttpRequest, obj: Membership, _form: Any, change: Any) -> None:
        """Give the role in the way that is written down."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
        set_role(
            user=obj.user,
            portfolio=obj.portfolio,
            role=Role(obj.role),
            by=request.user,
            now=timezone.now(),
        )
        if not change:
            obj.pk = Membership.objects.get(user=obj.user, portfolio=obj.portfolio).pk


@admin.register(Property)
class PropertyAdmin(ReadOnlyAdmin):
    """Properties."""

    list_display = ["name", "portfolio", "city", "state", "zip_code", "unit_count", "archived_at"]
    list_filter = ["state"]
    list_select_related = ["portfolio"]
    search_fields = ["name", "address", "propexo_property_id"]


@admin.register(Unit)
class UnitAdmin(ReadOnlyAdmin):
    """Units as the PMS describes them."""

    list_display = ["__str__", "property", "sqft", "raw_status", "occupied", "missing_since"]
    list_filter = ["occupied", "billable"]
    list_select_related = ["property"]
    search_fields = ["unit_number", "propexo_unit_id", "property__name"]


@admin.register(UnitOverride)
class UnitOverrideAdmin(ReadOnlyAdmin):
    """Values that people typed."""

    list_display = ["unit", "field", "value", "entered_by", "entered_at"]
    list_filter = ["field"]
    list_select_related = ["unit", "entered_by"]
    search_fields = ["unit__unit_number", "unit__property__name"]


@admin.register(UnitImport)
class UnitImportAdmin(ReadOnlyAdmin):
    """Files with values of units."""

    date_hierarchy = "uploaded_at"
    list_display = ["file_name", "property", "state", "uploaded_by", "uploaded_at", "applied_at"]
    list_filter = ["state"]
    list_select_related = ["property", "uploaded_by"]
    search_fields = ["file_name", "sha256", "property__name"]


@admin.register(UnitImportRow)
class UnitImportRowAdmin(ReadOnlyAdmin):
    """Rows of such files, as they were understood."""

    list_display = ["unit_import", "number", "unit_text", "building_text", "values"]
    list_select_related = ["unit_import__property"]
    search_fields = ["unit_text", "unit_id_text", "unit_import__file_name"]


@admin.register(UnitImportChange)
class UnitImportChangeAdmin(ReadOnlyAdmin):
    """Values that such files set, with what was there before."""

    list_display = ["unit_import", "unit", "field", "before_value", "after_value", "is_restored"]
    list_filter = ["field", "is_restored"]
    list_select_related = ["unit_import__property", "unit"]
    search_fields = ["unit__unit_number", "unit_import__file_name"]


@admin.register(Lease)
class LeaseAdmin(ReadOnlyAdmin):
    """Leases as the PMS describes them."""

    list_display = ["__str__", "unit", "resident_name", "start_date", "end_date", "status"]
    list_filter = ["status"]
    list_select_related = ["unit"]
    search_fields = ["propexo_lease_id", "resident_name", "unit__property__name"]


@admin.register(ApiKey)
class ApiKeyAdmin(ReadOnlyAdmin):
    """API keys, without anything that a program could use; staff sets how fast they may call."""

    readonly_fields = [
        *("name", "user", "prefix", "scopes", "every_portfolio", "portfolios"),
        *("created_at", "last_used_at", "revoked_at"),
    ]
    fields = [*readonly_fields, "plan"]
    list_display = ["name", "prefix", "user", "plan", "created_at", "last_used_at", "revoked_at"]
    list_filter = ["plan"]
    list_select_related = ["user"]
    search_fields = ["name", "prefix", "user__username"]

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Let staff change the plan, which is all that the form takes."""
        return admin.ModelAdmin.has_change_permission(self, request, obj)

    def save_model(self, request: HttpRequest, obj: ApiKey, form: Any, change: Any) -> None:  # noqa: ARG002 - the admin's interface
        """Set the plan, with an audit event."""
        plan = ApiPlan(obj.plan)
        obj.plan = form.initial["plan"]
        by = User.objects.get(username=request.user.get_username())
        set_plan(key=obj, plan=plan, by=by, now=timezone.now())


@admin.register(Notice)
class NoticeAdmin(ReadOnlyAdmin):
    """Mails to people about what happened; those that did not get through can be sent again."""

    actions = ["send_again"]  # type: ignore[assignment] # the base class offers none
    date_hierarchy = "created_at"
    list_display = [
        "created_at",
        "kind",
        "about",
        "person",
        "state",
        "tries",
        "next_at",
        "finished_at",
        "outcome",
    ]
    list_filter = ["state", "kind"]
    list_select_related = ["person"]
    search_fields = ["about", "person__username", "address", "outcome"]

    @admin.action(
        description="Send again what did not get through (what may have arrived comes twice)",
        permissions=["view"],
    )
    def send_again(self, request: HttpRequest, chosen: QuerySet[Notice]) -> None:
        """Queue the chosen notices once more."""
        assert isinstance(request.user, User)  # noqa: S101 - the admin lets nobody else in
        notices = list(chosen)
        count = send_again(notices=notices, by=request.user, now=timezone.now())
        messages.success(request, f"{count} of {len(notices)} notices are queued again.")


@admin.register(NoticeChoice)
class NoticeChoiceAdmin(ReadOnlyAdmin):
    """What people want to be told; they choose it themselves."""

    list_display = ["user", "kind", "choice"]
    list_filter = ["kind", "choice"]
    list_select_related = ["user"]
    search_fields = ["user__username"]


@admin.register(NoticeMute)
class NoticeMuteAdmin(ReadOnlyAdmin):
    """Portfolios of which people want to be told nothing."""

    list_display = ["user", "portfolio"]
    list_select_related = ["user", "portfolio"]
    search_fields = ["user__username", "portfolio__name"]


@admin.register(AuditEvent)
class AuditEventAdmin(ReadOnlyAdmin):
    """Who did what."""

    date_hierarchy = "at"
    list_display = ["at", "actor_name", "verb", "subject_label", "portfolio"]
    list_filter = ["verb"]
    search_fields = ["actor_name", "subject_label", "subject_id", "note"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[AuditEvent]:
        """Read the portfolio along with each event."""
        found: QuerySet[AuditEvent] = super().get_queryset(request).select_related("portfolio")
        return found


@admin.register(ReferenceRelease)
class ReferenceReleaseAdmin(ReadOnlyAdmin):
    """Loads of reference data."""

    date_hierarchy = "loaded_at"
    list_display = ["__str__", "loaded_at", "loaded_by"]
    list_select_related = ["loaded_by"]


@admin.register(ReferenceFile)
class ReferenceFileAdmin(ReadOnlyAdmin):
    """Files of such loads."""

    list_display = ["name", "kind", "release", "row_count", "sha256"]
    list_filter = ["kind"]
    list_select_related = ["release"]
    search_fields = ["name", "sha256"]


@admin.register(ZipCode)
class ZipCodeAdmin(ReadOnlyAdmin):
    """ZIP codes of the reference data."""

    list_display = ["zip_code", "city", "state", "county", "retired_at"]
    list_filter = ["state"]
    search_fields = ["=zip_code", "city"]
    show_full_result_count = False


@admin.register(UtilityProvider)
class UtilityProviderAdmin(ReadOnlyAdmin):
    """Utilities of the reference data."""

    list_display = ["name", "commodity", "state", "ownership", "source", "retired_at"]
    list_filter = ["commodity", "dataset", "state"]
    search_fields = ["name", "utility_key", "eia_id", "pwsid"]
    show_full_result_count = False


@admin.register(UtilityArea)
class UtilityAreaAdmin(ReadOnlyAdmin):
    """ZIP codes that utilities serve, or may serve."""

    list_display = ["zip_code", "commodity", "utility", "rank", "confidence", "retired_at"]
    list_filter = ["commodity", "dataset", "confidence"]
    list_select_related = ["utility"]
    search_fields = ["=zip_code", "utility__name"]
    show_full_result_count = False


@admin.register(PropertyUtility)
class PropertyUtilityAdmin(ReadOnlyAdmin):
    """Who supplies which property."""

    list_display = ["property", "commodity", "choice", "utility", "typed_name", "status"]
    list_filter = ["commodity", "choice", "status"]
    list_select_related = ["property", "utility"]
    search_fields = ["property__name", "utility__name", "typed_name"]
