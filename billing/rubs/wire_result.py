"""Allocations as JSON: every number that was used, and the explanation of every line."""

from __future__ import annotations

from billing.rubs.basis import Basis
from billing.rubs.explain import explain, explain_fee
from billing.rubs.fields import Term
from billing.rubs.json_values import Json, fraction_text, given
from billing.rubs.pools import Pool
from billing.rubs.results import Allocation, FeeLine, Line, OwnerLine, TenantLine
from billing.rubs.steps import Step


def allocation_to_json(allocation: Allocation) -> Json:
    """Write an allocation with every number that it used and the explanation of every line."""
    return {
        "engine_version": allocation.engine_version,
        "bill_cents": allocation.bill_cents,
        "tenants_cents": allocation.tenants_cents,
        "owner_cents": allocation.owner_cents,
        "fees_cents": allocation.fees_cents,
        "basis": basis_to_json(allocation.basis),
        "lines": [_tenant_line_to_json(line) for line in allocation.lines],
        "owner": [_owner_line_to_json(line) for line in allocation.owner],
        "fees": [_fee_to_json(fee) for fee in allocation.fees],
    }


def basis_to_json(basis: Basis) -> Json:
    """Write the figures that all lines have in common."""
    period = basis.period
    return {
        "period": {"start": period.start.isoformat(), "end": period.end.isoformat()},
        "period_days": period.days,
        "method": basis.method,
        "vacancy": basis.vacancy.value,
        "proration": basis.rule.proration.value,
        "strict_floor": basis.strict_floor,
        "common_area_percent": fraction_text(basis.common_area_percent),
        "common_area_exact_cents": fraction_text(basis.common_area_cents),
        "pool_exact_cents": fraction_text(basis.pool_cents),
        "ceiling_exact_cents": fraction_text(basis.amounts.ceiling_cents),
        "total_weight": fraction_text(basis.total_weight),
        "pools": [_pool_to_json(pool) for pool in basis.pools],
        "fixed": [
            {
                "label": charge.line.label,
                "amount_cents": charge.line.amount_cents,
                **given(unit_count=fraction_text(charge.unit_count)),
                "per_unit_exact_cents": fraction_text(charge.per_unit_cents),
                "rest_exact_cents": fraction_text(charge.rest_cents),
            }
            for charge in basis.fixed
        ],
    }


def _pool_to_json(pool: Pool) -> Json:
    totals, divisors = pool.totals, pool.divisors
    return {
        "method": pool.method,
        "percent": fraction_text(pool.percent),
        "exact_cents": fraction_text(pool.cents),
        "tenants_weight": fraction_text(totals.tenants),
        "vacant_weight": fraction_text(totals.vacant),
        "excluded_weight": fraction_text(totals.excluded),
        "divisor": fraction_text(divisors.whole),
        "tenants_divisor": fraction_text(divisors.tenants),
        "vacant_divisor": fraction_text(divisors.vacant),
        **given(start_weight=fraction_text(pool.start_weight)),
        "segments": [
            {
                "first_day": segment.first + 1,
                "days": segment.days,
                "tenants_weight": fraction_text(segment.totals.tenants),
                "divisor": fraction_text(segment.divisors.whole),
            }
            for segment in pool.segments
        ],
    }


def _tenant_line_to_json(line: TenantLine) -> Json:
    return {
        "unit_key": line.unit_key,
        "unit_label": line.unit_label,
        "lease_key": line.lease_key,
        **_figures_to_json(line),
        "steps": steps_to_json(line),
    }


def _owner_line_to_json(line: OwnerLine) -> Json:
    return {
        "bucket": line.bucket.value,
        "unit_key": line.unit_key,
        "unit_label": line.unit_label,
        "lease_key": line.lease_key,
        "reason": line.reason,
        **_figures_to_json(line),
        "steps": steps_to_json(line),
    }


def _figures_to_json(line: Line) -> Json:
    return {
        "terms": [_term_to_json(term) for term in line.terms],
        "days": line.days,
        "period_days": line.period_days,
        "weight": fraction_text(line.weight),
        "share": fraction_text(line.share),
        "exact_cents": fraction_text(line.exact_cents),
        "rounding_cents": fraction_text(line.rounding_cents),
        "cents": line.cents,
    }


def _term_to_json(term: Term) -> Json:
    return {
        "field": term.field.name,
        "quantity": fraction_text(term.quantity),
        "factor": fraction_text(term.factor),
        **given(read=fraction_text(term.read)),
    }


def _fee_to_json(fee: FeeLine) -> Json:
    return {
        "unit_key": fee.unit_key,
        "unit_label": fee.unit_label,
        "lease_key": fee.lease_key,
        "charge_cents": fee.charge_cents,
        "exact_cents": fraction_text(fee.exact_cents),
        "cents": fee.cents,
        "steps": [_step_to_json(explain_fee(fee))],
    }


def steps_to_json(line: TenantLine | OwnerLine) -> list[Json]:
    """Write the explanation of a line."""
    return [_step_to_json(step) for step in explain(line)]


def _step_to_json(step: Step) -> Json:
    return {
        "label": step.label,
        "expression": step.expression,
        "value": fraction_text(step.value),
        "unit": step.unit.value,
    }
