"""PMSs that take nothing and show what a test says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from billing.models import Charge
from billing.tests.small_place import gateway_to_nowhere
from integrations.pms.errors import PmsError
from integrations.pms.gateway import PmsGateway
from integrations.pms.propexo_unified import UnifiedGateway
from integrations.pms.records import MalformedRecord, PmsCharge
from integrations.pms.transport import Transport

Row = PmsCharge | MalformedRecord

__all__ = ["UNREADABLE", "gateway_to_nowhere", "ledger_of", "row_like"]

UNREADABLE = MalformedRecord("charge", "chg_odd", ("amount is no amount.",), "{}")


class _Ledger(UnifiedGateway):
    rows: Sequence[Row] = ()
    error: PmsError | None = None

    def list_charges(self, **_filters: object) -> Iterator[Row]:
        yield from self.rows
        if self.error is not None:
            raise self.error


def ledger_of(rows: Iterable[Row], *, error: PmsError | None = None) -> PmsGateway:
    """Open a gateway to a PMS with these rows in its ledger; an error comes after the last."""
    gateway = _Ledger(transport=Transport("http://127.0.0.1:9", "px_test_nobody"))
    gateway.rows, gateway.error = tuple(rows), error
    return gateway


def row_like(charge: Charge, **other: Any) -> PmsCharge:
    """Write what somebody may have charged by hand for a charge of MeterBase."""
    row = PmsCharge(
        charge_id="chg_by_hand",
        unit_id=charge.propexo_unit_id,
        lease_id=charge.propexo_lease_id,
        amount=Decimal(charge.amount_cents) / 100,
        effective_date=date(2026, 4, 3),
        charge_code="UTIL",
        description="water by hand",
    )
    return replace(row, **other)
