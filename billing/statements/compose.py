"""Composing what a resident is told: the account of every bill, and what the place asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from django.utils.dateformat import format as format_date

from billing.models import Posting, Utility
from billing.place_review import propose
from billing.queries import LET_GO, MAY_BE_CHARGED
from billing.rubs.rules import Item, StatementField, statement_fields
from billing.statements.account import BillAccount, steps_of
from billing.statements.contacts import TOLD_BY_CONTACT, Contact, contact_for
from billing.statements.content import Content, Pair, PaperLine, Section
from billing.statements.facts import tell
from billing.statements.month import LeaseMonth, SharedBill
from billing.statements.suppliers import COMMODITIES, suppliers_of
from meterbase.lib.money import format_dollars
from portfolios.models import Property

_TOO_FEW_TO_ADD_UP = 2
# What every statement tells, wherever the property is; amounts stand in a table of their own.
_ALWAYS = (
    Item.UTILITY_NAME,
    Item.SERVICE_PERIOD,
    Item.METHOD,
    Item.COMMON_AREA,
    Item.FORMULA_SHARE,
)
_IN_THE_TABLE = frozenset({Item.UTILITIES, Item.AMOUNTS, Item.TOTAL, Item.ADMIN_FEE})
# True of every statement, so it is told whether or not a place asks for it.
NOT_FROM_UTILITY = (
    "This statement does not come from the utility. It comes from the owner of the property, or "
    "from the owner's agent."
)
_ITEMS = {item.value: item for item in Item}
_SENTENCES = {
    Item.NOT_FROM_UTILITY: NOT_FROM_UTILITY,
    Item.DISPUTES_WITH_OWNER: "A dispute about this statement is with the owner or the owner's "
    "agent, and not with the utility.",
}


@dataclass(frozen=True, slots=True)
class Composed:
    """A statement as it would be issued, and what has to be completed before.

    Shape: `to_complete` is what the place asks for and somebody can still fill in; what nobody can
        fill in here is named as a gap on the statement itself.
    """

    content: Content
    to_complete: tuple[StatementField, ...]


@dataclass(slots=True)
class Composer:
    """Composes the statements of one property and month; what they share is read once."""

    place: Property
    contact: Contact
    suppliers: dict[Utility, str]
    references: dict[int, str]
    _required: dict[int, tuple[StatementField, ...]] = field(default_factory=dict)

    def compose(self, found: LeaseMonth, *, month: date, issued: date) -> Composed:
        """Compose the statement of one lease as of a day."""
        asked: dict[Item, StatementField] = {}
        missing: dict[Item, StatementField] = {}
        sections = []
        for shared, account in found.accounts:
            required = {_ITEMS[each.name]: each for each in self._required_by(shared)}
            asked |= required
            sections.append(self._section(shared, account, required, missing))
        for item in TOLD_BY_CONTACT & asked.keys():
            if self.contact.tell(item) is None:
                missing[item] = asked[item]
        content = self._content(found, tuple(sections), asked, missing, month, issued)
        ordered = (missing[item] for item in Item if item in missing)
        return Composed(content, tuple(each for each in ordered if self._can_complete(each, found)))

    def _content(
        self,
        found: LeaseMonth,
        sections: tuple[Section, ...],
        asked: dict[Item, StatementField],
        missing: dict[Item, StatementField],
        month: date,
        issued: date,
    ) -> Content:
        due = self.contact.due_on(issued)
        told = {Item.NOT_FROM_UTILITY: None} | dict.fromkeys(asked)
        gaps = [
            missing[item]
            for item in Item
            if item in missing and not self._can_complete(missing[item], found)
        ]
        return Content(
            property_name=self.place.name,
            address=_address(self.place),
            unit=found.charges[0].unit_label,
            resident=found.charges[0].resident_name,
            month=f"{month:%B %Y}",
            issued_on=day_in_words(issued),
            due_on=day_in_words(due) if due else "",
            sections=sections,
            contacts=_contacts(self.contact),
            sentences=tuple(_SENTENCES[item] for item in told if item in _SENTENCES),
            gaps=tuple(f"{gap.label} ({gap.citation})" for gap in gaps),
        )

    def _section(
        self,
        shared: SharedBill,
        account: BillAccount,
        required: dict[Item, StatementField],
        missing: dict[Item, StatementField],
    ) -> Section:
        rows: list[Pair] = []
        for item in dict.fromkeys((*_ALWAYS, *required)):
            if item in _IN_THE_TABLE or item in TOLD_BY_CONTACT or item in _SENTENCES:
                continue
            text = self._tell(item, shared, account)
            if text is not None:
                rows.append((_heading(item), text))
            elif item in required:
                missing[item] = required[item]
        return Section(
            utility=shared.utility.label,
            bill_id=shared.calculation.bill_id,
            calculation_id=shared.calculation.pk,
            bill_cents=shared.bill.amount_cents,
            share_cents=account.share.amount_cents if account.share else None,
            fee_cents=account.fee.amount_cents if account.fee else None,
            references=tuple(self._reference(charge.pk) for charge in account.charges),
            rows=tuple(rows),
            lines=_lines(shared),
            steps=_steps(account),
            sum=_sum(shared),
            document=shared.document.name if shared.document else "",
            document_sha256=shared.document.sha256 if shared.document else "",
        )

    def _tell(self, item: Item, shared: SharedBill, account: BillAccount) -> str | None:
        if item is Item.UTILITY_NAME:
            return self.suppliers.get(shared.utility)
        return tell(item, account)

    def _required_by(self, shared: SharedBill) -> tuple[StatementField, ...]:
        pk = shared.calculation.pk
        if pk not in self._required:
            self._required[pk] = statement_fields(
                self.place.state,
                self.place.city,
                shared.utility.value,
                proposal=propose(self.place, shared.utility, shared.bill.rule),
            )
        return self._required[pk]

    def _reference(self, charge_id: int) -> str:
        reference = self.references.get(charge_id)
        return f"Charge {charge_id} ({reference})" if reference else f"Charge {charge_id}"

    def _can_complete(self, missing: StatementField, found: LeaseMonth) -> bool:
        item = _ITEMS[missing.name]
        if item is Item.UTILITY_NAME:
            unnamed = {shared.utility for shared, _ in found.accounts} - self.suppliers.keys()
            return bool(unnamed & COMMODITIES.keys())
        return item in TOLD_BY_CONTACT


def composer_for(place: Property, month: list[LeaseMonth]) -> Composer:
    """Read what the statements of a property's month have in common."""
    calculations = {shared.calculation.pk for each in month for shared, _ in each.accounts}
    postings = Posting.objects.filter(
        MAY_BE_CHARGED, ~LET_GO, charge__calculation__in=calculations, job__post_to_pms=True
    )
    return Composer(
        place=place,
        contact=contact_for(place),
        suppliers=suppliers_of(place),
        references=dict(postings.order_by("pk").values_list("charge", "reference")),
    )


def day_in_words(day: date) -> str:
    """Write a day such as 2 Apr 2026."""
    return format_date(day, "j M Y")


def day_from_words(written: str) -> date:
    """Read a day that `day_in_words` wrote."""
    return datetime.strptime(written, "%d %b %Y").date()  # noqa: DTZ007 - a day has no time


def _address(place: Property) -> str:
    area = f"{place.state} {place.zip_code}".strip()
    return ", ".join(filter(None, (place.address, place.city, area)))


def _contacts(contact: Contact) -> tuple[Pair, ...]:
    known = (
        ("Owner or agent", contact.agent),
        ("Questions", contact.questions),
        ("Disputes", contact.disputes),
        ("The utility's bills and the records", contact.records_place),
        ("Regulator", contact.regulator),
        ("If you pay late", contact.late_terms),
        ("Leaks", contact.leak_repair),
    )
    return tuple((label, text) for label, text in known if text)


def _lines(shared: SharedBill) -> tuple[PaperLine, ...]:
    return tuple(
        PaperLine(
            name=line.name,
            who_pays="Not passed on" if line.stays_with_owner else line.passed_on,
            cents=line.cents,
        )
        for line in shared.lines
    )


def _steps(account: BillAccount) -> tuple[Pair, ...]:
    return tuple(
        (step.label, step.expression)
        for charge in account.charges
        for step in steps_of(charge.explanation)
    )


def _sum(shared: SharedBill) -> str:
    # Of two residents, each could take their own share off the sum to find the other's.
    if len(shared.calculation.result["lines"]) <= _TOO_FEW_TO_ADD_UP:
        return ""
    made = shared.calculation
    return (
        f"All residents together pay {format_dollars(made.tenants_cents)} of the bill and the "
        f"owner pays {format_dollars(made.owner_cents)}. Together that is the utility's bill of "
        f"{format_dollars(made.bill_cents)}, to the cent."
    )


def _heading(item: Item) -> str:
    label = item.label.removeprefix("the ")
    return label[:1].upper() + label[1:]
