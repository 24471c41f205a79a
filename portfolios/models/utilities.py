"""Who serves which ZIP code, as public data says it, and who serves a property."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolios.models.people import User
from portfolios.models.place import Property
from portfolios.models.scope import PortfolioRow


class Commodity(models.TextChoices):
    """What is supplied, as far as public data knows by whom."""

    ELECTRIC = "electric", "Electricity"
    WATER = "water", "Water"
    GAS = "gas", "Gas"


class ReferenceKind(models.TextChoices):
    """What a file of reference data holds."""

    ZIP_CODES = "zip_codes", "ZIP codes"
    UTILITIES = "utilities", "Utilities"
    ZIP_UTILITIES = "zip_utilities", "Utilities by ZIP code"
    OPENEI_IOU = "openei_iou", "OpenEI, investor-owned utilities by ZIP code"
    OPENEI_NON_IOU = "openei_non_iou", "OpenEI, other utilities by ZIP code"


class Dataset(models.TextChoices):
    """Which rows a new release replaces: those of its own set, never those of another."""

    COMPACT = "compact", "Compact set"
    OPENEI_IOU = "openei_iou", "OpenEI, investor-owned"
    OPENEI_NON_IOU = "openei_non_iou", "OpenEI, not investor-owned"


class Confidence(models.TextChoices):
    """How sure a source is of its first candidate."""

    HIGH = "high", "High"
    MEDIUM = "medium", "Medium"
    LOW = "low", "Low"


class ReferenceRelease(models.Model):
    """One load of reference data that brought something new."""

    loaded_at = models.DateTimeField()
    loaded_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    counts = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"Reference data {self.pk} of {self.loaded_at:%Y-%m-%d}"


class ReferenceFile(models.Model):
    """A file of a release."""

    release = models.ForeignKey(ReferenceRelease, on_delete=models.CASCADE, related_name="files")
    kind = models.CharField(max_length=20, choices=ReferenceKind.choices)
    name = models.CharField(max_length=200)
    sha256 = models.CharField(max_length=64)
    row_count = models.PositiveIntegerField("rows")
    sources = models.JSONField(default=list)

    class Meta:
        ordering = ["release", "kind"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "kind"], name="reference_file_once_per_kind"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=ReferenceKind.values), name="reference_file_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class ZipCode(models.Model):
    """A ZIP code and where it is."""

    zip_code = models.CharField("ZIP code", max_length=5, unique=True)
    city = models.CharField(max_length=100, blank=True)
    state = models.CharField(max_length=2, blank=True)
    county = models.CharField(max_length=100, blank=True)
    county_fips = models.CharField("county's FIPS code", max_length=5, blank=True)
    latitude = models.FloatField(null=True, blank=True)
    longitude = models.FloatField(null=True, blank=True)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "ZIP code"
        ordering = ["zip_code"]
        indexes = [models.Index(fields=["state", "city"], name="zip_code_by_city")]

    def __str__(self) -> str:
        return self.zip_code


class UtilityProvider(models.Model):
    """A utility as the reference data names it; one that left the data is retired, not deleted."""

    dataset = models.CharField(max_length=20, choices=Dataset.choices)
    commodity = models.CharField(max_length=10, choices=Commodity.choices)
    utility_key = models.CharField(max_length=100)
    name = models.CharField(max_length=200)
    state = models.CharField(max_length=2, blank=True)
    ownership = models.CharField(max_length=60, blank=True)
    eia_id = models.CharField("EIA id", max_length=10, blank=True)
    eia_id_match = models.CharField("how the EIA id was found", max_length=20, blank=True)
    pwsid = models.CharField("public water system id", max_length=20, blank=True)
    population_served = models.PositiveIntegerField(null=True, blank=True)
    service_area_type = models.CharField(max_length=60, blank=True)
    zip_count = models.PositiveIntegerField("ZIP codes", null=True, blank=True)
    source = models.CharField(max_length=60)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["commodity", "name", "id"]
        indexes = [models.Index(fields=["commodity", "state"], name="utility_by_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["commodity", "utility_key"], name="utility_once_per_commodity"
            ),
            models.CheckConstraint(
                condition=Q(commodity__in=Commodity.values), name="utility_commodity_known"
            ),
            models.CheckConstraint(
                condition=Q(dataset__in=Dataset.values), name="utility_dataset_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UtilityArea(models.Model):
    """A ZIP code that a utility serves, or may serve: a candidate, not an answer.

    Shape: rank 0 where the source does not rank; `confidence` only on the first in rank.
    """

    dataset = models.CharField(max_length=20, choices=Dataset.choices)
    zip_code = models.CharField("ZIP code", max_length=5)
    commodity = models.CharField(max_length=10, choices=Commodity.choices)
    utility = models.ForeignKey(UtilityProvider, on_delete=models.PROTECT, related_name="areas")
    rank = models.PositiveSmallIntegerField()
    confidence = models.CharField(max_length=10, choices=Confidence.choices, blank=True)
    source = models.CharField(max_length=60)
    retired_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["zip_code", "commodity", "rank", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["zip_code", "commodity", "utility"], name="utility_area_once"
            ),
            models.CheckConstraint(
                condition=Q(commodity__in=Commodity.values), name="utility_area_commodity_known"
            ),
            models.CheckConstraint(
                condition=Q(confidence__in=["", *Confidence.values]),
                name="utility_area_confidence_known",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.zip_code}: {self.utility}"


class LookUpStatus(models.TextChoices):
    """What the reference data says about a ZIP code."""

    MATCHED = "matched", "Found"
    CHOOSE = "choose", "To be chosen"
    NOT_COVERED = "not_covered", "Not covered"
    UNKNOWN_ZIP = "unknown_zip", "ZIP code not known"
    INVALID_ZIP = "invalid_zip", "No ZIP code"
    NO_REFERENCE_DATA = "no_reference_data", "No reference data"
    STATE_DIFFERS = "state_differs", "ZIP code of another state"


class UtilityChoice(models.TextChoices):
    """How a property came to its utility; a person stands behind all but the first two."""

    OPEN = "open", "Not chosen yet"
    AUTOMATIC = "automatic", "Found by ZIP code"
    LISTED = "listed", "Chosen from the list"
    TYPED = "typed", "Typed by hand"
    NO_SERVICE = "no_service", "No such service here"


CONFIRMED_CHOICES = (UtilityChoice.LISTED, UtilityChoice.TYPED, UtilityChoice.NO_SERVICE)
_WITH_UTILITY = (UtilityChoice.AUTOMATIC, UtilityChoice.LISTED)


class PropertyUtility(PortfolioRow):
    """Who supplies a property with one commodity, and what the last look-up said about it.

    Shape: `candidates` are the keys of the utilities that the look-up named, the best first;
        `changed_at` is set while nobody has looked at a change of them.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.CASCADE, related_name="utilities")
    commodity = models.CharField(max_length=10, choices=Commodity.choices)
    choice = models.CharField(
        max_length=12, choices=UtilityChoice.choices, default=UtilityChoice.OPEN
    )
    utility = models.ForeignKey(
        UtilityProvider, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    typed_name = models.CharField(max_length=200, blank=True)
    confirmed_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    status = models.CharField(max_length=20, choices=LookUpStatus.choices)
    zip_code = models.CharField("ZIP code that was looked up", max_length=5, blank=True)
    candidates = models.JSONField(default=list, blank=True)
    looked_up_at = models.DateTimeField()
    release = models.ForeignKey(
        ReferenceRelease, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    changed_at = models.DateTimeField("candidates changed at", null=True, blank=True)

    class Meta:
        verbose_name_plural = "property utilities"
        ordering = ["property", "commodity"]
        constraints = [
            models.UniqueConstraint(fields=["property", "commodity"], name="property_utility_once"),
            models.CheckConstraint(
                condition=Q(commodity__in=Commodity.values), name="property_utility_commodity_known"
            ),
            models.CheckConstraint(
                condition=Q(status__in=LookUpStatus.values), name="property_utility_status_known"
            ),
            models.CheckConstraint(
                condition=Q(choice__in=_WITH_UTILITY, utility__isnull=False, typed_name="")
                | Q(choice=UtilityChoice.TYPED, utility__isnull=True) & ~Q(typed_name="")
                | Q(
                    choice__in=[UtilityChoice.OPEN, UtilityChoice.NO_SERVICE],
                    utility__isnull=True,
                    typed_name="",
                ),
                name="property_utility_choice_whole",
            ),
            models.CheckConstraint(
                condition=Q(
                    choice__in=CONFIRMED_CHOICES,
                    confirmed_at__isnull=False,
                    confirmed_by__isnull=False,
                )
                | Q(
                    choice__in=[UtilityChoice.OPEN, UtilityChoice.AUTOMATIC],
                    confirmed_at__isnull=True,
                    confirmed_by__isnull=True,
                ),
                name="property_utility_confirmed_paired",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_commodity_display()} of {self.property}"
