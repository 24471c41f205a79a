"""The calls of the product's documentation, header for header and key for key.

Only the host and the token are those of the test.
"""

from __future__ import annotations

from typing import Any

import pytest

from billing.models import PostingJob
from meterbase.lib.exact_json import read_json
from meterbase.tests.api.curl import perform
from meterbase.tests.api.programs import program_of

LIST = """
curl "https://api.meterbase.io/api/propexo/connections/1/properties" \\
-H "Authorization: Bearer $TOKEN"
"""
IMPORT = """
curl -X POST https://api.meterbase.io/api/propexo/import-properties \\
-H "Authorization: Bearer $TOKEN" \\
-H "Content-Type: application/json" \\
-d '{
"connection_id": 1,
"portfolio_id": 1,
"propexo_property_ids": ["prop_001", "prop_002", "prop_003"]
}'
"""
SYNC = """
curl -X POST https://api.meterbase.io/api/propexo/sync-units \\
-H "Authorization: Bearer $TOKEN" \\
-H "Content-Type: application/json" \\
-d '{"property_id": 1}'
"""
POST = """
curl -X POST https://api.meterbase.io/api/rubs/post-charges \\
-H "Authorization: Bearer $TOKEN" \\
-H "Content-Type: application/json" \\
-d '{
"property_id": 1,
"bill_id": 42,
"charge_date": "2026-04-01",
"charge_code": "UTIL",
"description": "March 2026 Utility Charge (RUBS)",
"post_to_pms": true
}'
"""


@pytest.fixture
def token(cast, now):
    return {
        name: program_of(getattr(cast, name), now=now).secret for name in ("manager", "accountant")
    }


def test_the_properties_of_a_connection_are_listed(token, connection):
    answer = perform(LIST, token=token["manager"], number=connection.pk)

    assert answer.status_code == 200
    offered = [row["propexo_property_id"] for row in answer.json()["properties"]]
    assert offered == ["prop_001", "prop_002", "prop_003"]


def test_properties_are_imported(token, connection, cast):
    ids = {"connection_id": connection.pk, "portfolio_id": cast.portfolio.pk}
    answer = perform(IMPORT, token=token["manager"], changes=ids)

    assert (answer.status_code, answer.json()["created"]) == (200, 3)


def test_units_are_synced(token, place):
    answer = perform(SYNC, token=token["manager"], changes={"property_id": place.pk})

    assert answer.status_code == 202
    assert answer.json()["property_id"] == place.pk


def test_charges_are_posted_and_their_job_has_the_promised_keys(token, approved, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    ids = {"property_id": approved.bill.property_id, "bill_id": approved.bill_id}
    started = perform(POST, token=token["accountant"], changes=ids)
    assert started.status_code == 202

    job_id = started.json()["job_id"]
    status = LIST.replace("propexo/connections/1/properties", f"rubs/jobs/{job_id}")
    job: Any = read_json(perform(status, token=token["manager"]).content)

    promised = {"job_id", "status", "total_charges", "posted", "failed", "failures"}
    assert set(job) == promised | {"pending", "unknown", "skipped"}
    assert (job["job_id"], job["total_charges"]) == (job_id, 45)
    assert job_id.startswith("job_")


def test_a_key_that_was_made_for_tests_charges_no_real_residents(cast, now, approved, settings):
    settings.PROPEXO_CHARGE_POSTING_ENABLED = True
    test_side = settings.PROPEXO_API_KEY
    secret = program_of(cast.accountant, now=now).secret
    ids = {"property_id": approved.bill.property_id, "bill_id": approved.bill_id}

    settings.PROPEXO_API_KEY = "px_live_of_the_company"
    refused = perform(POST, token=secret, changes=ids)
    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "permission_denied"
    assert "made for tests" in refused.json()["error"]["message"]
    assert not PostingJob.objects.exists()

    settings.PROPEXO_API_KEY = test_side
    assert perform(POST, token=secret, changes=ids).status_code == 202
