"""Whom a property's residents may ask, and what of that a place asks for."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q

from billing.models import StatementContact
from billing.rubs.rules import Item
from portfolios.models import Portfolio, Property, User
from portfolios.operations.audit import record_event


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """Whom residents may ask, and on what terms they pay; empty and None are not known.

    Units: days, from the day on which a statement is issued.
    """

    agent_name: str = ""
    agent_address: str = ""
    agent_phone: str = ""
    agent_email: str = ""
    questions: str = ""
    disputes: str = ""
    records_place: str = ""
    regulator: str = ""
    due_days: int | None = None
    late_terms: str = ""
    leak_repair: str = ""

    @property
    def agent(self) -> str:
        """Write the owner or agent with address and telephone, as far as they are known."""
        known = (self.agent_name, self.agent_address, self.agent_phone, self.agent_email)
        return ", ".join(filter(None, known))

    def due_on(self, issued: date) -> date | None:
        """Find the day on which a statement of a day is due."""
        return None if self.due_days is None else issued + timedelta(days=self.due_days)

    def tell(self, item: Item) -> str | None:
        """Say what a place asks for; None when it is not known, or only in part."""
        if item is Item.AGENT_CONTACT:
            whole = self.agent_name and self.agent_address and self.agent_phone
            return self.agent if whole else None
        if item is Item.DUE_DATE:
            return None if self.due_days is None else f"{self.due_days} days after it is issued"
        return getattr(self, _FIELDS[item]) or None if item in _FIELDS else None


_FIELDS = {
    Item.DISPUTE_CONTACT: "disputes",
    Item.RIGHT_TO_INSPECT: "records_place",
    Item.REGULATOR: "regulator",
    Item.LATE_TERMS: "late_terms",
    Item.LEAK_REPAIR: "leak_repair",
}
# What the form asks for: a statement that needs one of these waits until somebody fills it in.
TOLD_BY_CONTACT = frozenset({Item.AGENT_CONTACT, Item.DUE_DATE, *_FIELDS})


def contact_for(place: Property) -> Contact:
    """Read a property's contact: its own values go before those of its portfolio."""
    return _over(_stored(place.portfolio_id, place), _stored(place.portfolio_id, None))


def own_contact(portfolio: Portfolio, place: Property | None) -> StatementContact | None:
    """Find what was stored for a property, or for the whole portfolio, and by whom."""
    of_place = Q(property=place) if place else Q(property__isnull=True)
    stored = StatementContact.objects.filter(of_place, portfolio=portfolio)
    return stored.select_related("set_by").first()


def as_contact(stored: StatementContact | None) -> Contact:
    """Give the values of a stored row."""
    if stored is None:
        return Contact()
    return Contact(**{field.name: getattr(stored, field.name) for field in fields(Contact)})


@transaction.atomic
def set_contact(
    *,
    portfolio: Portfolio,
    place: Property | None,
    contact: Contact,
    by: User,
    now: datetime,
) -> None:
    """Keep whom residents may ask, for a property or for the whole portfolio.

    Shape: statements that were issued before keep what they said.
    Effects: a row, an audit event when anything changed.
    """
    # The row lock makes two people who save at once take turns.
    Portfolio.objects.select_for_update().get(pk=portfolio.pk)
    before = _values(as_contact(own_contact(portfolio, place)))
    after = _values(contact)
    changed = [name for name in after if before[name] != after[name]]
    if not changed:
        return
    StatementContact.objects.update_or_create(
        portfolio=portfolio, property=place, defaults={**after, "set_by": by, "set_at": now}
    )
    record_event(
        verb="statement_contact.set",
        subject=place or portfolio,
        by=by,
        now=now,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )


def _stored(portfolio_id: int, place: Property | None) -> Contact:
    of_place = Q(property=place) if place else Q(property__isnull=True)
    return as_contact(StatementContact.objects.filter(of_place, portfolio=portfolio_id).first())


def _over(own: Contact, general: Contact) -> Contact:
    names = _values(own)
    values: dict[str, Any] = {
        name: getattr(general, name) if value in ("", None) else value
        for name, value in names.items()
    }
    return Contact(**values)


def _values(contact: Contact) -> dict[str, str | int | None]:
    return {field.name: getattr(contact, field.name) for field in fields(Contact)}
