"""The search over everything that a person may see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeVar

from django.db.models import Model, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import Posting, PostingJob, Reversal, UtilityBill
from billing.views.wording import billing_month, posting_badge
from meterbase.lib.money import NotAnAmount, cents_from_dollars, format_dollars
from meterbase.lib.searching import LONGEST, has_word, has_words, words_of
from portfolios import access
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Lease, Property, Unit, User

RowT = TypeVar("RowT", bound=Model)

SHOWN = 8
_LARGEST_ID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Hit:
    """Something that was found, and where it is."""

    title: str
    what: str
    url: str


@dataclass(frozen=True, slots=True)
class Group:
    """What was found of one kind; `all_url` is the whole list where there is one."""

    label: str
    hits: tuple[Hit, ...]
    more: bool
    all_url: str = ""


@require_safe
@signed_in
def search(request: SignedInRequest) -> HttpResponse:
    """Find properties, units, residents, bills, charges, jobs and reversals."""
    text = request.GET.get("q", "")[:LONGEST].strip()
    groups = find(text, user=request.user) if words_of(text) else []
    template = "meterbase/search.html"
    if request.htmx:
        template += "#results"
    return render(request, template, {"q": text, "groups": groups})


def find(text: str, *, user: User) -> list[Group]:
    """Look for words in everything that a person may see; kinds without a find are left out."""
    return [group for group in _groups(text, user) if group.hits]


def _groups(text: str, user: User) -> tuple[Group, ...]:
    # What can only be the name of one kind needs no look through everything else.
    if text.upper().startswith("MB-"):
        return (_charges(text, user),)
    if text.lower().startswith("job_"):
        return (_jobs(text, user),)
    if text.lower().startswith("rev_"):
        return (_reversals(text, user),)
    words = words_of(text)
    return (
        _properties(words, user),
        _units(words, user),
        _residents(words, user),
        _bills(text, words, user),
    )


def _properties(words: list[str], user: User) -> Group:
    fields = ("name", "address", "city", "zip_code", "propexo_property_id")
    found = access.rows(Property, user=user).filter(has_words(words, *fields)).order_by("name")
    places, more = _first(found)
    hits = (
        Hit(
            place.name,
            ", ".join(filter(None, (place.address, place.city, place.state))),
            reverse("portfolios:property-detail", args=[place.pk]),
        )
        for place in places
    )
    return Group("Properties", tuple(hits), more)


def _units(words: list[str], user: User) -> Group:
    """Find units by number and building; words of the property narrow them down."""
    own = ("unit_number", "building")
    named = Q()
    for word in words:
        named |= has_word(word, *own)
    all_words = has_words(words, *own, "property__name")
    found = access.rows(Unit, user=user).filter(named, all_words).select_related("property")
    units, more = _first(found.order_by())
    hits = (
        Hit(f"Unit {unit}", str(unit.property), reverse("portfolios:unit-edit", args=[unit.pk]))
        for unit in units
    )
    return Group("Units", tuple(hits), more)


def _residents(words: list[str], user: User) -> Group:
    found = access.rows(Lease, user=user).filter(has_words(words, "resident_name"))
    leases, more = _first(found.select_related("unit__property").order_by())
    hits = (
        Hit(
            lease.resident_name,
            f"{lease.get_status_display()} lease, unit {lease.unit} of {lease.unit.property}",
            reverse("portfolios:unit-edit", args=[lease.unit_id]),
        )
        for lease in leases
    )
    return Group("Residents", tuple(hits), more)


def _bills(text: str, words: list[str], user: User) -> Group:
    wanted = has_words(words, "account_number") | _number(text) | _amount(text)
    found = access.rows(UtilityBill, user=user).filter(wanted).select_related("property")
    bills, more = _first(found)
    hits = (
        Hit(
            f"{billing_month(bill)} {bill.get_utility_display().lower()}, "
            f"{format_dollars(bill.amount_cents)}",
            f"{bill.property}, account {bill.account_number or 'without number'}",
            reverse("billing:bill-detail", args=[bill.pk]),
        )
        for bill in bills
    )
    return Group("Bills", tuple(hits), more, reverse("billing:bill-list", query={"q": text}))


def _number(text: str) -> Q:
    """Ask for the bill with a number, where the text is one."""
    is_number = text.isascii() and text.isdecimal() and int(text) <= _LARGEST_ID
    return Q(pk=int(text)) if is_number else Q(pk__in=[])


def _amount(text: str) -> Q:
    """Ask for bills of an amount, where the text is one: $5,661.61."""
    try:
        return Q(amount_cents=cents_from_dollars(text.lstrip("$").replace(",", "")))
    except NotAnAmount:
        return Q(pk__in=[])


def _charges(text: str, user: User) -> Group:
    # The narrow index on the reference is read first; only what it finds is joined.
    references = Posting.objects.filter(reference__startswith=text.upper()).order_by()
    found = access.rows(Posting, user=user).filter(pk__in=references.values("pk"))
    postings, more = _first(found.select_related("charge", "job__calculation__bill__property"))
    hits = (
        Hit(
            posting.reference,
            f"{posting_badge(posting).label}: {format_dollars(posting.amount_cents)}, unit "
            f"{posting.charge.unit_label} of {posting.job.calculation.bill.property}",
            reverse("billing:posting-detail", args=[posting.pk]),
        )
        for posting in postings
    )
    return Group("Charges", tuple(hits), more)


def _jobs(text: str, user: User) -> Group:
    found = access.rows(PostingJob, user=user).filter(public_id__startswith=text.lower())
    jobs, more = _first(found.select_related("calculation__bill__property"))
    hits = (
        Hit(
            job.public_id,
            f"{job.description}, {job.calculation.bill.property}",
            reverse("billing:job-detail", args=[job.public_id]),
        )
        for job in jobs
    )
    return Group("Jobs", tuple(hits), more)


def _reversals(text: str, user: User) -> Group:
    named = access.rows(Reversal, user=user).filter(public_id__startswith=text.lower())
    found, more = _first(named.select_related("job__calculation__bill__property"))
    hits = (
        Hit(
            reversal.public_id,
            f"{reversal.get_state_display()}: of {reversal.job}, "
            f"{reversal.job.calculation.bill.property}",
            reverse("billing:reversal-detail", args=[reversal.public_id]),
        )
        for reversal in found
    )
    return Group("Reversals", tuple(hits), more)


def _first(rows: QuerySet[RowT]) -> tuple[Iterable[RowT], bool]:
    """Read as many as are shown, and whether there are more."""
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], len(found) > SHOWN
