"""Where the pages of billing are."""

from __future__ import annotations

from django.urls import path

from billing.views import (
    approvals,
    bill_documents,
    bill_flags,
    bills,
    calculations,
    charge_code_copies,
    charge_code_lists,
    charge_codes,
    coverage,
    failures,
    job_acts,
    jobs,
    place_rules,
    places,
    posting_orders,
    postings,
    readings,
    resends,
    share_rules,
    statements,
    unit_terms,
    what_if,
)

app_name = "billing"

urlpatterns = [
    path("bills/", bills.bill_list, name="bill-list"),
    path("properties/<int:pk>/", places.property_detail, name="property-detail"),
    path("properties/<int:pk>/coverage/", coverage.property_coverage, name="property-coverage"),
    path("properties/<int:pk>/bills/new/", bills.bill_create, name="bill-create"),
    path(
        "properties/<int:pk>/rules/<str:utility>/",
        share_rules.share_rule_edit,
        name="share-rule-edit",
    ),
    path(
        "properties/<int:pk>/rules/<str:utility>/preview/",
        share_rules.share_rule_preview,
        name="share-rule-preview",
    ),
    path("properties/<int:pk>/rules/<str:utility>/what-if/", what_if.what_if, name="what-if"),
    path(
        "properties/<int:pk>/rules/<str:utility>/units/", unit_terms.unit_terms, name="unit-terms"
    ),
    path(
        "properties/<int:pk>/rules/<str:utility>/set-aside/<str:place_rule_id>/",
        place_rules.place_set_aside,
        name="place-set-aside",
    ),
    path("properties/<int:pk>/place/", place_rules.place_facts, name="place-facts"),
    path("bills/<int:pk>/", bills.bill_detail, name="bill-detail"),
    path("bills/<int:pk>/calculate/", bills.calculation_create, name="calculation-create"),
    path("calculations/<int:pk>/", calculations.calculation_detail, name="calculation-detail"),
    path(
        "calculations/<int:pk>/submit/",
        calculations.calculation_submit,
        name="calculation-submit",
    ),
    path(
        "calculations/<int:pk>/approve/", approvals.calculation_approve, name="calculation-approve"
    ),
    path("calculations/<int:pk>/reject/", approvals.calculation_reject, name="calculation-reject"),
    path("calculations/<int:pk>/post/", posting_orders.posting_create, name="posting-create"),
    path("charges/<int:pk>/", calculations.charge_detail, name="charge-detail"),
    path("approvals/", approvals.approval_list, name="approval-list"),
    path("jobs/", jobs.job_list, name="job-list"),
    path("jobs/<str:public_id>/", jobs.job_detail, name="job-detail"),
    path("jobs/<str:public_id>/pause/", job_acts.job_pause, name="job-pause"),
    path("jobs/<str:public_id>/resume/", job_acts.job_resume, name="job-resume"),
    path("jobs/<str:public_id>/stop/", job_acts.job_stop, name="job-stop"),
    path("jobs/<str:public_id>/retry/", job_acts.job_retry, name="job-retry"),
    path("jobs/<str:public_id>/check/", job_acts.job_check, name="job-check"),
    path("postings/<int:pk>/", postings.posting_detail, name="posting-detail"),
    path("postings/<int:pk>/retry/", postings.posting_retry, name="posting-retry"),
    path("postings/<int:pk>/resolve/", postings.posting_resolve, name="posting-resolve"),
    path("postings/<int:pk>/link/", postings.posting_link, name="posting-link"),
    path("postings/<int:pk>/ask-again/", resends.posting_ask_again, name="posting-ask-again"),
    path("postings/<int:pk>/send-again/", resends.posting_send_again, name="posting-send-again"),
    path(
        "postings/<int:pk>/withdraw-again/",
        resends.posting_withdraw_again,
        name="posting-withdraw-again",
    ),
    path("failures/", failures.failure_list, name="failure-list"),
    path("failures/retry/", failures.failure_retry, name="failure-retry"),
    path("charges/<int:pk>/print/", statements.charge_print, name="charge-print"),
    path("bills/<int:pk>/document/", bill_documents.bill_document, name="bill-document"),
    path(
        "bills/<int:pk>/flags/<int:flag_pk>/clear/",
        bill_flags.bill_flag_clear,
        name="bill-flag-clear",
    ),
    path("bills/<int:pk>/readings/", readings.bill_readings, name="bill-readings"),
    path("properties/<int:pk>/charge-codes/", charge_codes.charge_codes, name="charge-codes"),
    path("properties/<int:pk>/charge-codes/read/", charge_codes.chart_read, name="chart-read"),
    path(
        "properties/<int:pk>/charge-codes/copy/",
        charge_code_copies.charge_code_copy,
        name="charge-code-copy",
    ),
    path(
        "properties/<int:pk>/charge-codes/<int:code_pk>/",
        charge_codes.charge_code_map,
        name="charge-code-map",
    ),
    path(
        "connections/<int:pk>/charge-codes/",
        charge_code_copies.connection_charge_codes,
        name="connection-charge-codes",
    ),
    path(
        "portfolios/<int:pk>/charge-codes/",
        charge_code_lists.charge_code_list,
        name="charge-code-list",
    ),
    path(
        "portfolios/<int:pk>/charge-codes/usual/",
        charge_code_lists.usual_codes,
        name="usual-codes",
    ),
    path("charge-codes/<int:pk>/", charge_code_lists.charge_code_edit, name="charge-code-edit"),
]
