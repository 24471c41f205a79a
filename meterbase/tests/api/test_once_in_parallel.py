"""Fifty programs that post the same charges at the same moment make one job.

The web server, with two processes, and its database are as in production.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
import requests
from django.conf import settings

from billing.bench.databases import created_database, environ_of
from integrations.bench.programs import started_web_server

_AT_ONCE = 50

pytestmark = pytest.mark.processes


@pytest.fixture
def environment(sandbox, tmp_path):
    with created_database(tmp_path) as name:
        yield environ_of(
            name=name, state_dir=tmp_path, base_url=sandbox.base_url, api_key=sandbox.api_key
        )


def _child(order: str, environment: Mapping[str, str]) -> Any:
    command = (sys.executable, "-m", "meterbase.tests.api.once_child", order)
    done = subprocess.run(
        command, env=dict(environment), cwd=settings.BASE_DIR, check=True, capture_output=True
    )
    return json.loads(done.stdout)


def _post_all(port: int, filled: Mapping[str, Any], keys: list[str]) -> list[requests.Response]:
    start = Barrier(len(keys))
    order = {
        "property_id": filled["property_id"],
        "bill_id": filled["bill_id"],
        "charge_date": "2026-04-01",
        "charge_code": "UTIL",
        "description": "March 2026 Utility Charge (RUBS)",
        "post_to_pms": True,
    }

    def post(key: str) -> requests.Response:
        headers = {"Authorization": f"Bearer {filled['secret']}", "Idempotency-Key": key}
        start.wait()
        url = f"http://127.0.0.1:{port}/api/rubs/post-charges"
        return requests.post(url, json=order, headers=headers, timeout=120)

    with ThreadPoolExecutor(len(keys)) as programs:
        return list(programs.map(post, keys))


@pytest.mark.parametrize("same_key", [True, False], ids=["same key", "different keys"])
def test_fifty_identical_orders_make_one_job(environment, same_key):
    filled = _child("fill", environment)
    keys = ["one" if same_key else f"key-{number}" for number in range(_AT_ONCE)]
    with started_web_server("meterbase.wsgi:application", environment) as port:
        answers = _post_all(port, filled, keys)
        again = _post_all(port, filled, ["one"]) if same_key else []
    found = _child("count", environment)

    statuses = Counter((answer.status_code, answer.text[:60]) for answer in answers)
    assert {answer.status_code for answer in answers} <= {202, 409}, statuses
    assert (len(found["jobs"]), found["postings"]) == (1, 3)
    assert (found["kept"], found["at_work"]) == (1, 0)
    told = [answer.json()["job_id"] for answer in answers if answer.status_code == 202]
    assert set(told) == set(found["jobs"])
    assert same_key or len(told) == 1
    assert [answer.json()["job_id"] for answer in again] == found["jobs"] * len(again)
