"""What residents are told of a month's charges, frozen, and whom they may ask."""

from __future__ import annotations

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Q

from billing.models.calculation import Charge
from portfolios.models import Lease, Portfolio, Property, User
from portfolios.models.scope import PortfolioRow

LONGEST_DUE_DAYS = 180


class StatementContact(PortfolioRow):
    """Whom residents may ask, and on what terms they pay.

    Shape: without `property` it holds for the whole portfolio; with one, what is filled in there
        goes before the portfolio's.
    Units: days, from the day on which a statement is issued.
    """

    portfolio_path = "portfolio"

    portfolio = models.ForeignKey(
        Portfolio, on_delete=models.PROTECT, related_name="statement_contacts"
    )
    property = models.OneToOneField(
        Property,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="statement_contact",
    )
    agent_name = models.CharField(max_length=200, blank=True)
    agent_address = models.CharField(max_length=300, blank=True)
    agent_phone = models.CharField(max_length=40, blank=True)
    agent_email = models.CharField(max_length=254, blank=True)
    questions = models.CharField(max_length=500, blank=True)
    disputes = models.CharField(max_length=500, blank=True)
    records_place = models.CharField(max_length=500, blank=True)
    regulator = models.CharField(max_length=500, blank=True)
    due_days = models.PositiveSmallIntegerField(
        null=True, blank=True, validators=[MaxValueValidator(LONGEST_DUE_DAYS)]
    )
    late_terms = models.CharField(max_length=500, blank=True)
    leak_repair = models.CharField(max_length=500, blank=True)
    set_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["portfolio"],
                condition=Q(property__isnull=True),
                name="statement_contact_one_per_portfolio",
            ),
            models.CheckConstraint(
                condition=Q(due_days__isnull=True) | Q(due_days__lte=LONGEST_DUE_DAYS),
                name="statement_contact_due_days_bounded",
            ),
        ]

    def __str__(self) -> str:
        return f"Statement contact of {self.property or self.portfolio}"


class Statement(PortfolioRow):
    """What a resident was told of one month: never changed once it is issued.

    Shape: `content` is what `billing.statements.content` writes, and `digest` its SHA-256; a later
        version replaces an earlier one, which is kept. `pdf_sha256` is empty until it is printed
        for the first time; every print after it has the same bytes.
    Units: cents.
    """

    portfolio_path = "property__portfolio"

    property = models.ForeignKey(Property, on_delete=models.PROTECT, related_name="statements")
    lease = models.ForeignKey(Lease, on_delete=models.PROTECT, related_name="statements")
    month = models.DateField()
    version = models.PositiveIntegerField()
    content = models.JSONField()
    digest = models.CharField(max_length=64)
    total_cents = models.BigIntegerField("total")
    pdf_sha256 = models.CharField("SHA-256 of the PDF", max_length=64, blank=True)
    issued_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-month", "lease", "-version"]
        indexes = [models.Index(fields=["property", "month"], name="statement_by_month")]
        constraints = [
            models.UniqueConstraint(
                fields=["lease", "month", "version"], name="statement_version_once"
            ),
            models.CheckConstraint(condition=Q(month__day=1), name="statement_month_is_a_first"),
            models.CheckConstraint(condition=Q(version__gte=1), name="statement_version_from_one"),
            models.CheckConstraint(condition=~Q(digest=""), name="statement_has_digest"),
        ]

    def __str__(self) -> str:
        return f"Statement of {self.month:%B %Y} for {self.lease}, version {self.version}"


class StatementCharge(PortfolioRow):
    """A charge that a statement tells of.

    Units: cents.
    """

    portfolio_path = "statement__property__portfolio"

    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="statement_lines")
    amount_cents = models.BigIntegerField("amount")

    class Meta:
        ordering = ["statement", "charge"]
        constraints = [
            models.UniqueConstraint(fields=["statement", "charge"], name="statement_charge_once"),
        ]

    def __str__(self) -> str:
        return f"{self.charge} on {self.statement}"
