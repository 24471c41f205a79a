"""Where the pages of billing are."""

from __future__ import annotations

from django.urls import path

from billing.views import (
    approvals,
    bills,
    calculations,
    failures,
    jobs,
    places,
    posting_orders,
    postings,
    share_rules,
)

app_name = "billing"

urlpatterns = [
    path("bills/", bills.bill_list, name="bill-list"),
    path("properties/<int:pk>/", places.property_detail, name="property-detail"),
    path("properties/<int:pk>/bills/new/", bills.bill_create, name="bill-create"),
    path(
        "properties/<int:pk>/rules/<str:utility>/",
        share_rules.share_rule_edit,
        name="share-rule-edit",
    ),
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
    path("postings/<int:pk>/", postings.posting_detail, name="posting-detail"),
    path("postings/<int:pk>/retry/", postings.posting_retry, name="posting-retry"),
    path("postings/<int:pk>/resolve/", postings.posting_resolve, name="posting-resolve"),
    path("postings/<int:pk>/link/", postings.posting_link, name="posting-link"),
    path("failures/", failures.failure_list, name="failure-list"),
    path("failures/retry/", failures.failure_retry, name="failure-retry"),
]
