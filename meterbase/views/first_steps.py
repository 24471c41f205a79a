"""The way from an empty installation to the first bill, with what is done already."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse

from billing.models import ShareRule
from integrations.models import Connection
from portfolios import access
from portfolios.models import Portfolio, Property, Unit, User


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the way; `url` is where it is done."""

    title: str
    body: str
    url: str
    done: bool
    is_next: bool = False


def first_steps(user: User) -> list[Step]:
    """Say what to do until the first bill is entered."""
    place = access.rows(Property, user=user).order_by("name", "pk").first()
    steps = [*_steps_to_data(user, place), *_steps_to_bill(user, place)]
    following = next((number for number, step in enumerate(steps) if not step.done), None)
    return [
        Step(step.title, step.body, step.url, step.done, number == following)
        for number, step in enumerate(steps)
    ]


def _steps_to_data(user: User, place: Property | None) -> list[Step]:
    connections = reverse("integrations:propexo")
    sync = reverse("integrations:property-sync", args=[place.pk]) if place else ""
    return [
        Step(
            "Have a portfolio",
            "A set of properties, and the people who look after them.",
            reverse("portfolios:portfolio-list"),
            access.rows(Portfolio, user=user).exists(),
        ),
        Step(
            "Connect your PMS",
            "MeterBase reads it, and posts charges to it, through Propexo.",
            connections,
            access.rows(Connection, user=user).exists(),
        ),
        Step(
            "Import a property",
            "Choose what to bring over; nothing is changed in the PMS.",
            connections,
            place is not None,
        ),
        Step(
            "Sync it",
            "Its units, leases and residents are read from the PMS.",
            sync,
            access.rows(Unit, user=user).exists(),
        ),
    ]


def _steps_to_bill(user: User, place: Property | None) -> list[Step]:
    rules = reverse("billing:property-rules", args=[place.pk]) if place else ""
    enter = reverse("billing:bill-create", args=[place.pk]) if place else ""
    return [
        Step(
            "Set a share rule",
            "It says how the bills of one utility are divided over the units.",
            rules,
            access.rows(ShareRule, user=user).exists(),
        ),
        Step(
            "Enter the first bill",
            "The service period and the amount are enough; then calculate it. Somebody else "
            "approves the calculation, and its charges are posted to the PMS.",
            enter,
            done=False,
        ),
    ]
