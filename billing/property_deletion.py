"""Deleting a property with everything that belongs to it, as long as no money was posted for it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path

from django.db import IntegrityError, models, transaction
from django.db.models import Model, QuerySet

from billing.models import BillDocument, PostingJob, PreparedFile, Statement, UtilityBill
from billing.operations.documents import document_folder
from billing.operations.prepared_files import file_folder
from billing.statements.kept import statement_folder
from integrations.models import SyncRun, SyncState
from portfolios.models import Lease, Property, Unit, User
from portfolios.operations.audit import record_event

_AT_ONCE = 500

Belongings = Mapping[type[Model], set[int]]

NAMED: Mapping[str, type[Model]] = {
    "units": Unit,
    "tenants": Lease,
    "bills": UtilityBill,
    "invoices": Statement,
}
_PATHS = (
    ("units", "property"),
    ("tenants", "unit__property"),
    ("bills", "property"),
    ("invoices", "property"),
)


class MoneyPosted(Exception):
    """Charges of the property were sent to its PMS, so what they came from has to stay."""

    def __init__(self, place: Property) -> None:
        super().__init__(
            f"Charges of {place} were posted to its PMS, so it cannot be deleted. Archive it "
            "instead."
        )


class BeingSynced(Exception):
    """A worker is reading the property at this moment."""

    def __init__(self, place: Property) -> None:
        super().__init__(f"{place} is being synced. Delete it when the sync has ended.")


class BeingChanged(Exception):
    """Somebody added to the property while it was being deleted."""

    def __init__(self, place: Property) -> None:
        super().__init__(f"Somebody is working on {place}: nothing was deleted. Try again.")


def delete_property(*, place: Property, by: User, now: datetime) -> dict[str, int]:
    """Delete a property for good, with units, tenants, bills, invoices and all the rest of it.

    Shape: tells how many there were of what people know.
    Errors: MoneyPosted, BeingSynced, BeingChanged; nothing is deleted then.
    Effects: rows of all apps and the files that belong to them are gone; an audit event stays.
    """
    try:
        with transaction.atomic():
            return _delete_whole(place, by=by, now=now)
    except IntegrityError:
        raise BeingChanged(place) from None


def count_what_goes(place: Property) -> dict[str, int]:
    """Count what people know of a property, and would lose with it."""
    return {name: _every(NAMED[name]).filter(**{path: place}).count() for name, path in _PATHS}


def refuse_deletion(place: Property) -> None:
    """Refuse to delete a property that has to stay, or that is at work.

    Errors: MoneyPosted, BeingSynced.
    """
    jobs = PostingJob.objects.filter(calculation__bill__property=place, post_to_pms=True)
    if jobs.exists():
        raise MoneyPosted(place)
    if SyncRun.objects.filter(property=place, state=SyncState.RUNNING).exists():
        raise BeingSynced(place)


def _delete_whole(place: Property, *, by: User, now: datetime) -> dict[str, int]:
    # Whoever orders a posting or sets a rule holds the same row.
    Property.objects.select_for_update().get(pk=place.pk)
    refuse_deletion(place)
    belongings = _belongings(place)
    files = list(_files(belongings))
    gone = {name: len(belongings.get(model, ())) for name, model in NAMED.items()}
    record_event(verb="property.deleted", subject=place, by=by, now=now, before=gone)
    _delete(belongings)
    transaction.on_commit(lambda: _remove(files))
    return gone


def _belongings(place: Property) -> Belongings:
    """Follow every reference back from the property: what points at a row goes with it.

    Shape: what a reference may leave behind empty, stays.
    """
    found: defaultdict[type[Model], set[int]] = defaultdict(set)
    found[Property] = {place.pk}
    fresh: list[tuple[type[Model], set[int]]] = [(Property, {place.pk})]
    while fresh:
        model, keys = fresh.pop()
        for relation in model._meta.related_objects:
            if relation.on_delete is models.SET_NULL:
                continue
            pointing = relation.related_model
            new = _pointing(pointing, relation.field.name, keys) - found[pointing]
            found[pointing] |= new
            if new:
                fresh.append((pointing, new))
    return found


def _pointing(model: type[Model], field: str, keys: Iterable[int]) -> set[int]:
    rows = _every(model)
    return {
        pk
        for part in _parts(keys)
        for pk in rows.filter(**{f"{field}__in": part}).values_list("pk", flat=True)
    }


def _delete(belongings: Belongings) -> None:
    """Delete rows in any order: the database looks at references when the transaction ends."""
    for model, keys in belongings.items():
        for part in _parts(keys):
            rows = _every(model).filter(pk__in=part)
            # Django's own way asks what points at each row, which is known by now, and refuses.
            rows._raw_delete(rows.db)  # noqa: SLF001 - there is no other way around it


def _every(model: type[Model]) -> QuerySet[Model]:
    """Select all rows of a table, those too that its usual manager leaves out."""
    return model._base_manager.order_by()  # noqa: SLF001 - Django's name for exactly that


def _parts(keys: Iterable[int]) -> Iterator[list[int]]:
    ordered = sorted(keys)
    for start in range(0, len(ordered), _AT_ONCE):
        yield ordered[start : start + _AT_ONCE]


def _files(belongings: Belongings) -> Iterator[Path]:
    for folder, model, column in (
        (document_folder(), BillDocument, "stored_as"),
        (file_folder(), PreparedFile, "sha256"),
        (statement_folder(), Statement, "pdf_sha256"),
    ):
        suffix = ".pdf" if model is Statement else ""
        for part in _parts(belongings.get(model, ())):
            rows = _every(model).filter(pk__in=part)
            for name in rows.exclude(**{column: ""}).values_list(column, flat=True):
                yield folder / f"{name}{suffix}"


def _remove(files: Iterable[Path]) -> None:
    for path in files:
        path.unlink(missing_ok=True)
