"""`manage.py demo_people`: a portfolio and people to try MeterBase with."""

from __future__ import annotations

from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from portfolios.models import Portfolio, Role, User
from portfolios.operations.portfolios import set_role

PEOPLE = {
    "maria.manager": ("Maria", "Santos", Role.MANAGER),
    "amir.accountant": ("Amir", "Haddad", Role.ACCOUNTANT),
    "vera.viewer": ("Vera", "Lindqvist", Role.VIEWER),
}
SUPPORT = "sam.support"
PORTFOLIO = "Lakeside Portfolio"


class Command(BaseCommand):
    """Make people whose password is known: for a demonstration only."""

    help = "Make the demonstration's portfolio and people. Refused where real people are."

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the password."""
        parser.add_argument("--password", required=True, help="the password of all of them")

    @transaction.atomic
    def handle(self, *_args: Any, password: str, **_options: Any) -> None:
        """Make the people that are not there yet."""
        if User.objects.exclude(username__in=[*PEOPLE, SUPPORT]).exists():
            raise CommandError(
                "This installation has people of its own; the demonstration's people, whose "
                "password is known, are not made here."
            )
        now = timezone.now()
        portfolio, _made = Portfolio.objects.get_or_create(
            name=PORTFOLIO, defaults={"created_at": now}
        )
        for username, (first, last, role) in PEOPLE.items():
            facts = {"first_name": first, "last_name": last, "email": f"{username}@example.com"}
            user = self._person(username, password, **facts)
            set_role(user=user, portfolio=portfolio, role=role, by=None, now=now)
        self._person(SUPPORT, password, is_staff=True, is_superuser=True)

    @staticmethod
    def _person(username: str, password: str, **facts: Any) -> User:
        user, _made = User.objects.get_or_create(username=username, defaults=facts)
        user.set_password(password)
        user.save()
        return user
