"""What happened to charges, as tables: for people with a spreadsheet and for programs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db.models import Q, QuerySet

from billing.models import (
    Approval,
    Calculation,
    Charge,
    Posting,
    PostingAttempt,
    PostingEvent,
    PostingJob,
    ReversalItem,
    ShareRule,
    Statement,
)
from meterbase.lib.sheets import Cell, Column, Kind, Sheet
from portfolios.models import AuditEvent, Lease, Unit

_Row = Sequence[Cell]


def charge_table(calculation: Calculation, charges: Iterable[Charge]) -> Sheet:
    """List charges of a calculation."""
    state = calculation.get_state_display()
    return _table(
        "Charges",
        ("Charge", Kind.NUMBER),
        ("Unit", Kind.TEXT),
        ("Resident", Kind.TEXT),
        ("Lease in the PMS", Kind.TEXT),
        ("Kind", Kind.TEXT),
        ("Amount", Kind.CENTS),
        ("State of the calculation", Kind.TEXT),
        rows=(
            (
                charge.pk,
                charge.unit_label,
                charge.resident_name,
                charge.propexo_lease_id,
                charge.get_kind_display(),
                charge.amount_cents,
                state,
            )
            for charge in charges
        ),
    )


def rule_table(calculation: Calculation) -> Sheet:
    """List the versions of the rule by which a calculation's utility is shared."""
    bill = calculation.bill
    rules = ShareRule.objects.filter(property=bill.property_id, utility=bill.utility)
    return _table(
        "Versions of the share rule",
        ("Version", Kind.NUMBER),
        ("Used here", Kind.TEXT),
        ("In force from", Kind.DATE),
        ("Method", Kind.TEXT),
        ("Common area, percent", Kind.NUMBER),
        ("Vacant days", Kind.TEXT),
        ("Set by", Kind.TEXT),
        ("Set at", Kind.MOMENT),
        ("Withdrawn at", Kind.MOMENT),
        rows=(
            (
                rule.version,
                "yes" if rule.pk == calculation.share_rule_id else "",
                rule.effective_from,
                rule.get_method_display(),
                rule.common_area_percent,
                rule.get_vacancy_display(),
                str(rule.created_by),
                rule.created_at,
                rule.withdrawn_at,
            )
            for rule in rules.select_related("created_by").order_by("version")
        ),
    )


def approval_table(calculation: Calculation) -> Sheet:
    """List who decided on a calculation; who prepared and submitted it stands first."""
    first: list[_Row] = [
        ("Prepared", str(calculation.prepared_by), calculation.prepared_at, ""),
    ]
    if calculation.submitted_by is not None:
        first.append(("Submitted", str(calculation.submitted_by), calculation.submitted_at, ""))
    decisions = Approval.objects.filter(calculation=calculation).select_related("decided_by")
    return _table(
        "Approvals",
        ("Act", Kind.TEXT),
        ("By", Kind.TEXT),
        ("At", Kind.MOMENT),
        ("Reason", Kind.TEXT),
        rows=[
            *first,
            *(
                (each.get_decision_display(), str(each.decided_by), each.decided_at, each.reason)
                for each in decisions.order_by("decided_at", "pk")
            ),
        ],
    )


def posting_table(postings: QuerySet[Posting]) -> Sheet:
    """List what was sent to the PMS, what takes it back among it."""
    return _table(
        "Postings",
        ("Reference", Kind.TEXT),
        ("Charge", Kind.NUMBER),
        ("Job", Kind.TEXT),
        ("Takes back", Kind.TEXT),
        ("Amount", Kind.CENTS),
        ("State", Kind.TEXT),
        ("Since", Kind.MOMENT),
        ("Charge id in the PMS", Kind.TEXT),
        ("Taken back at", Kind.MOMENT),
        ("What went wrong", Kind.TEXT),
        ("How it was resolved", Kind.TEXT),
        ("SHA-256 of what was sent", Kind.TEXT),
        rows=(
            (
                posting.reference,
                posting.charge_id,
                posting.job.public_id,
                posting.reverses.reference if posting.reverses else "",
                posting.amount_cents,
                posting.get_state_display(),
                posting.state_at,
                posting.remote_charge_id,
                posting.reversed_at,
                posting.error,
                posting.resolution,
                posting.body_sha256,
            )
            for posting in postings.select_related("job", "reverses").order_by("pk")
        ),
    )


def attempt_table(postings: QuerySet[Posting]) -> Sheet:
    """List the calls that were made for postings, without the answers themselves."""
    attempts = PostingAttempt.objects.filter(posting__in=postings).select_related("posting")
    return _table(
        "Calls to the PMS",
        ("Reference", Kind.TEXT),
        ("Call", Kind.NUMBER),
        ("Begun", Kind.MOMENT),
        ("Ended", Kind.MOMENT),
        ("Outcome", Kind.TEXT),
        ("Proven by", Kind.TEXT),
        ("HTTP status", Kind.NUMBER),
        rows=(
            (
                attempt.posting.reference,
                attempt.number,
                attempt.started_at,
                attempt.finished_at,
                attempt.get_outcome_display(),
                attempt.evidence,
                attempt.http_status,
            )
            for attempt in attempts.order_by("posting", "number")
        ),
    )


def event_table(postings: QuerySet[Posting]) -> Sheet:
    """List the moves of postings from state to state."""
    events = PostingEvent.objects.filter(posting__in=postings).select_related("posting", "actor")
    return _table(
        "Moves of postings",
        ("Reference", Kind.TEXT),
        ("At", Kind.MOMENT),
        ("From", Kind.TEXT),
        ("To", Kind.TEXT),
        ("By", Kind.TEXT),
        ("Note", Kind.TEXT),
        rows=(
            (
                event.posting.reference,
                event.at,
                event.from_state,
                event.to_state,
                str(event.actor) if event.actor else "MeterBase",
                event.note,
            )
            for event in events.order_by("pk")
        ),
    )


def reversal_table(postings: QuerySet[Posting]) -> Sheet:
    """List the wishes to take postings back, and what came of them."""
    items = ReversalItem.objects.filter(posting__in=postings).select_related(
        "posting", "reversal__requested_by", "reversal__decided_by"
    )
    return _table(
        "Reversals",
        ("Reversal", Kind.TEXT),
        ("Reference", Kind.TEXT),
        ("State", Kind.TEXT),
        ("Reason", Kind.TEXT),
        ("Asked for by", Kind.TEXT),
        ("Asked for at", Kind.MOMENT),
        ("Decided by", Kind.TEXT),
        ("Decided at", Kind.MOMENT),
        ("By hand, in the PMS as", Kind.TEXT),
        rows=(
            (
                item.reversal.public_id,
                item.posting.reference,
                item.reversal.get_state_display(),
                item.reversal.reason,
                str(item.reversal.requested_by),
                item.reversal.requested_at,
                str(item.reversal.decided_by) if item.reversal.decided_by else "",
                item.reversal.decided_at,
                item.reversal.pms_reference,
            )
            for item in items.order_by("pk")
        ),
    )


def statement_table(statements: QuerySet[Statement]) -> Sheet:
    """List the statements, earlier versions among them."""
    return _table(
        "Statements",
        ("Statement", Kind.NUMBER),
        ("Unit", Kind.TEXT),
        ("Month", Kind.DATE),
        ("Version", Kind.NUMBER),
        ("Issued by", Kind.TEXT),
        ("Issued at", Kind.MOMENT),
        ("Total", Kind.CENTS),
        ("SHA-256 of its words", Kind.TEXT),
        rows=(
            (
                statement.pk,
                statement.content["unit"],
                statement.month,
                statement.version,
                str(statement.issued_by),
                statement.issued_at,
                statement.total_cents,
                statement.digest,
            )
            for statement in statements.select_related("issued_by").order_by("pk")
        ),
    )


def audit_table(calculation: Calculation, charges: Sequence[Charge]) -> Sheet:
    """List who did what to a calculation, its bill and rule, and the charges' units and leases."""
    postings = Posting.objects.filter(charge__in=[charge.pk for charge in charges])
    jobs = PostingJob.objects.filter(postings__in=postings).distinct()
    subjects: list[tuple[type, list[int]]] = [
        (Calculation, [calculation.pk]),
        (type(calculation.bill), [calculation.bill_id]),
        (ShareRule, [calculation.share_rule_id]),
        (PostingJob, list(jobs.values_list("pk", flat=True))),
        (Posting, list(postings.values_list("pk", flat=True))),
        (Unit, [charge.unit_id for charge in charges]),
        (Lease, [charge.lease_id for charge in charges]),
    ]
    wanted = Q(pk__in=[])
    for model, keys in subjects:
        label = model._meta.label_lower  # type: ignore[attr-defined] # every one is a table
        wanted |= Q(subject_type=label, subject_id__in=[str(key) for key in set(keys)])
    place = calculation.bill.property
    events = AuditEvent.objects.filter(wanted, portfolio=place.portfolio_id)
    return _table(
        "Audit trail",
        ("At", Kind.MOMENT),
        ("By", Kind.TEXT),
        ("Act", Kind.TEXT),
        ("What", Kind.TEXT),
        ("Note", Kind.TEXT),
        rows=(
            (event.at, event.actor_name, event.verb, event.subject_label, event.note)
            for event in events.order_by("at", "pk")
        ),
    )


def _table(title: str, *columns: tuple[str, Kind], rows: Iterable[_Row]) -> Sheet:
    return Sheet(
        title=title,
        filters=(),
        columns=tuple(Column(name, kind) for name, kind in columns),
        rows=rows,
    )
