"""Lists of units that people bring as files: what was read, what it changed, what it was before."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolios.models.people import User
from portfolios.models.place import Property, Unit, UnitField
from portfolios.models.scope import PortfolioRow


class UnitImportState(models.TextChoices):
    """How far an import came."""

    PREVIEW = "preview", "Not confirmed yet"
    APPLIED = "applied", "Applied"
    UNDONE = "undone", "Undone"
    DISCARDED = "discarded", "Discarded"


def _both_or_neither(name: str) -> Q:
    at, by = f"{name}_at__isnull", f"{name}_by__isnull"
    return Q(**{at: True, by: True}) | Q(**{at: False, by: False})


class UnitImport(PortfolioRow):
    """A file with values of a property's units; nothing of it counts before somebody confirms.

    Shape: `columns` and `ignored` are names of columns, `notices` sentences on the whole file;
        `findings` are the remarks of the reading, and once confirmed those of the matching too,
        each an object with row, column, message, weight and field.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="unit_imports")
    file_name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    size = models.PositiveIntegerField()
    state = models.CharField(
        max_length=20, choices=UnitImportState.choices, default=UnitImportState.PREVIEW
    )
    columns = models.JSONField(default=list, blank=True)
    ignored = models.JSONField(default=list, blank=True)
    notices = models.JSONField(default=list, blank=True)
    findings = models.JSONField(default=list, blank=True)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()
    applied_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    applied_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField("undone or discarded at", null=True, blank=True)

    class Meta:
        ordering = ["-uploaded_at", "-id"]
        indexes = [models.Index(fields=["property", "sha256"], name="unit_import_same_file")]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=UnitImportState.values), name="unit_import_state_known"
            ),
            models.CheckConstraint(
                condition=_both_or_neither("applied"), name="unit_import_applied_paired"
            ),
            models.CheckConstraint(
                condition=_both_or_neither("ended"), name="unit_import_ended_paired"
            ),
            models.CheckConstraint(
                condition=Q(state__in=["applied", "undone"], applied_at__isnull=False)
                | Q(state__in=["preview", "discarded"], applied_at__isnull=True),
                name="unit_import_applied_when_said",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["undone", "discarded"], ended_at__isnull=False)
                | Q(state__in=["preview", "applied"], ended_at__isnull=True),
                name="unit_import_ended_when_said",
            ),
            models.UniqueConstraint(
                fields=["property", "sha256"],
                condition=Q(state="preview"),
                name="unit_import_one_preview_per_file",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_name}, for {self.property}"


class UnitImportRow(PortfolioRow):
    """A row of the file that speaks of a unit, as it was understood.

    Shape: `values` by field, as typed values are stored; `odd` are the fields that stand out;
        `cells` are the columns that were read, by heading, as they came.
    """

    portfolio_path = "unit_import__property__portfolio"

    unit_import = models.ForeignKey(UnitImport, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField("row in the file")
    unit_text = models.CharField("unit as written", max_length=200, blank=True)
    unit_id_text = models.CharField("unit id as written", max_length=200, blank=True)
    building_text = models.CharField("building as written", max_length=200, blank=True)
    property_text = models.CharField("property as written", max_length=200, blank=True)
    values = models.JSONField(default=dict, blank=True)
    odd = models.JSONField(default=list, blank=True)
    cells = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["unit_import", "number"]
        constraints = [
            models.UniqueConstraint(fields=["unit_import", "number"], name="unit_import_row_once"),
        ]

    def __str__(self) -> str:
        return f"Row {self.number} of {self.unit_import.file_name}"


class UnitImportChange(PortfolioRow):
    """One value that an import set, with all that has to come back when it is undone.

    Shape: without `before_value` nobody had typed one; `pms_value` is what the PMS said then, empty
        where it said nothing; `is_restored` stays false for what was changed again since.
    """

    portfolio_path = "unit_import__property__portfolio"

    unit_import = models.ForeignKey(UnitImport, on_delete=models.CASCADE, related_name="changes")
    row_number = models.PositiveIntegerField("row in the file")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="+")
    field = models.CharField(max_length=20, choices=UnitField.choices)
    pms_value = models.CharField("value in the PMS", max_length=20, blank=True)
    before_value = models.CharField(max_length=20, null=True, blank=True)  # noqa: DJ001 - "" is no value
    before_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    before_at = models.DateTimeField(null=True, blank=True)
    before_import = models.ForeignKey(
        UnitImport, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    after_value = models.CharField(max_length=20)
    is_restored = models.BooleanField(default=False)

    class Meta:
        ordering = ["unit_import", "row_number", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit_import", "unit", "field"], name="unit_import_change_once"
            ),
            models.CheckConstraint(
                condition=Q(field__in=UnitField.values), name="unit_import_change_field_known"
            ),
            models.CheckConstraint(
                condition=Q(before_value=None, before_by=None, before_at=None)
                | Q(before_value__isnull=False, before_by__isnull=False, before_at__isnull=False),
                name="unit_import_change_before_whole",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of {self.unit}: {self.after_value}"
