"""The pages of a person's own notices: what was mailed, and what they want to be told."""

from __future__ import annotations

from enum import StrEnum

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_safe

from portfolios import access
from portfolios.forms.notices import NoticeChoicesForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Notice, NoticeState, Portfolio, User
from portfolios.notices.choices import choose_notices
from portfolios.views.notice_sheet import notice_sheet

_PAGE_SIZE = 50
_LOG_ONLY = "django.core.mail.backends.console.EmailBackend"
_TONES = {
    NoticeState.QUEUED: "info",
    NoticeState.SENT: "success",
    NoticeState.FAILED: "warning",
    NoticeState.GIVEN_UP: "danger",
    NoticeState.NOT_WANTED: "neutral",
}


class Shown(StrEnum):
    """Which notices are listed."""

    MAILED = "mailed"
    NOT_MAILED = "not-mailed"


_LABELS = {Shown.MAILED: "Mailed", Shown.NOT_MAILED: "Not mailed"}


@require_safe
@signed_in
def notice_list(request: SignedInRequest) -> HttpResponseBase:
    """List what the reader was mailed, or what was not mailed and why."""
    asked = request.GET.get("show")
    shown = Shown.NOT_MAILED if asked == Shown.NOT_MAILED else Shown.MAILED
    notices = _own(request.user)
    found = _in_list(notices, shown)
    if answer := list_file(request, lambda: notice_sheet(found, shown=_LABELS[shown])):
        return answer
    page = Paginator(found, _PAGE_SIZE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "rows": [(notice, _TONES[NoticeState(notice.state)]) for notice in page],
        "shown": shown.value,
        "filters": [_filter(notices, each, shown) for each in Shown],
        **_where(request.user),
    }
    return render(request, "portfolios/notice_list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def notice_choices(request: SignedInRequest) -> HttpResponse:
    """Let the reader choose what to be told, and when."""
    user = request.user
    form = NoticeChoicesForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        choose_notices(user=user, choices=form.choices(), muted=form.cleaned_data["muted"])
        messages.success(request, "Saved. It counts from now on.")
        return redirect("portfolios:notice-choices")
    context = {
        "title": "What to be told",
        "form": form,
        "verb": "Save the choices",
        "cancel_url": reverse("portfolios:notice-list"),
        "breadcrumbs": [("Notices", reverse("portfolios:notice-list"))],
        **_where(user),
    }
    return render(request, "portfolios/notice_choices.html", context)


def _where(user: User) -> dict[str, object]:
    """Tell where mails to a person go."""
    return {"address": user.email, "log_only": settings.EMAIL_BACKEND == _LOG_ONLY}


def _own(user: User) -> QuerySet[Notice]:
    """Select a person's own notices, without those of portfolios that they have left."""
    mine = Q(portfolio=None) | Q(portfolio__in=access.rows(Portfolio, user=user))
    return Notice.objects.filter(mine, person=user).select_related("portfolio")


def _in_list(notices: QuerySet[Notice], shown: Shown) -> QuerySet[Notice]:
    not_mailed = Q(state=NoticeState.NOT_WANTED)
    return notices.filter(not_mailed if shown is Shown.NOT_MAILED else ~not_mailed)


def _filter(notices: QuerySet[Notice], each: Shown, shown: Shown) -> dict[str, object]:
    url = reverse("portfolios:notice-list", query={"show": each.value})
    count = _in_list(notices, each).count()
    return {"label": _LABELS[each], "count": count, "url": url, "active": each is shown}
