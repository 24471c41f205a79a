"""Charge codes and the ticks of the go-live checklist as they may not be."""

from __future__ import annotations

from billing.tests.constraints.rows import Offence, again, change

OFFENCES: list[Offence] = [
    ("charge_code_once_per_portfolio", lambda r: again(r.code, code="Water")),
    ("charge_code_not_empty", lambda r: again(r.code, code="")),
    ("utility_charge_code_once", lambda r: again(r.usual)),
    ("utility_charge_code_utility_known", lambda r: change(r.usual, utility="steam")),
    ("charge_code_mapped_once_per_property", lambda r: again(r.mapping)),
    (
        "charge_code_mapping_emptied_by_a_person",
        lambda r: change(r.mapping, pms_charge_code=None, financial_account=None),
    ),
    ("go_live_tick_stands_once", lambda r: again(r.tick)),
    ("go_live_tick_item_known", lambda r: change(r.tick, item="luck")),
    ("go_live_tick_has_a_note", lambda r: change(r.tick, note="")),
    ("go_live_tick_withdrawn_at_by_why", lambda r: change(r.tick, withdrawn_at=r.now)),
    ("go_live_tick_withdrawn_at_by_why", lambda r: change(r.tick, withdrawn_because="Alone.")),
    (
        "go_live_tick_withdrawn_at_by_why",
        lambda r: change(r.tick, withdrawn_at=r.now, withdrawn_by=r.job.created_by),
    ),
]
