"""Bringing values of units as a file: choose it, look at the preview, confirm, undo."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST

from portfolios import access
from portfolios.forms import ConfirmImportForm, UnitFileForm
from portfolios.http import SignedInRequest, signed_in
from portfolios.list_files import list_file
from portfolios.models import Property, UnitImport, UnitImportState
from portfolios.operations.unit_import_undo import CannotUndo, plan_undo, undo_unit_import
from portfolios.operations.unit_imports import (
    CannotImport,
    confirm_unit_import,
    discard_unit_import,
    earlier_imports,
    start_unit_import,
)
from portfolios.unit_files.sheets import UnreadableFile
from portfolios.views.breadcrumbs import Crumbs, below_property
from portfolios.views.import_page import change_rows, counted, page_of_import
from portfolios.views.import_sheets import import_rows_sheet, import_sheet
from portfolios.views.properties import PAGE_SIZE


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_import_list(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """List a property's imports, and read a file for a preview."""
    posted = request.method == "POST"
    place = access.fetch(
        Property.objects.select_related("portfolio"),
        access.Action.PREPARE if posted else access.Action.READ,
        user=request.user,
        pk=pk,
    )
    imports = place.unit_imports.select_related("uploaded_by", "applied_by", "ended_by")
    if answer := list_file(request, lambda: import_sheet(place, imports)):
        return answer
    form = UnitFileForm(request.POST, request.FILES) if posted else UnitFileForm()
    if posted and form.is_valid():
        unit_import = _start(request, place, form)
        if unit_import is not None:
            return redirect("portfolios:unit-import-detail", pk=unit_import.pk)
    return render(
        request,
        "portfolios/unit_import_list.html",
        {
            "place": place,
            "form": form,
            "page": Paginator(imports, PAGE_SIZE).get_page(request.GET.get("page")),
            "may_prepare": access.may(place.portfolio, access.Action.PREPARE, user=request.user),
            "breadcrumbs": below_property(place),
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_import_detail(request: SignedInRequest, pk: int) -> HttpResponseBase:
    """Show what a file would change or has changed; confirm it."""
    posted = request.method == "POST"
    unit_import = _fetch(request, pk, access.Action.PREPARE if posted else access.Action.READ)
    context = page_of_import(unit_import, show=request.GET.get("show", ""))
    if posted:
        refusal = _confirm(request, unit_import, odd=len(context["odd"]))
        if not refusal:
            return redirect("portfolios:unit-import-detail", pk=pk)
        messages.error(request, refusal)
        return redirect("portfolios:unit-import-detail", pk=pk)
    if answer := list_file(
        request,
        lambda: import_rows_sheet(unit_import, context["shown"], show=context["show"]),
    ):
        return answer
    portfolio = unit_import.property.portfolio
    page = Paginator(context["shown"], PAGE_SIZE).get_page(request.GET.get("page"))
    return render(
        request,
        "portfolios/unit_import_detail.html",
        {
            **context,
            "page": page,
            "may_prepare": access.may(portfolio, access.Action.PREPARE, user=request.user),
            "breadcrumbs": _crumbs(unit_import),
        },
    )


@require_POST
@signed_in
def unit_import_discard(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give up a preview."""
    unit_import = _fetch(request, pk, access.Action.PREPARE)
    try:
        discard_unit_import(unit_import=unit_import, by=request.user, now=timezone.now())
    except CannotImport as refusal:
        messages.error(request, str(refusal))
        return redirect("portfolios:unit-import-detail", pk=pk)
    messages.success(
        request, f"The file {unit_import.file_name} is discarded; nothing was changed."
    )
    return redirect("portfolios:unit-import-list", pk=unit_import.property_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def unit_import_undo(request: SignedInRequest, pk: int) -> HttpResponse:
    """Say what undoing an import would restore and leave; do it."""
    unit_import = _fetch(request, pk, access.Action.PREPARE)
    # What is no longer applied has no question to ask: the refusal says so on the import's page.
    if request.method == "POST" or unit_import.state != UnitImportState.APPLIED:
        return _undo(request, unit_import)
    plan = plan_undo(unit_import)
    return render(
        request,
        "portfolios/unit_import_undo.html",
        {
            "question": f"Undo the import of {unit_import.file_name}?",
            "body": f"{counted(len(plan.restorable), 'value')} of the units of "
            f"{unit_import.property} will be again as before the import. "
            "The import stays on record.",
            "verb": "Undo the import",
            "cancel_url": reverse("portfolios:unit-import-detail", args=[pk]),
            "cancel_label": "Keep the import",
            "left": change_rows(plan.left),
            "breadcrumbs": _crumbs(unit_import),
        },
    )


def _fetch(request: SignedInRequest, pk: int, action: access.Action) -> UnitImport:
    imports = UnitImport.objects.select_related(
        "property__portfolio", "uploaded_by", "applied_by", "ended_by"
    )
    return access.fetch(imports, action, user=request.user, pk=pk)


def _start(request: SignedInRequest, place: Property, form: UnitFileForm) -> UnitImport | None:
    file = form.cleaned_data["file"]
    try:
        return start_unit_import(
            place=place,
            file_name=file.name,
            content=file.read(),
            by=request.user,
            now=timezone.now(),
        )
    except UnreadableFile as refusal:
        form.add_error("file", str(refusal))
        return None


def _confirm(request: SignedInRequest, unit_import: UnitImport, *, odd: int) -> str:
    """Confirm an import; give the sentence that says why not, empty when it is done."""
    form = ConfirmImportForm(request.POST, odd=odd, is_repeat=bool(earlier_imports(unit_import)))
    if not form.is_valid():
        return "The preview was not sent along. Look at it again, then confirm."
    try:
        count = confirm_unit_import(
            unit_import=unit_import,
            seen=form.cleaned_data["seen"],
            take_odd=form.cleaned_data.get("take_odd", False),
            again=form.cleaned_data.get("again", False),
            by=request.user,
            now=timezone.now(),
        )
    except CannotImport as refusal:
        return str(refusal)
    messages.success(request, f"{counted(count, 'value')} set from {unit_import.file_name}.")
    return ""


def _undo(request: SignedInRequest, unit_import: UnitImport) -> HttpResponse:
    try:
        done = undo_unit_import(unit_import=unit_import, by=request.user, now=timezone.now())
    except CannotUndo as refusal:
        messages.error(request, str(refusal))
    else:
        left = f" {counted(len(done.left), 'value')} changed since and stayed." if done.left else ""
        messages.success(
            request, f"{counted(len(done.restorable), 'value')} restored as before.{left}"
        )
    return redirect("portfolios:unit-import-detail", pk=unit_import.pk)


def _crumbs(unit_import: UnitImport) -> Crumbs:
    place = unit_import.property
    here = reverse("portfolios:unit-import-list", args=[place.pk])
    return [*below_property(place), ("Imports", here)]
