"""Which units of a calculation somebody ticked, and the terms that they chose for them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from billing.forms.bill_terms import BillTermsForm, TermAct
from billing.models import Calculation
from billing.rubs.bill_terms import BillTerm, TermKind
from billing.usual_charges import UsualCharge, past_charges, usual_charge
from meterbase.lib.money import format_dollars
from portfolios.models import Unit


@dataclass(frozen=True, slots=True)
class Choice:
    """An act on units, with the terms that come of it.

    Shape: `basis` tells by unit key what a usual amount was made from.
    """

    act: TermAct
    reason: str
    terms: Mapping[Unit, BillTerm | None]
    basis: Mapping[str, UsualCharge]

    @property
    def by_key(self) -> dict[str, BillTerm | None]:
        """Give the terms by the units' keys."""
        return {unit.propexo_unit_id: term for unit, term in self.terms.items()}

    @property
    def units(self) -> str:
        """Count the units."""
        return "1 unit" if len(self.terms) == 1 else f"{len(self.terms):,} units"


def read_choice(
    calculation: Calculation, form: BillTermsForm, keys: Iterable[str]
) -> Choice | None:
    """Turn a form and ticked units into terms; the form carries what is wrong with either."""
    units = _units(calculation, keys)
    if form.is_valid() and not units:
        form.add_error(None, "Tick the units that this is for.")
    if not form.is_valid():
        return None
    act, reason = TermAct(form.cleaned_data["act"]), form.cleaned_data["reason"]
    basis = _usual(calculation, units) if act is TermAct.USUAL else {}
    missing = [unit for unit in units if act is TermAct.USUAL and unit.propexo_unit_id not in basis]
    if missing:
        form.add_error(None, _no_usual_amount(calculation, missing))
        return None
    terms = {
        unit: _term(act, reason, form.cleaned_data["amount"], basis.get(unit.propexo_unit_id))
        for unit in units
    }
    return Choice(act, reason, terms, basis)


def question_of(choice: Choice, amount_cents: int | None) -> tuple[str, str]:
    """Ask before an act is done: the question, and the button that repeats it."""
    match choice.act:
        case TermAct.EXCLUDED:
            act = f"Leave out {choice.units}"
        case TermAct.CAP:
            act = f"Cap {choice.units} at {format_dollars(amount_cents or 0)}"
        case TermAct.USUAL:
            act = f"Charge {choice.units} the usual amount"
        case TermAct.RULE:
            act = f"Put {choice.units} back under the rule"
    return f"{act}, on this bill alone?", f"{act} and calculate again"


def _units(calculation: Calculation, keys: Iterable[str]) -> list[Unit]:
    frozen = {unit["key"] for unit in calculation.inputs["units"]} & set(keys)
    units = Unit.objects.filter(property=calculation.bill.property_id, propexo_unit_id__in=frozen)
    return list(units.select_related("property__portfolio").order_by("pk"))


def _usual(calculation: Calculation, units: Sequence[Unit]) -> dict[str, UsualCharge]:
    bill = calculation.bill
    past = past_charges(bill, [unit.pk for unit in units])
    found = {
        unit.propexo_unit_id: usual_charge(past.get(unit.pk, ()), days=bill.period.days)
        for unit in units
    }
    return {key: usual for key, usual in found.items() if usual is not None}


def _no_usual_amount(calculation: Calculation, units: Sequence[Unit]) -> str:
    utility = calculation.bill.get_utility_display().lower()
    names = ", ".join(map(str, units[:10]))
    more = f" and {len(units) - 10} more" if len(units) > 10 else ""
    return (
        f"There is no approved {utility} charge before this bill for unit {names}{more}, so "
        "nothing is usual there. Untick them, or choose a cap."
    )


def _term(
    act: TermAct, reason: str, amount_cents: int | None, usual: UsualCharge | None
) -> BillTerm | None:
    match act:
        case TermAct.EXCLUDED:
            return BillTerm(TermKind.EXCLUDED, reason)
        case TermAct.CAP:
            return BillTerm(TermKind.CAP, reason, amount_cents)
        case TermAct.USUAL:
            return BillTerm(TermKind.FLAT, reason, usual.cents if usual else None)
        case TermAct.RULE:
            return None
