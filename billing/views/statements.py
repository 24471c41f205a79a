"""The statement of a charge for its resident, on a page that prints well."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from billing.models import CalculationState, Charge, Utility
from billing.place_review import propose
from billing.reversals import is_wholly_taken_back
from billing.rubs.rules import Item, StatementField, statement_fields
from billing.views.breadcrumbs import below_calculation
from billing.views.explanation import ChargeAccount, account_of, steps_of
from billing.views.statement_facts import tell
from billing.views.wording import billing_month
from portfolios import access
from portfolios.access import Action
from portfolios.http import SignedInRequest, signed_in

TO_COMPLETE = "[to be completed by the manager]"

_TOO_FEW_TO_ADD_UP = 2
# What every statement tells, wherever the property is; amounts stand in a table of their own.
_ALWAYS = (
    Item.UTILITIES,
    Item.SERVICE_PERIOD,
    Item.METHOD,
    Item.COMMON_AREA,
    Item.FORMULA_SHARE,
)
_IN_THE_TABLE = frozenset({Item.AMOUNTS, Item.TOTAL, Item.ADMIN_FEE})
# True of every statement, so it is told whether or not a place asks for it.
_TRUE_EVERYWHERE = {
    Item.NOT_FROM_UTILITY: "This statement does not come from the utility. It comes from the owner "
    "of the property, or from the owner's agent.",
}
_SENTENCES = {
    Item.DISPUTES_WITH_OWNER: "A dispute about this statement is with the owner or the owner's "
    "agent, and not with the utility.",
    Item.RIGHT_TO_INSPECT: "Residents may see the utility's bills and the records behind this "
    f"statement: {TO_COMPLETE}.",
    Item.DISPUTE_CONTACT: f"Disputes about this statement are received here: {TO_COMPLETE}.",
    Item.REGULATOR: f"The regulator can be reached here: {TO_COMPLETE}.",
    Item.AGENT_CONTACT: f"Owner or agent, with address and telephone: {TO_COMPLETE}.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a statement tells, and what its manager has to add to it.

    Shape: `rows` are (label, text) pairs.
    """

    rows: tuple[tuple[str, str], ...]
    sentences: tuple[str, ...]
    missing: tuple[StatementField, ...]


@require_safe
@signed_in
def charge_print(request: SignedInRequest, pk: int) -> HttpResponse:
    """Show a resident's share and fee of one bill as a statement."""
    charges = Charge.objects.select_related("calculation__bill__property__portfolio", "lease")
    charge = access.fetch(charges, Action.READ, user=request.user, pk=pk)
    calculation = charge.calculation
    account = account_of(charge)
    return render(
        request,
        "billing/charge_print.html",
        {
            "charge": charge,
            "calculation": calculation,
            "bill": calculation.bill,
            "place": calculation.bill.property,
            "month": billing_month(calculation.bill),
            "account": account,
            "steps": steps_of(account.share.explanation) if account.share else [],
            "fee_steps": steps_of(account.fee.explanation) if account.fee else [],
            "told": told_by(account),
            "is_reversed": is_wholly_taken_back(charge),
            "is_final": calculation.state == CalculationState.APPROVED,
            # Of two residents, each could take their own share off the sum to find the other's.
            "shows_sum": len(calculation.result["lines"]) > _TOO_FEW_TO_ADD_UP,
            "breadcrumbs": [
                *below_calculation(calculation),
                (f"Unit {charge.unit_label}", reverse("billing:charge-detail", args=[charge.pk])),
            ],
        },
    )


def told_by(account: ChargeAccount) -> Told:
    """Fill in what every statement tells and what its place requires."""
    place = account.calculation.bill.property
    utility = Utility(account.calculation.bill.utility)
    required = statement_fields(
        place.state,
        place.city,
        utility.value,
        proposal=propose(place, utility, account.bill.rule),
    )
    rows: list[tuple[str, str]] = []
    sentences = list(_TRUE_EVERYWHERE.values())
    missing: list[StatementField] = []
    asked = {item: field for field in required for item in Item if item.value == field.name}
    for item in dict.fromkeys((*_ALWAYS, *asked)):
        text = tell(item, account)
        if item in _SENTENCES:
            sentences.append(_SENTENCES[item])
        elif item not in _IN_THE_TABLE and item not in _TRUE_EVERYWHERE:
            rows.append((_heading(item), text or TO_COMPLETE))
        if item in asked and not _is_known(item, text):
            missing.append(asked[item])
    return Told(tuple(rows), tuple(sentences), tuple(missing))


def _is_known(item: Item, text: str | None) -> bool:
    if item in _SENTENCES:
        return TO_COMPLETE not in _SENTENCES[item]
    return text is not None or item in _TRUE_EVERYWHERE


def _heading(item: Item) -> str:
    label = item.label.removeprefix("the ")
    return label[:1].upper() + label[1:]
