"""What was done to a property and to every row that belongs to it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

from django.apps import apps
from django.db.models import CharField, Q, QuerySet
from django.db.models.functions import Cast

from portfolios.models import AuditEvent, Property
from portfolios.models.scope import PortfolioRow

_WAY = "property__portfolio"


def events_of(place: Property) -> QuerySet[AuditEvent]:
    """Select the audit events of a property and its rows, the newest first."""
    of_place = Q(subject_type=Property._meta.label_lower, subject_id=str(place.pk))
    for model, path in _tables():
        ids = model._default_manager.filter(**{path: place}).order_by()
        text = ids.annotate(subject=Cast("pk", CharField())).values("subject")
        of_place |= Q(subject_type=model._meta.label_lower, subject_id__in=text)
    return AuditEvent.objects.filter(of_place).order_by("-at", "-pk")


@cache
def _tables() -> tuple[tuple[type[PortfolioRow], str], ...]:
    """Find every table whose rows belong to one property, and the lookup that leads there."""
    return tuple(_paths(apps.get_models()))


def _paths(models: Iterable[type]) -> Iterable[tuple[type[PortfolioRow], str]]:
    for model in models:
        if not issubclass(model, PortfolioRow):
            continue
        if model.portfolio_path.endswith(_WAY):
            yield model, model.portfolio_path.removesuffix("__portfolio")
        elif any(field.name == "property" for field in model._meta.get_fields()):
            yield model, "property"
