from __future__ import annotations

import pytest

from integrations.pms.complaints import code_of_text


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("<Error>Duplicate TransactionID 12</Error>", "DUPLICATE_CHARGE"),
        ("A transaction like this exists already.", "DUPLICATE_CHARGE"),
        ("FAULT: document number 7 was posted before in an open batch.", "DUPLICATE_CHARGE"),
        ("thirdPartyChargeId MB-1 has been used before.", "DUPLICATE_CHARGE"),
        ("Invalid charge code UTIL for property", "INVALID_CHARGE_CODE"),
        ('{"message":"arCodeId 9 is not associated with the property."}', "INVALID_CHARGE_CODE"),
        ('{"errors":{"GlAccountId":["4410 can not be used"]}}', "INVALID_CHARGE_CODE"),
        ("GL account 4410 is inactive.", "INVALID_CHARGE_CODE"),
        ("Charge type 4 is not active", "INVALID_CHARGE_CODE"),
        ("Transaction category X was not found", "INVALID_CHARGE_CODE"),
        ("Resident lease expired. No active lease found for unit 304.", "LEASE_NOT_FOUND"),
        ("Tenant of unit 304 has a status of Past", "LEASE_NOT_FOUND"),
        ("Tenant of unit 304 has left", "LEASE_NOT_FOUND"),
        ("Lease for unit 304 is not in an active status.", "LEASE_NOT_FOUND"),
        ("FAULT: resident household of unit 304 is Former (Status 6).", "LEASE_NOT_FOUND"),
        ('{"errors":{"OccupancyId":["is not current for unit 304"]}}', "LEASE_NOT_FOUND"),
        ("Person is not a current resident of unit 304", "LEASE_NOT_FOUND"),
        ("HTTP 403: Forbidden", "AUTHORIZATION_FAILED"),
        ("The password has changed", "AUTHORIZATION_FAILED"),
        ("Too many requests", "RATE_LIMITED"),
        ("Operation is unsupported", "NOT_SUPPORTED"),
        ("Object reference not set to an instance of an object.", "PMS_REJECTED"),
        ("The period is closed; it ended in the past.", "PERIOD_CLOSED"),
        ("Post month 03/2026 is closed for GL account 4100", "PERIOD_CLOSED"),
        ("Cannot post to a closed accounting period.", "PERIOD_CLOSED"),
        ("GL period 03/2026 is not open", "PERIOD_CLOSED"),
        ("The books for March 2026 are locked.", "PERIOD_CLOSED"),
        ("Transaction date is prior to the current open period", "PERIOD_CLOSED"),
        ("The month-to-month lease is closed", "PMS_REJECTED"),
        ("The connection was closed after a period", "OUTCOME_UNKNOWN"),
        ("", "PMS_REJECTED"),
    ],
)
def test_a_complaint_is_sorted_by_its_words(text: str, code: str) -> None:
    assert code_of_text(text) == code
