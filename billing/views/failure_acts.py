"""What people do with several failures at once: first a look at what it means, then the act."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django import forms
from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from billing.forms.failures import AssignForm, OwnerForm, SnoozeForm, WriteOffForm
from billing.models import Posting, PostingState, ResolvedAs
from billing.operations.failure_batches import MOST_AT_ONCE, BatchResult, act_on_each
from billing.operations.failures import resolve_posting, retry_posting
from billing.operations.follow_ups import assign_failure, snooze_failure, wake_failure
from billing.views.failure_choice import Chosen, chosen
from billing.views.wording import charge_count
from meterbase.lib.money import format_dollars
from portfolios.access import ALLOWED, Action
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import User

_REFUSALS_SHOWN = 10
_MONEY = frozenset({Action.APPROVE})
_FOLLOW_UP = frozenset({Action.APPROVE, Action.PREPARE})
_REFUSED = (PostingState.REJECTED,)
_FAILED = (PostingState.REJECTED, PostingState.REVIEW)

Do = Callable[[Posting], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """One act on failures in words; `{count}` and `{dollars}` are filled in.

    Shape: `make` turns what was typed into the act on one failure.
    """

    question: str
    body: str
    verb: str
    done: str
    actions: Collection[Action]
    form: type[forms.Form]
    make: Callable[[dict[str, object], User, datetime], Do]
    dangerous: bool = False


class _NothingToType(forms.Form):
    """An act that needs no words."""


@require_POST
@signed_in
def failure_retry(request: SignedInRequest) -> HttpResponse:
    """Send the ticked charges again; all of a cause only after a look at what that means."""
    if "all_of" in request.POST:
        return _act(request, _OFFERS["retry"])
    found = chosen(request, actions=_MONEY, states=_REFUSED, now=timezone.now())
    if not found.ids:
        messages.error(request, "Nothing was ticked, so nothing is sent again.")
        return redirect(found.url)
    return _carry_out(request, _OFFERS["retry"], found, {})


@require_POST
@signed_in
def failure_act(request: SignedInRequest, act: str) -> HttpResponse:
    """Say what an act on the chosen failures means, and do it once that is confirmed."""
    if act not in _OFFERS:
        raise Http404("There is no such act.")
    return _act(request, _OFFERS[act])


def _act(request: SignedInRequest, offer: Offer) -> HttpResponse:
    states = _REFUSED if offer.actions == _MONEY else _FAILED
    found = chosen(request, actions=offer.actions, states=states, now=timezone.now())
    if not found.ids:
        messages.error(request, "Nothing was ticked, so nothing was done.")
        return redirect(found.url)
    is_confirmed = "confirmed" in request.POST
    form = _form(offer, found, request.POST if is_confirmed else None)
    if is_confirmed and form.is_valid():
        return _carry_out(request, offer, found, form.cleaned_data)
    return _ask(request, offer, found, form)


def _form(offer: Offer, found: Chosen, posted: object) -> forms.Form:
    if offer.form is AssignForm:
        return AssignForm(posted, people=_people(found))
    return offer.form(posted)  # type: ignore[arg-type] # passed on as it came


def _people(found: Chosen) -> list[User]:
    """List who can look after all of the chosen failures."""
    roles = [role for role, may in ALLOWED.items() if may & _FOLLOW_UP]
    path = "job__calculation__bill__property__portfolio"
    # One portfolio is told by a few of its charges as well as by ten thousand.
    ids = found.ids[:MOST_AT_ONCE]
    portfolios = set(Posting.objects.filter(pk__in=ids).order_by().values_list(path, flat=True))
    people = User.objects.filter(
        is_active=True, memberships__portfolio__in=portfolios, memberships__role__in=roles
    ).annotate(of=Count("memberships__portfolio", distinct=True))
    return sorted(people.filter(of=len(portfolios)), key=str)


def _ask(request: SignedInRequest, offer: Offer, found: Chosen, form: forms.Form) -> HttpResponse:
    words = {"count": charge_count(len(found.ids)), "dollars": format_dollars(found.cents())}
    context = {
        "question": offer.question.format(**words),
        "body": offer.body,
        "verb": offer.verb.format(**words),
        "dangerous": offer.dangerous,
        "form": form,
        "chosen": found,
        "postings": [] if found.all_of is not None else list(found.postings()),
        "most_at_once": MOST_AT_ONCE if len(found.ids) > MOST_AT_ONCE else None,
        "cancel_url": found.url,
        "cancel_label": "Do nothing",
        "breadcrumbs": [("Failures", reverse("billing:failure-list"))],
    }
    return render(request, "billing/failure_act.html", context)


def _carry_out(
    request: SignedInRequest, offer: Offer, found: Chosen, typed: dict[str, object]
) -> HttpResponse:
    act = offer.make(typed, request.user, timezone.now())
    result = act_on_each(found.postings(), act)
    _tell(request, offer, result, total=len(found.ids))
    return redirect(found.url)


def _tell(request: SignedInRequest, offer: Offer, result: BatchResult, *, total: int) -> None:
    if result.count:
        messages.success(request, offer.done.format(count=charge_count(result.count)))
    for text in result.refusals[:_REFUSALS_SHOWN]:
        messages.error(request, text)
    more = len(result.refusals) - _REFUSALS_SHOWN
    if more > 0:
        messages.error(request, f"{charge_count(more)} more could not, for reasons like these.")
    left = total - result.looked_at
    if left:
        messages.warning(
            request, f"{charge_count(left)} are left, so that you need not wait: do it once more."
        )


def _retry(_typed: dict[str, object], by: User, now: datetime) -> Do:
    return lambda posting: retry_posting(posting=posting, by=by, now=now)


def _resolve(typed: dict[str, object], by: User, now: datetime, *, resolved_as: ResolvedAs) -> Do:
    note = str(typed["note"])
    return lambda posting: resolve_posting(
        posting=posting, note=note, by=by, now=now, resolved_as=resolved_as
    )


def _assign(typed: dict[str, object], by: User, now: datetime) -> Do:
    to = None if typed["to"] == "nobody" else User.objects.get(pk=str(typed["to"]))
    return lambda posting: assign_failure(posting=posting, to=to, by=by, now=now)


def _snooze(typed: dict[str, object], by: User, now: datetime) -> Do:
    until = typed["until"]
    return lambda posting: snooze_failure(posting=posting, until=until, by=by, now=now)  # type: ignore[arg-type] # a date: the form's field gives nothing else


def _wake(_typed: dict[str, object], by: User, now: datetime) -> Do:
    return lambda posting: wake_failure(posting=posting, by=by, now=now)


_OFFERS = {
    "retry": Offer(
        question="Send {count}, {dollars}, again?",
        body="The PMS certainly took nothing of them, so nobody is charged twice. One that cannot "
        "be sent yet stays in the list and says why; it does not stop the others.",
        verb="Send {count} again",
        done="{count} will be sent again.",
        actions=_MONEY,
        form=_NothingToType,
        make=_retry,
    ),
    "owner": Offer(
        question="Charge {count}, {dollars}, to the owner?",
        body="The residents are not charged and nothing is sent any more. The approved figures "
        "stay as they are; your reason, your name and the time are kept with each charge. Book "
        "the amount to the owner in your books. This cannot be undone here.",
        verb="Charge {count} to the owner",
        done="{count} went to the owner.",
        actions=_MONEY,
        form=OwnerForm,
        make=partial(_resolve, resolved_as=ResolvedAs.OWNER),
        dangerous=True,
    ),
    "write-off": Offer(
        question="Write off {count}, {dollars}?",
        body="Nobody is charged and nothing is sent any more. The approved figures stay as they "
        "are; your reason, your name and the time are kept with each charge. This cannot be "
        "undone here.",
        verb="Write off {count}",
        done="{count} were written off.",
        actions=_MONEY,
        form=WriteOffForm,
        make=partial(_resolve, resolved_as=ResolvedAs.WRITTEN_OFF),
        dangerous=True,
    ),
    "assign": Offer(
        question="Who looks after {count}, {dollars}?",
        body="Everybody sees whose they are, and finds their own under “Mine”.",
        verb="Assign {count}",
        done="{count} assigned.",
        actions=_FOLLOW_UP,
        form=AssignForm,
        make=_assign,
    ),
    "snooze": Offer(
        question="Let {count}, {dollars}, rest?",
        body="They leave the open list for the list Snoozed. Nothing is sent meanwhile, and "
        "nothing is forgotten.",
        verb="Snooze {count}",
        done="{count} rest.",
        actions=_FOLLOW_UP,
        form=SnoozeForm,
        make=_snooze,
    ),
    "wake": Offer(
        question="Bring {count}, {dollars}, back?",
        body="They are in the open list again.",
        verb="Bring {count} back",
        done="{count} are open again.",
        actions=_FOLLOW_UP,
        form=_NothingToType,
        make=_wake,
    ),
}
