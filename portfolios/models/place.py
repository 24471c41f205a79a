"""Properties, their units and leases, and the values that people typed over the PMS's."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from portfolios.models.people import Portfolio, User
from portfolios.models.scope import PortfolioRow

# What a street number and a street need together, with a space between them.
_LONGEST_ADDRESS = 50 + 1 + 255


class Property(PortfolioRow):
    """A building, or several, with one utility bill to share.

    Shape: without `propexo_property_id` it comes from no PMS. `street_number` is how `address`
        begins, where somebody wrote the two apart. Without `updated_at` it is as it was made.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(Portfolio, on_delete=models.PROTECT, related_name="properties")
    propexo_property_id = models.CharField(max_length=100, blank=True, db_index=True)
    name = models.CharField(max_length=255)
    address = models.CharField(max_length=_LONGEST_ADDRESS, blank=True)
    street_number = models.CharField(max_length=50, blank=True)
    city = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=2, blank=True)
    zip_code = models.CharField("ZIP code", max_length=5, blank=True)
    raw_state = models.CharField("state as the PMS writes it", max_length=200, blank=True)
    raw_zip_code = models.CharField("ZIP code as the PMS writes it", max_length=200, blank=True)
    country = models.CharField(max_length=2, default="US")
    unit_count = models.PositiveIntegerField(null=True, blank=True)
    square_footage = models.PositiveIntegerField(null=True, blank=True)
    archived_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    updated_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "properties"
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["propexo_property_id"],
                condition=~Q(propexo_property_id=""),
                name="property_once_per_propexo_id",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Unit(PortfolioRow):
    """A dwelling as the PMS describes it; a number that the PMS lacks is empty, never 0.

    Shape: `last_seen_at` is when a sync found it at Propexo, `propexo_seen_at` when the PMS had
        last shown it to Propexo, where Propexo says so.
    """

    portfolio_path = "property__portfolio"

    # The unique constraint's index serves the property alone as well.
    property = models.ForeignKey(
        Property, on_delete=models.PROTECT, related_name="units", db_index=False
    )
    propexo_unit_id = models.CharField(max_length=100)
    unit_number = models.CharField(max_length=200)
    raw_unit_number = models.CharField("number as the PMS writes it", max_length=200, blank=True)
    building = models.CharField(max_length=200, blank=True)
    sqft = models.PositiveIntegerField("square feet", null=True, blank=True)
    bedrooms = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    bathrooms = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    occupied = models.BooleanField(null=True, blank=True)
    occupant_count = models.PositiveIntegerField("occupants", null=True, blank=True)
    billable = models.BooleanField(default=True)
    raw_status = models.CharField("status in the PMS", max_length=200, blank=True)
    propexo_current_lease_id = models.CharField(max_length=100, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField("last seen in the PMS", null=True, blank=True)
    propexo_seen_at = models.DateTimeField("last shown to Propexo", null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["building", "unit_number", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["property", "propexo_unit_id"], name="unit_once_per_property"
            ),
        ]
        # With what is counted, so that thousands of units need not be looked up.
        indexes = [models.Index(fields=["property", "missing_since"], name="unit_of_property_here")]

    def __str__(self) -> str:
        return unit_label(self.building, self.unit_number)


def unit_label(building: str, unit_number: str) -> str:
    """Name a unit as people do."""
    return f"{building} {unit_number}".strip()


class LeaseStatus(models.TextChoices):
    """Where a lease stands in the PMS."""

    ACTIVE = "active", "Active"
    FUTURE = "future", "Future"
    PAST = "past", "Past"
    MONTH_TO_MONTH = "month_to_month", "Month to month"
    UNKNOWN = "unknown", "Unknown"


class Lease(PortfolioRow):
    """Who lives in a unit, from the start day up to, and without, the end day.

    Shape: `start_date` and `end_date` are the days that count: those on which people came and went
        where the PMS knows them, else those of the contract. Both kinds are kept beside them. Times
        of being seen are as for a unit.
    """

    portfolio_path = "unit__property__portfolio"

    # The unique constraint's index serves the unit alone as well.
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="leases", db_index=False)
    propexo_lease_id = models.CharField(max_length=100)
    propexo_resident_id = models.CharField(max_length=100, blank=True)
    resident_name = models.CharField(max_length=401, blank=True)
    start_date = models.DateField(null=True, blank=True)
    end_date = models.DateField(null=True, blank=True)
    contract_start_date = models.DateField(null=True, blank=True)
    contract_end_date = models.DateField(null=True, blank=True)
    move_in_date = models.DateField(null=True, blank=True)
    move_out_date = models.DateField(null=True, blank=True)
    occupant_count = models.PositiveIntegerField("occupants", null=True, blank=True)
    status = models.CharField(max_length=20, choices=LeaseStatus.choices)
    raw_status = models.CharField("status in the PMS", max_length=200, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField("last seen in the PMS", null=True, blank=True)
    propexo_seen_at = models.DateTimeField("last shown to Propexo", null=True, blank=True)
    missing_since = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["unit", "start_date", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["unit", "propexo_lease_id"], name="lease_once_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(end_date__isnull=True)
                | Q(start_date__isnull=True)
                | Q(end_date__gt=F("start_date")),
                name="lease_period_not_empty",
            ),
            models.CheckConstraint(
                condition=Q(status__in=LeaseStatus.values), name="lease_status_known"
            ),
        ]

    def __str__(self) -> str:
        return f"Lease {self.propexo_lease_id}"


class UnitField(models.TextChoices):
    """The facts of a unit that a person may state against the PMS."""

    SQFT = "sqft", "Square feet"
    BEDROOMS = "bedrooms", "Bedrooms"
    BATHROOMS = "bathrooms", "Bathrooms"
    OCCUPANT_COUNT = "occupant_count", "Occupants"
    OCCUPIED = "occupied", "Occupied"
    BILLABLE = "billable", "Billable"


class UnitOverride(PortfolioRow):
    """A value that a person typed; it wins over the PMS until somebody clears it."""

    portfolio_path = "unit__property__portfolio"

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="overrides")
    field = models.CharField(max_length=20, choices=UnitField.choices)
    value = models.CharField(max_length=20)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    unit_import = models.ForeignKey(
        "UnitImport",
        verbose_name="from the file",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="overrides",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["unit", "field"], name="override_once_per_field"),
            models.CheckConstraint(
                condition=Q(field__in=UnitField.values), name="override_field_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_field_display()} of {self.unit}: {self.value}"
