"""What a utility billed for a property."""

from __future__ import annotations

import builtins

from django.db import models
from django.db.models import F, Q

from billing.rubs.bill_lines import LineKind as RubsLineKind
from billing.rubs.bill_lines import Spread as RubsSpread
from meterbase.lib.periods import Period
from portfolios.models import Property, Unit, User
from portfolios.models.scope import PortfolioRow


class Utility(models.TextChoices):
    """What is supplied."""

    ELECTRIC = "electric", "Electricity"
    GAS = "gas", "Gas"
    WATER = "water", "Water"
    SEWER = "sewer", "Sewer"
    TRASH = "trash", "Trash"
    INTERNET = "internet", "Internet"


class StandingBills(models.Manager["UtilityBill"]):
    """The bills that nobody has voided."""

    def get_queryset(self) -> models.QuerySet[UtilityBill]:
        """Leave out what was voided."""
        return super().get_queryset().filter(voided_at__isnull=True)


class UtilityBill(PortfolioRow):
    """One bill for one service period: the start day belongs to it, the end day does not.

    Shape: one that was entered wrongly and is none is voided, never deleted; only `everything` and
        the rows that point to it still find it.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="bills")
    utility = models.CharField(max_length=20, choices=Utility.choices)
    account_number = models.CharField(max_length=60, blank=True)
    period_start = models.DateField("service from")
    period_end = models.DateField("service to")
    amount_cents = models.BigIntegerField("amount")
    usage = models.DecimalField(max_digits=14, decimal_places=3, null=True, blank=True)
    usage_unit = models.CharField(max_length=20, blank=True)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()
    voided_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    voided_at = models.DateTimeField(null=True, blank=True)
    voided_because = models.TextField(blank=True)

    objects = StandingBills()
    everything = models.Manager["UtilityBill"]()

    class Meta:
        ordering = ["-period_start", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(period_end__gt=F("period_start")), name="bill_period_not_empty"
            ),
            models.CheckConstraint(condition=~Q(amount_cents=0), name="bill_amount_not_zero"),
            models.CheckConstraint(
                condition=Q(utility__in=Utility.values), name="bill_utility_known"
            ),
            models.UniqueConstraint(
                fields=["property", "utility", "account_number", "period_start", "period_end"],
                condition=Q(voided_at__isnull=True),
                name="bill_once_per_account_and_period",
            ),
            models.CheckConstraint(
                condition=Q(voided_at__isnull=True, voided_by__isnull=True, voided_because="")
                | (Q(voided_at__isnull=False, voided_by__isnull=False) & ~Q(voided_because="")),
                name="bill_voided_by_at_and_why",
            ),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_utility_display()} bill of {self.property}, "
            f"{self.period_start} to {self.period_end}"
        )

    @builtins.property  # the column "property" has taken the short name
    def period(self) -> Period:
        """Tell the service period."""
        return Period(self.period_start, self.period_end)


class LineKind(models.TextChoices):
    """What a line of the invoice is for."""

    USAGE = RubsLineKind.USAGE.value, "Usage"
    BASE_CHARGE = RubsLineKind.BASE_CHARGE.value, "Base charge per dwelling"
    SERVICE_CHARGE = RubsLineKind.SERVICE_CHARGE.value, "Customer service charge"
    TAX = RubsLineKind.TAX.value, "Tax"
    SURCHARGE = RubsLineKind.SURCHARGE.value, "Surcharge"
    CREDIT = RubsLineKind.CREDIT.value, "Credit"
    IRRIGATION = RubsLineKind.IRRIGATION.value, "Irrigation"
    LATE_FEE = RubsLineKind.LATE_FEE.value, "Late fee"
    RECONNECTION = RubsLineKind.RECONNECTION.value, "Disconnection or reconnection"
    DEPOSIT = RubsLineKind.DEPOSIT.value, "Deposit"
    PRIOR_BALANCE = RubsLineKind.PRIOR_BALANCE.value, "Prior balance"
    OTHER = RubsLineKind.OTHER.value, "Other"


class Spread(models.TextChoices):
    """How a line is passed on."""

    SHARED = RubsSpread.SHARED.value, "Shared by the rule"
    ALL_UNITS = RubsSpread.ALL_UNITS.value, "The same for every unit, vacant ones too"
    OCCUPIED_UNITS = RubsSpread.OCCUPIED_UNITS.value, "The same for every occupied unit"
    OWNER = RubsSpread.OWNER.value, "Not passed on"


class UtilityBillLine(PortfolioRow):
    """A line of a bill; a bill without lines is all usage.

    Shape: without `spread` the line is passed on as is usual for its kind.
    Units: cents.
    """

    portfolio_path = "bill__property__portfolio"

    bill = models.ForeignKey(UtilityBill, on_delete=models.CASCADE, related_name="lines")
    position = models.PositiveIntegerField()
    kind = models.CharField(max_length=20, choices=LineKind.choices)
    name = models.CharField(max_length=100, blank=True)
    amount_cents = models.BigIntegerField("amount")
    spread = models.CharField(max_length=20, choices=Spread.choices, blank=True)

    class Meta:
        ordering = ["bill", "position"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "position"], name="bill_line_position_once"),
            models.CheckConstraint(
                condition=Q(kind__in=LineKind.values), name="bill_line_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(spread__in=["", *Spread.values]), name="bill_line_spread_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name or self.get_kind_display()} of {self.bill}"


class SubmeterReading(PortfolioRow):
    """What a unit's own meter counted over a bill's period."""

    portfolio_path = "bill__property__portfolio"

    bill = models.ForeignKey(UtilityBill, on_delete=models.CASCADE, related_name="readings")
    unit = models.ForeignKey(Unit, on_delete=models.PROTECT, related_name="readings")
    usage = models.DecimalField(max_digits=14, decimal_places=3)
    entered_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    entered_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["bill", "unit"], name="reading_once_per_bill"),
            models.CheckConstraint(condition=Q(usage__gte=0), name="reading_not_negative"),
        ]

    def __str__(self) -> str:
        return f"Reading of unit {self.unit} for {self.bill}"


class BillFlagKind(models.TextChoices):
    """What looks wrong with a bill."""

    DUPLICATE = "duplicate", "Looks like another bill"
    OVERLAP = "overlap", "Overlaps another bill"
    GAP = "gap", "Days without a bill before it"
    SPIKE = "spike", "Cost per day far from usual"


class BillFlag(PortfolioRow):
    """Something about a bill that somebody has to look at before it goes into review."""

    portfolio_path = "bill__property__portfolio"

    bill = models.ForeignKey(UtilityBill, on_delete=models.CASCADE, related_name="flags")
    kind = models.CharField(max_length=20, choices=BillFlagKind.choices)
    message = models.TextField()
    found_at = models.DateTimeField()
    cleared_by = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    cleared_at = models.DateTimeField(null=True, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "kind"], name="bill_flag_once_per_kind"),
            models.CheckConstraint(
                condition=Q(cleared_by__isnull=True, cleared_at__isnull=True, note="")
                | (Q(cleared_by__isnull=False, cleared_at__isnull=False) & ~Q(note="")),
                name="bill_flag_cleared_by_at_and_why",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=BillFlagKind.values), name="bill_flag_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.bill}"


class BillDocument(PortfolioRow):
    """The utility's own bill, as a file outside the web root."""

    portfolio_path = "bill__property__portfolio"

    bill = models.OneToOneField(UtilityBill, on_delete=models.CASCADE, related_name="document")
    stored_as = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200)
    content_type = models.CharField(max_length=60)
    size = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    uploaded_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.name

    @builtins.property
    def is_picture(self) -> bool:
        """Tell whether it is a picture; a PDF is shown in a frame."""
        return self.content_type.startswith("image/")
