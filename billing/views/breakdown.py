"""A calculation as a table: a row for every unit's tenants and for what the owner bears."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, NamedTuple

from billing.models import Calculation, ChargeKind
from billing.rubs.buckets import Bucket
from billing.rubs.figures import plain
from billing.views.line_figures import fixed_parts, input_columns, inputs_in, written
from billing.views.owner_buckets import name_of, remark_of
from billing.words import natural_order, percent

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of the table.

    Shape: texts are empty, and amounts None, where a line has none; `inputs` and `fixed` in the
        order of the table's columns; `lease` is the unit's and the lease's key; `unit_key` is empty
        for what the owner bears for no unit in particular.
    Units: days; cents; `part` of the shared amount.
    """

    unit_label: str
    unit_key: str = ""
    lease: tuple[str, str] | None = None
    resident: str = ""
    days: int | None = None
    inputs: tuple[str, ...] = ()
    weight: str = ""
    share: str = ""
    part: Fraction | None = None
    fixed: tuple[str, ...] = ()
    charge_cents: int | None = None
    charge_id: int | None = None
    fee_cents: int | None = None
    fee_id: int | None = None
    owner_cents: int | None = None
    remark: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """The whole table, with the sums that prove it.

    Shape: under a mixed rule there is no weight but the share; fees are beside the bill.
    Units: cents.
    """

    input_columns: tuple[str, ...]
    fixed_columns: tuple[str, ...]
    is_mixed: bool
    has_fees: bool
    units: tuple[Row, ...]
    common: tuple[Row, ...]
    period_days: int
    tenants_cents: int
    fees_cents: int
    owner_cents: int
    bill_cents: int

    @property
    def adds_up(self) -> bool:
        """Tell whether the lines shown really make the bill."""
        return self.tenants_cents + self.owner_cents == self.bill_cents

    @property
    def columns_after_resident(self) -> int:
        """Count the columns between the resident and the charge."""
        weights = 1 if self.is_mixed else 2
        return 1 + len(self.input_columns) + weights + len(self.fixed_columns)

    @property
    def amount_columns(self) -> int:
        """Count the columns of amounts: charge, fee, owner."""
        return 3 if self.has_fees else 2


def break_down(calculation: Calculation) -> Breakdown:
    """Set out a calculation unit by unit, in the order in which people count units."""
    result = calculation.result
    table = _Table(calculation)
    units = tuple(table.unit_rows())
    common = tuple(table.common_row(line) for line in result["owner"] if line["unit_key"] is None)
    rows = units + common
    return Breakdown(
        input_columns=table.columns,
        fixed_columns=tuple(charge["label"] for charge in table.fixed),
        is_mixed=len(result["basis"]["pools"]) > 1,
        has_fees=bool(result["fees"]),
        units=units,
        common=common,
        period_days=result["basis"]["period_days"],
        tenants_cents=sum(row.charge_cents or 0 for row in rows),
        fees_cents=sum(row.fee_cents or 0 for row in rows),
        owner_cents=sum(row.owner_cents or 0 for row in rows),
        bill_cents=calculation.bill_cents,
    )


class _Charged(NamedTuple):
    """What a row shows of a charge."""

    pk: int
    amount_cents: int
    resident_name: str


class _Table:
    """What every row looks up."""

    def __init__(self, calculation: Calculation) -> None:
        result = calculation.result
        self.basis: Json = result["basis"]
        self.fixed: list[Json] = self.basis["fixed"]
        self._bill_cents = calculation.bill_cents
        self.columns = input_columns((*result["lines"], *result["owner"]))
        self._empty = {"inputs": ("",) * len(self.columns), "fixed": ("",) * len(self.fixed)}
        self._inputs: list[Json] = calculation.inputs["units"]
        self._lines: defaultdict[str, list[Json]] = defaultdict(list)
        for line in (*result["lines"], *result["owner"]):
            if line["unit_key"] is not None:
                self._lines[line["unit_key"]].append(line)
        charges = calculation.charges.values_list(
            *("kind", "propexo_unit_id", "propexo_lease_id"),
            *("pk", "amount_cents", "resident_name"),
        )
        self._charges = {
            (kind, unit, lease): _Charged(*more) for kind, unit, lease, *more in charges
        }

    def unit_rows(self) -> Iterator[Row]:
        """Make the rows of every unit, tenants before the owner, earlier tenants first."""
        for unit in sorted(self._inputs, key=lambda unit: natural_order(unit["label"])):
            starts = {stay["lease_key"]: stay["start"] or "" for stay in unit["stays"]}
            lines = sorted(
                self._lines[unit["key"]],
                key=lambda line: ("bucket" in line, starts.get(line["lease_key"], "")),
            )
            for line in lines:
                yield self._owner_row(line) if "bucket" in line else self._tenant_row(line)
            if not lines:
                yield self._row_without_share(unit)

    def common_row(self, line: Json) -> Row:
        """Make the row of what the owner bears for no unit in particular."""
        bucket = Bucket(line["bucket"])
        name, reason = name_of(bucket), line["reason"]
        label = f"{name}: {reason}" if reason and reason != name else name
        if bucket is Bucket.COMMON_AREA:
            label += self._common_area_percent()
        return self._row(label, owner_cents=line["cents"])

    def _common_area_percent(self) -> str:
        """Write the percentage where it is all that the owner bears for common areas."""
        share = Fraction(self.basis["common_area_percent"])
        of_bill = share * self._bill_cents / 100
        all_of_it = of_bill == Fraction(self.basis["common_area_exact_cents"])
        return f", {plain(share)} %" if share and all_of_it else ""

    def _tenant_row(self, line: Json) -> Row:
        key = line["unit_key"], line["lease_key"]
        charge = self._charges[ChargeKind.SHARE, *key]
        fee = self._charges.get((ChargeKind.FEE, *key))
        return self._row(
            line["unit_label"],
            unit_key=line["unit_key"],
            lease=key,
            resident=charge.resident_name,
            **self._figures(line),
            fixed=fixed_parts(line, self.fixed),
            charge_cents=line["cents"],
            charge_id=charge.pk,
            fee_cents=fee.amount_cents if fee else None,
            fee_id=fee.pk if fee else None,
        )

    def _owner_row(self, line: Json) -> Row:
        figures = self._figures(line) if line["terms"] else {}
        return self._row(
            line["unit_label"],
            unit_key=line["unit_key"],
            **figures,
            owner_cents=line["cents"],
            remark=remark_of(line),
        )

    def _row_without_share(self, unit: Json) -> Row:
        remark = "Vacant: takes no part" if unit["billable"] else "Not billable"
        if unit["billable"] and unit["excluded_because"]:
            remark = f"Excluded: {unit['excluded_because']}"
        return self._row(unit["label"], unit_key=unit["key"], remark=remark)

    def _figures(self, line: Json) -> Json:
        part = Fraction(line["share"])
        return {
            "days": line["days"],
            "inputs": inputs_in(line, self.columns),
            "weight": written(line["weight"]),
            "share": percent(part, places=4),
            "part": part,
        }

    def _row(self, label: str, **more: Any) -> Row:
        return Row(unit_label=label, **(self._empty | more))
