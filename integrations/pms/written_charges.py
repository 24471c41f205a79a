"""Reading back what a charge that was written for a PMS says, in either contract."""

from __future__ import annotations

from dataclasses import dataclass

from meterbase.lib.exact_json import MalformedJson, read_json


@dataclass(frozen=True, slots=True)
class WrittenAccounts:
    """What a charge named in the PMS's chart of accounts; None for what it did not name."""

    charge_code: str | None
    charge_code_id: str | None
    financial_account_id: str | None


def accounts_of(body: bytes) -> WrittenAccounts:
    """Read which accounts a written charge names, so that what takes it back names the same.

    Shape: bytes that cannot be read name nothing.
    """
    try:
        row = read_json(body)
    except MalformedJson:
        row = None
    fields = row if isinstance(row, dict) else {}
    named = {name: text for name, text in fields.items() if isinstance(text, str) and text}
    return WrittenAccounts(
        charge_code=named.get("charge_code"),
        charge_code_id=named.get("charge_code_id"),
        financial_account_id=named.get("financial_account_id"),
    )
