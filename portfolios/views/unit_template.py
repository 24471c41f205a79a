"""The CSV file that people fill in with the values of a property's units."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.text import slugify
from django.views.decorators.http import require_safe

from portfolios import access
from portfolios.forms import write_value
from portfolios.http import SignedInRequest, signed_in
from portfolios.models import Property, UnitField
from portfolios.queries import UnitFacts, read_units
from portfolios.unit_files.template import write_template


@require_safe
@signed_in
def unit_template(request: SignedInRequest, pk: int) -> HttpResponse:
    """Give the property's units with what is known of them, to fill in and import."""
    place = access.fetch(Property.objects.all(), access.Action.READ, user=request.user, pk=pk)
    rows = [_row(unit) for unit in read_units(place) if not unit.missing]
    answer = HttpResponse(write_template(rows), content_type="text/csv; charset=utf-8")
    name = slugify(place.name)[:60] or "property"
    answer["Content-Disposition"] = f'attachment; filename="units-{name}.csv"'
    return answer


def _row(unit: UnitFacts) -> list[str]:
    # Commas between thousands are for pages: a spreadsheet adds its own.
    values = (write_value(unit.value_of(field)).replace(",", "") for field in UnitField)
    return [unit.propexo_unit_id, unit.building, unit.unit_number, *values]
