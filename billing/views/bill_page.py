"""Everything that a bill's page shows; several acts answer with that page."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.timezone import localtime

from billing.forms.bill_documents import DocumentForm
from billing.forms.bills import FlagForm
from billing.inputs import rule_for
from billing.models import (
    BillDocument,
    BillFlag,
    CalculationState,
    LineKind,
    PostingJob,
    Spread,
    UtilityBill,
)
from billing.queries import charging_jobs
from billing.rubs.bill_lines import USUAL_SPREAD
from billing.rubs.bill_lines import LineKind as RubsLineKind
from billing.views.bill_problems import rule_url
from billing.views.breadcrumbs import below_property
from billing.views.rule_words import reads_submeters, rule_sentence
from billing.views.wording import billing_month, calculation_badge
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest


@dataclass(frozen=True, slots=True)
class LineRow:
    """A line of the invoice in words.

    Shape: `is_usual` tells that nobody chose how it is passed on.
    Units: cents.
    """

    name: str
    kind: str
    cents: int
    passed_on: str
    is_usual: bool


@dataclass(frozen=True, slots=True)
class FlagRow:
    """Something odd about a bill, with the form that clears it for whoever may."""

    flag: BillFlag
    form: FlagForm | None


def bills_to_show() -> QuerySet[UtilityBill]:
    """Select bills that stand, with what their page shows of them."""
    return UtilityBill.objects.select_related("property__portfolio", "entered_by")


def bills_to_look_at() -> QuerySet[UtilityBill]:
    """Select bills, voided ones too, with what their page shows of them."""
    return UtilityBill.everything.select_related("property__portfolio", "entered_by", "voided_by")


def bill_page(
    request: SignedInRequest,
    bill: UtilityBill,
    *,
    document_form: DocumentForm | None = None,
    flag_form: tuple[int, FlagForm] | None = None,
) -> dict[str, object]:
    """Gather what the page shows; forms that were sent and refused take their places."""
    place = bill.property
    may_prepare = bill.voided_at is None and access.may(
        place.portfolio, Action.PREPARE, user=request.user
    )
    calculations = (
        bill.calculations.defer("inputs", "result")
        .select_related("prepared_by", "share_rule")
        .order_by("-version")
    )
    jobs = charging_jobs(PostingJob.objects.filter(calculation__bill=bill))
    document = BillDocument.objects.filter(bill=bill).select_related("uploaded_by").first()
    locked = is_locked(bill)
    may_attach = may_prepare and not (locked and document)
    return {
        "bill": bill,
        "month": billing_month(bill),
        "rule_url": rule_url(bill),
        "versions": [(version, calculation_badge(version)) for version in calculations],
        "posted_by": jobs.first(),
        "may_prepare": may_prepare,
        "may_change": may_prepare and not locked,
        "voided": _voided(bill),
        "is_locked": locked,
        "lines": _line_rows(bill),
        "flags": _flag_rows(bill, may_prepare=may_prepare, sent=flag_form),
        "document": document,
        "document_form": (document_form or DocumentForm()) if may_attach else None,
        "breadcrumbs": below_property(place),
        **_rule_facts(bill),
    }


def _voided(bill: UtilityBill) -> str:
    """Say who voided a bill, when and why; nothing where nobody did."""
    if bill.voided_at is None:
        return ""
    day = f"{localtime(bill.voided_at):%-d %b %Y}"
    return f"{bill.voided_by} voided it on {day}: {bill.voided_because}"


def is_locked(bill: UtilityBill) -> bool:
    """Tell whether an approved calculation rests on a bill."""
    return bill.calculations.filter(state=CalculationState.APPROVED).exists()


def line_row(*, name: str, kind: str, cents: int, spread: str) -> LineRow:
    """Put a line into words; without a spread it is passed on as is usual for its kind."""
    chosen = spread or USUAL_SPREAD.get(RubsLineKind(kind))
    return LineRow(
        name=name,
        kind=LineKind(kind).label,
        cents=cents,
        passed_on=Spread(chosen).label if chosen else "—",
        is_usual=not spread,
    )


def flag_form_for(flag: BillFlag, sent: QueryDict | None = None) -> FlagForm:
    """Make the form of one flag; ids are its own, as a page may show several."""
    return FlagForm(sent, auto_id=f"flag_{flag.pk}_%s")


def _line_rows(bill: UtilityBill) -> list[LineRow]:
    return [
        line_row(name=line.name, kind=line.kind, cents=line.amount_cents, spread=line.spread)
        for line in bill.lines.all()
    ]


def _flag_rows(
    bill: UtilityBill, *, may_prepare: bool, sent: tuple[int, FlagForm] | None
) -> list[FlagRow]:
    rows = []
    for flag in bill.flags.select_related("cleared_by"):
        form = None
        if may_prepare and flag.cleared_at is None:
            form = sent[1] if sent and sent[0] == flag.pk else flag_form_for(flag)
        rows.append(FlagRow(flag, form))
    return rows


def _rule_facts(bill: UtilityBill) -> dict[str, object]:
    rule = rule_for(bill)
    if rule is None:
        return {"rule": None}
    return {
        "rule": rule,
        "rule_words": rule_sentence(rule),
        "takes_readings": reads_submeters(rule),
        "reading_count": bill.readings.count(),
    }
