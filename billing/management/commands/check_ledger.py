"""`manage.py check_ledger`: compare MeterBase with the PMS's ledger, charge by charge."""

from __future__ import annotations

import json
import time
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.models import LedgerCheck, PostingJob
from billing.operations.ledger_checks import (
    connection_of,
    fail_check,
    places_to_compare,
    read_on,
    request_check,
)
from integrations.gateways import NotConnected, PropexoNotConfigured, open_gateway
from integrations.pms.gateway import PmsGateway
from portfolios.models import Property

_COUNTS = ("sent", "there", "differs", "missing", "extra", "doubled", "unsettled")


class Command(BaseCommand):
    """Read the ledgers back; the exit status is 1 when a charge is lost or doubled."""

    help = (
        "Compare what was posted with what the PMS's ledger shows: there, differs, missing, extra."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare what is compared and how it is printed."""
        parser.add_argument("--job", help="one posting job, such as job_abc123")
        parser.add_argument("--property", type=int, help="one property, by its number")
        parser.add_argument("--json", action="store_true", help="print the result as JSON")

    def handle(self, *_args: Any, **options: Any) -> None:
        """Compare, print, and end with 0, with 1 for a lost or doubled charge, or with 2."""
        checks = [
            self._check(place, job) for place, job in _chosen(options["job"], options["property"])
        ]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(checks)))
        else:
            self._print(checks)
        if any(not check.is_clean and not check.error for check in checks):
            raise SystemExit(1)
        if any(check.error for check in checks):
            raise SystemExit(2)

    def _check(self, place: Property, job: PostingJob | None) -> LedgerCheck:
        # Progress goes where it cannot get into what a program reads.
        self.stderr.write(f"Reading the ledger of {place} …", self.style.NOTICE)
        check = request_check(place=place, by=None, now=timezone.now(), job=job)
        try:
            gateway = open_gateway(connection_of(check))
        except PropexoNotConfigured as error:
            fail_check(check=check, message=str(error), now=timezone.now())
            raise CommandError(str(error), returncode=2) from error
        except NotConnected as error:
            fail_check(check=check, message=str(error), now=timezone.now())
            check.refresh_from_db()
            return check
        return self._read(check, gateway)

    def _read(self, check: LedgerCheck, gateway: PmsGateway) -> LedgerCheck:
        """Read the whole ledger, resting when the PMS asks for it."""
        while True:
            check = read_on(check=check, gateway=gateway, clock=timezone.now)
            if check.is_over or check.continue_at is None:
                return check
            self.stderr.write(f"{check.rows_read:,} rows read. {check.waits_for}")
            # The PMS has named a time before which it must not be asked again.
            time.sleep(max(0.0, (check.continue_at - timezone.now()).total_seconds()))

    def _print(self, checks: list[LedgerCheck]) -> None:
        if not checks:
            self.stdout.write("Nothing was ever posted, so there is nothing to compare.")
        for check in checks:
            counts = ", ".join(f"{getattr(check, name):,} {name}" for name in _COUNTS)
            self.stdout.write(f"{check.property}: {check.error or counts}")
            for difference in check.differences.all():
                self.stdout.write(f"  {difference}: {difference.message}")


def _chosen(
    job_id: str | None, property_id: int | None
) -> list[tuple[Property, PostingJob | None]]:
    if job_id is not None:
        job = PostingJob.objects.select_related("calculation__bill__property", "connection").filter(
            public_id=job_id
        )
        found = job.first()
        if found is None:
            raise CommandError(f"There is no job {job_id}.", returncode=2)
        return [(found.calculation.bill.property, found)]
    places = places_to_compare()
    if property_id is not None:
        places = places.filter(pk=property_id)
        if not places:
            raise CommandError(f"Nothing was posted for a property {property_id}.", returncode=2)
    return [(place, None) for place in places]


def _as_json(checks: list[LedgerCheck]) -> dict[str, object]:
    totals = {name: sum(getattr(check, name) for check in checks) for name in _COUNTS}
    return {
        **totals,
        "errors": sum(bool(check.error) for check in checks),
        "clean": all(check.is_clean for check in checks),
        "properties": [
            {
                "property_id": check.property_id,
                "property": str(check.property),
                "job_id": check.job.public_id if check.job else None,
                "started_at": check.started_at.isoformat(),
                "finished_at": check.finished_at.isoformat() if check.finished_at else None,
                "shown_until": check.shown_until.isoformat() if check.shown_until else None,
                "rows_read": check.rows_read,
                **{name: getattr(check, name) for name in _COUNTS},
                "error": check.error or None,
                "differences": [
                    {
                        "kind": difference.kind,
                        "reference": difference.reference,
                        "propexo_charge_id": difference.remote_charge_id or None,
                        "message": difference.message,
                    }
                    for difference in check.differences.all()
                ],
            }
            for check in checks
        ],
    }
