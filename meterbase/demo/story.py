"""The main job, step by step: connect, import, sync, bill, calculate, review, approve, post."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass

import requests

from meterbase.demo.browser import Program, StepFailed, Visitor
from meterbase.lib.exact_json import JsonValue, read_json

MANAGER = "maria.manager"
ACCOUNTANT = "amir.accountant"

_UNIT = "304"
_PATIENCE_SECONDS = 120

# What each person's program does in this story, and no more.
_SCOPES = {
    MANAGER: ("properties:read", "properties:write", "sync:run"),
    ACCOUNTANT: ("charges:read", "charges:post"),
}


@dataclass(frozen=True, slots=True)
class Ending:
    """What the main job came to."""

    job: dict[str, JsonValue]
    pages: dict[str, str]


class Story:
    """The main job as a manager and an accountant do it."""

    def __init__(
        self, *, base_url: str, sandbox_url: str, password: str, say: Callable[[str], None]
    ) -> None:
        self._base_url = base_url
        self._sandbox = f"{sandbox_url}/_sandbox"
        self._password = password
        self._say = say
        self._number = 0
        self._manager = Visitor(base_url)
        self._accountant = Visitor(base_url)

    def run(self) -> Ending:
        """Do everything, from the connection to the posted charges.

        Errors: StepFailed.
        """
        managing, accounting = self._sign_in()
        connection_id = self._connect()
        property_id = self._import_property(managing, connection_id)
        self._sync(managing, property_id)
        bill_id = self._enter_bill(property_id)
        calculation_id = self._calculate(bill_id)
        self._review(calculation_id)
        self._end_a_lease()
        job = self._post(accounting, property_id, bill_id)
        self._check_ledger(job)
        pages = {
            "the property": f"/portfolios/properties/{property_id}/",
            "the calculation": f"/billing/calculations/{calculation_id}/",
            "the posting job": f"/billing/jobs/{job['job_id']}/",
            "the failed charge": "/billing/failures/",
        }
        return Ending(job=job, pages={k: self._base_url + v for k, v in pages.items()})

    def _step(self, text: str) -> None:
        self._number += 1
        self._say(f"{self._number:2}. {text}")

    def _sign_in(self) -> tuple[Program, Program]:
        programs = []
        for visitor, username in ((self._manager, MANAGER), (self._accountant, ACCOUNTANT)):
            visitor.open("/accounts/login/")
            visitor.submit("/accounts/login/", {"username": username, "password": self._password})
            key: dict[str, str | list[str]] = {
                "name": "Demonstration",
                "scopes": [*_SCOPES[username]],
                "reach": "every",
            }
            page = visitor.send("/portfolios/api-keys/", key)
            secret = re.search(r"mb_(?:live|test)_[A-Za-z0-9_-]{43}", page)
            if secret is None:
                raise StepFailed("The page of API keys did not show the new key.")
            programs.append(Program(self._base_url, secret[0]))
        self._step(f"{MANAGER} and {ACCOUNTANT} sign in, each with an API key for programs.")
        return programs[0], programs[1]

    def _connect(self) -> int:
        page = self._manager.open("/integrations/propexo/connections/new/")
        portfolio = re.search(r'name="portfolio".*?<option value="(\d+)"', page, re.DOTALL)
        if portfolio is None:
            raise StepFailed("The connection form offers no portfolio.")
        self._manager.submit(
            "/integrations/propexo/connections/new/",
            {
                "propexo_connection_id": "conn_001",
                "pms": "yardi_voyager",
                "portfolio": portfolio[1],
            },
        )
        self._portfolio_id = int(portfolio[1])
        connection_id = self._manager.number_in_url(r"/connections/(\d+)/")
        self._step("The manager connects Yardi Voyager through Propexo (conn_001): validated.")
        return connection_id

    def _import_property(self, program: Program, connection_id: int) -> int:
        offered = program.get(f"/api/propexo/connections/{connection_id}/properties")
        report = program.post(
            "/api/propexo/import-properties",
            {
                "connection_id": connection_id,
                "portfolio_id": self._portfolio_id,
                "propexo_property_ids": ["prop_001"],
            },
        )
        (place,) = _rows(report, "properties")
        self._step(
            f"The PMS offers {len(_rows(offered, 'properties'))} properties; "
            f"{place['name']} is imported."
        )
        return int(str(place["id"]))

    def _sync(self, program: Program, property_id: int) -> None:
        sync = program.post("/api/propexo/sync-units", {"property_id": property_id})
        path = str(sync["url"])
        sync = _wait(
            lambda: program.get(path), lambda found: found["status"] in ("completed", "failed")
        )
        if sync["status"] != "completed":
            raise StepFailed(f"The sync failed: {sync['error']}")
        self._step(
            f"Units, leases and residents are synced in the background: {sync['created']} "
            f"created, {sync['flagged']} flagged."
        )

    def _enter_bill(self, property_id: int) -> int:
        self._manager.open(f"/billing/properties/{property_id}/rules/water/")
        self._manager.submit(
            f"/billing/properties/{property_id}/rules/water/",
            {"method": "square_feet", "vacancy": "owner_pays", "common_area_percent": "10"},
        )
        self._step("Water is shared by square footage; 10 % common area; the owner pays vacancy.")
        self._manager.open(f"/billing/properties/{property_id}/bills/new/")
        self._manager.submit(
            f"/billing/properties/{property_id}/bills/new/",
            {
                "utility": "water",
                "account_number": "W-2204-117",
                "period_start": "2026-03-01",
                "period_end": "2026-04-01",
                "amount": "5661.61",
            },
        )
        self._step("The March 2026 water bill is entered: $5,661.61.")
        return self._manager.number_in_url(r"/bills/(\d+)/")

    def _calculate(self, bill_id: int) -> int:
        self._manager.submit(f"/billing/bills/{bill_id}/calculate/")
        calculation_id = self._manager.number_in_url(r"/calculations/(\d+)/")
        self._step("The bill is calculated: tenants + owner = bill, to the cent.")
        return calculation_id

    def _review(self, calculation_id: int) -> None:
        self._manager.submit(f"/billing/calculations/{calculation_id}/submit/")
        self._step("The manager submits the calculation for review.")
        self._accountant.open(f"/billing/calculations/{calculation_id}/approve/")
        self._accountant.submit(f"/billing/calculations/{calculation_id}/approve/")
        self._step("The accountant, another person, approves it.")

    def _end_a_lease(self) -> None:
        found = requests.get(
            f"{self._sandbox}/leases",
            params={"property_id": "prop_001", "unit_number": _UNIT},
            timeout=10,
        )
        found.raise_for_status()
        for lease in found.json()["leases"]:
            if lease["status"] != "past":
                requests.post(
                    f"{self._sandbox}/leases/{lease['id']}/end", timeout=10
                ).raise_for_status()
        self._step(f"Meanwhile, in the PMS, the lease of unit {_UNIT} ends. MeterBase cannot know.")

    def _post(self, program: Program, property_id: int, bill_id: int) -> dict[str, JsonValue]:
        started = program.post(
            "/api/rubs/post-charges",
            {
                "property_id": property_id,
                "bill_id": bill_id,
                "charge_date": "2026-04-01",
                "charge_code": "UTIL",
                "description": "March 2026 Utility Charge (RUBS)",
                "post_to_pms": True,
            },
        )
        self._step(f"The accountant posts the charges: {started['job_id']}.")
        path = str(started["url"])
        job = _wait(lambda: program.get(path), lambda found: found["status"] == "completed")
        self._step(
            f"The workers are done: {job['total_charges']} charges, {job['posted']} posted, "
            f"{job['failed']} failed."
        )
        for failure in _rows(job, "failures"):
            self._say(f"      Unit {failure['unit']}, ${failure['amount']}: {failure['error']}")
        return job

    def _check_ledger(self, job: dict[str, JsonValue]) -> None:
        answer = requests.get(f"{self._sandbox}/ledger", timeout=10)
        ledger = read_json(answer.content)
        count = ledger["count"] if isinstance(ledger, dict) else None
        if count != job["posted"]:
            raise StepFailed(f"The PMS's ledger has {count} charges; {job['posted']} were posted.")
        total = ledger["total"] if isinstance(ledger, dict) else ""
        self._step(f"The PMS's own ledger shows the same: {count} charges, ${total}.")


def _rows(answer: dict[str, JsonValue], key: str) -> list[dict[str, JsonValue]]:
    rows = answer[key]
    if not isinstance(rows, list):
        raise StepFailed(f"The answer's {key} is not a list.")
    return [row for row in rows if isinstance(row, dict)]


def _wait(
    look: Callable[[], dict[str, JsonValue]], done: Callable[[dict[str, JsonValue]], bool]
) -> dict[str, JsonValue]:
    until = time.monotonic() + _PATIENCE_SECONDS
    while True:
        found = look()
        if done(found):
            return found
        if time.monotonic() > until:
            raise StepFailed(f"Nothing more happened for {_PATIENCE_SECONDS} seconds: {found}")
        time.sleep(0.2)
