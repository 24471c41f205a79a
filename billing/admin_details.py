"""What stands around bills, charges and their ledgers, for support staff to look at."""

from __future__ import annotations

from django.contrib import admin

from billing.models import (
    BillDocument,
    BillFlag,
    BillTerms,
    FailureFollowUp,
    GoLiveTick,
    LedgerCheck,
    LedgerDifference,
    LedgerSighting,
    OwnerShare,
    PlaceFacts,
    PlaceOverride,
    PreparedFile,
    Reversal,
    ReversalItem,
    SavedView,
    Statement,
    StatementContact,
    SubmeterReading,
    UnitTerms,
    UtilityAccount,
    UtilityBillLine,
)
from portfolios.admin import ReadOnlyAdmin


@admin.register(UtilityAccount)
class UtilityAccountAdmin(ReadOnlyAdmin):
    """How far the bills of utility accounts reach."""

    list_display = ["property", "utility", "account_number", "unbilled_from", "billed_until"]
    list_filter = ["utility"]
    search_fields = ["property__name", "account_number"]
    list_select_related = ["property"]


@admin.register(UtilityBillLine)
class UtilityBillLineAdmin(ReadOnlyAdmin):
    """Lines of bills."""

    list_display = ["bill", "position", "kind", "name", "amount_cents", "spread"]
    list_filter = ["kind"]
    search_fields = ["name", "bill__property__name", "bill__account_number"]
    list_select_related = ["bill__property"]


@admin.register(SubmeterReading)
class SubmeterReadingAdmin(ReadOnlyAdmin):
    """What submeters showed."""

    list_display = ["bill", "unit", "usage", "entered_by", "entered_at"]
    search_fields = ["unit__unit_number", "bill__property__name"]
    list_select_related = ["bill__property", "unit", "entered_by"]


@admin.register(BillFlag)
class BillFlagAdmin(ReadOnlyAdmin):
    """What was odd about bills, and who decided it."""

    list_display = ["bill", "kind", "message", "found_at", "cleared_by", "cleared_at"]
    list_filter = ["kind"]
    search_fields = ["message", "bill__property__name"]
    list_select_related = ["bill__property", "cleared_by"]


@admin.register(OwnerShare)
class OwnerShareAdmin(ReadOnlyAdmin):
    """What owners bear of calculated bills."""

    list_display = ["calculation", "bucket", "amount_cents"]
    list_filter = ["bucket"]
    search_fields = ["calculation__bill__property__name"]
    list_select_related = ["calculation__bill__property"]


@admin.register(BillDocument)
class BillDocumentAdmin(ReadOnlyAdmin):
    """Scans of bills; their contents are on the bill's page."""

    list_display = ["name", "bill", "content_type", "size", "uploaded_by", "uploaded_at"]
    search_fields = ["name", "sha256", "bill__property__name"]
    list_select_related = ["bill__property", "uploaded_by"]


@admin.register(GoLiveTick)
class GoLiveTickAdmin(ReadOnlyAdmin):
    """Who said of which connection that it may go live."""

    list_display = ["connection", "item", "ticked_by", "ticked_at", "withdrawn_by", "withdrawn_at"]
    list_filter = ["item"]
    search_fields = ["connection__name", "connection__propexo_connection_id", "note"]
    list_select_related = ["connection", "ticked_by", "withdrawn_by"]


@admin.register(UnitTerms)
class UnitTermsAdmin(ReadOnlyAdmin):
    """What is agreed for single units."""

    list_display = ["unit", "utility", "weight", "percent", "cap_cents", "set_by", "set_at"]
    list_filter = ["utility"]
    search_fields = ["unit__unit_number", "unit__property__name"]
    list_select_related = ["unit", "set_by"]


@admin.register(BillTerms)
class BillTermsAdmin(ReadOnlyAdmin):
    """What was set for single units on one bill alone."""

    list_display = ["bill", "unit", "kind", "amount_cents", "reason", "set_by", "set_at"]
    list_filter = ["kind"]
    search_fields = ["unit__unit_number", "unit__property__name", "reason"]
    list_select_related = ["bill__property", "unit", "set_by"]


@admin.register(PlaceFacts)
class PlaceFactsAdmin(ReadOnlyAdmin):
    """What people said of properties, for the rules of their places."""

    list_display = ["property", "set_by", "set_at"]
    search_fields = ["property__name"]
    list_select_related = ["property", "set_by"]


@admin.register(PlaceOverride)
class PlaceOverrideAdmin(ReadOnlyAdmin):
    """Decisions against the rule of a place."""

    list_display = ["property", "utility", "place_rule_id", "reason", "decided_by", "decided_at"]
    list_filter = ["utility"]
    search_fields = ["property__name", "place_rule_id", "reason"]
    list_select_related = ["property", "decided_by"]


@admin.register(LedgerCheck)
class LedgerCheckAdmin(ReadOnlyAdmin):
    """Comparisons with ledgers in the PMS."""

    exclude = ["token"]
    list_display = ["property", "started_at", "finished_at", "sent", "there", "missing", "extra"]
    search_fields = ["property__name", "error"]
    list_select_related = ["property"]


@admin.register(LedgerSighting)
class LedgerSightingAdmin(ReadOnlyAdmin):
    """Charges that a comparison saw in the PMS."""

    list_display = ["check_run", "posting", "remote_charge_id"]
    search_fields = ["remote_charge_id", "posting__reference"]
    list_select_related = ["check_run__property", "posting__charge"]


@admin.register(LedgerDifference)
class LedgerDifferenceAdmin(ReadOnlyAdmin):
    """Where the PMS's ledger and MeterBase do not agree."""

    list_display = ["check_run", "kind", "reference", "remote_charge_id", "message"]
    list_filter = ["kind"]
    search_fields = ["reference", "remote_charge_id", "message"]
    list_select_related = ["check_run__property"]


@admin.register(Reversal)
class ReversalAdmin(ReadOnlyAdmin):
    """Charges that are to be taken back, and who decided it."""

    list_display = ["public_id", "job", "state", "requested_by", "requested_at", "decided_by"]
    list_filter = ["state", "by_hand"]
    search_fields = ["public_id", "job__public_id", "reason", "pms_reference"]
    list_select_related = ["job", "requested_by", "decided_by"]


@admin.register(ReversalItem)
class ReversalItemAdmin(ReadOnlyAdmin):
    """The charges of reversals."""

    list_display = ["reversal", "posting", "is_open"]
    list_filter = ["is_open"]
    search_fields = ["reversal__public_id", "posting__reference"]
    list_select_related = ["reversal", "posting__charge"]


@admin.register(FailureFollowUp)
class FailureFollowUpAdmin(ReadOnlyAdmin):
    """Whose failures are, until when they rest, and what was done last."""

    list_display = ["posting", "assigned_to", "snoozed_until", "acted_as", "acted_by", "acted_at"]
    list_filter = ["acted_as"]
    search_fields = ["posting__reference", "assigned_to__username"]
    list_select_related = ["posting__charge", "assigned_to", "acted_by"]


@admin.register(SavedView)
class SavedViewAdmin(ReadOnlyAdmin):
    """The lists of failures that people keep under a name."""

    list_display = ["name", "user", "query", "created_at"]
    search_fields = ["name", "user__username"]
    list_select_related = ["user"]


@admin.register(Statement)
class StatementAdmin(ReadOnlyAdmin):
    """What residents were told."""

    list_display = ["pk", "property", "lease", "month", "version", "total_cents", "issued_at"]
    list_filter = ["month"]
    search_fields = ["property__name", "lease__resident_name"]
    list_select_related = ["property", "lease"]


@admin.register(StatementContact)
class StatementContactAdmin(ReadOnlyAdmin):
    """Whom residents may ask."""

    list_display = ["portfolio", "property", "agent_name", "set_by", "set_at"]
    search_fields = ["portfolio__name", "property__name", "agent_name"]
    list_select_related = ["portfolio", "property", "set_by"]


@admin.register(PreparedFile)
class PreparedFileAdmin(ReadOnlyAdmin):
    """Files that people asked for; what is in them is on their pages."""

    exclude = ["token"]
    list_display = ["kind", "property", "requested_by", "requested_at", "finished_at", "error"]
    list_filter = ["kind"]
    search_fields = ["property__name"]
    list_select_related = ["property", "requested_by"]
