"""Mails that tell people what happened or waits, and what each person wants to be told."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from portfolios.models.people import Portfolio, User


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    APPROVAL_WAITING = "approval_waiting", "A calculation waits for your approval"
    SENT_BACK = "sent_back", "A calculation of yours was sent back"
    JOB_FAILED = "job_failed", "A job ended with charges that failed"
    LOGIN_NEEDED = "login_needed", "A connection needs a new login"
    BILLS_MISSING = "bills_missing", "Bills are missing"
    DIGEST = "digest", "Digest of what waits for you"


class NoticeState(models.TextChoices):
    """What became of a notice."""

    QUEUED = "queued", "Waiting to be sent"
    SENT = "sent", "Sent"
    FAILED = "failed", "Not sent yet"
    GIVEN_UP = "given_up", "Given up"
    NOT_WANTED = "not_wanted", "Not mailed"


class NoticeWhen(models.TextChoices):
    """When a person wants to be told of something."""

    AT_ONCE = "at_once", "At once"
    IN_DIGEST = "in_digest", "In the digest only"
    DAILY = "daily", "Monday to Friday"
    WEEKLY = "weekly", "On Mondays"
    OFF = "off", "Never"


_OPEN = ["queued", "failed"]
_EVENT_CHOICES = ["at_once", "in_digest", "off"]
_DIGEST_CHOICES = ["daily", "weekly", "off"]


class Notice(models.Model):
    """One mail to one person about one event, kept whether it was sent or not.

    Shape: `subject` names the event among those of its kind, so that nobody is told of it twice.
        `next_at` is when a worker may take it: taking it moves it on by a lease, and `token` names
        who took it. From `handed_at` on the mail server may have it. `about` and `path` say what it
        is about and where to look; `headline` is the mail's subject line, as it was sent.
        `outcome` is the last error, or why it was not mailed. A digest has no portfolio.
    """

    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    subject = models.CharField("event", max_length=80)
    person = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notices")
    portfolio = models.ForeignKey(
        Portfolio, null=True, blank=True, on_delete=models.CASCADE, related_name="notices"
    )
    about = models.CharField(max_length=200)
    path = models.CharField(max_length=200)
    state = models.CharField(max_length=20, choices=NoticeState.choices, default=NoticeState.QUEUED)
    outcome = models.CharField(max_length=500, blank=True)
    tries = models.PositiveIntegerField(default=0)
    next_at = models.DateTimeField()
    token = models.CharField(max_length=32, blank=True)
    handed_at = models.DateTimeField("handed to the mail server", null=True, blank=True)
    headline = models.CharField(max_length=200, blank=True)
    address = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_at"], condition=Q(state__in=_OPEN), name="notice_due"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject", "person"], name="notice_once_per_event_and_person"
            ),
            models.CheckConstraint(
                condition=Q(kind__in=NoticeKind.values), name="notice_kind_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=NoticeState.values), name="notice_state_known"
            ),
            models.CheckConstraint(
                condition=Q(state__in=_OPEN, finished_at__isnull=True)
                | (~Q(state__in=_OPEN) & Q(finished_at__isnull=False)),
                name="notice_ended_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="sent")
                | (~Q(address="") & ~Q(headline="") & Q(handed_at__isnull=False)),
                name="notice_sent_says_where_and_what",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["failed", "given_up", "not_wanted"]) | ~Q(outcome=""),
                name="notice_unsent_says_why",
            ),
            models.CheckConstraint(
                condition=Q(kind="digest", portfolio__isnull=True)
                | (~Q(kind="digest") & Q(portfolio__isnull=False)),
                name="notice_digest_alone_has_no_portfolio",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.about}"


class NoticeChoice(models.Model):
    """When a person wants to be told of one kind; without a row it is as usual."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_choices")
    kind = models.CharField(max_length=20, choices=NoticeKind.choices)
    choice = models.CharField(max_length=20, choices=NoticeWhen.choices)

    class Meta:
        ordering = ["user", "kind"]
        constraints = [
            models.UniqueConstraint(fields=["user", "kind"], name="notice_choice_once"),
            models.CheckConstraint(
                condition=Q(kind="digest", choice__in=_DIGEST_CHOICES)
                | (
                    Q(kind__in=[kind for kind in NoticeKind.values if kind != "digest"])
                    & Q(choice__in=_EVENT_CHOICES)
                ),
                name="notice_choice_fits_kind",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}, {self.get_kind_display()}: {self.get_choice_display()}"


class NoticeMute(models.Model):
    """A portfolio of which a person wants to be told nothing."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="notice_mutes")
    portfolio = models.ForeignKey(Portfolio, on_delete=models.CASCADE, related_name="notice_mutes")

    class Meta:
        ordering = ["user", "portfolio"]
        constraints = [
            models.UniqueConstraint(fields=["user", "portfolio"], name="notice_mute_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user}: nothing of {self.portfolio}"
