"""`manage.py check_ledger`: compare MeterBase with the PMS's ledger, charge by charge."""

from __future__ import annotations

import json
from typing import Any

from django.core.management import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from billing.models import LedgerCheck, PostingJob
from billing.operations.ledger_checks import check_ledger, places_with_postings
from integrations.gateways import (
    NotConnected,
    PropexoNotConfigured,
    open_gateway,
    open_property_gateway,
)
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
            self._check(place, job, shows_progress=not options["json"])
            for place, job in _chosen(options["job"], options["property"])
        ]
        if options["json"]:
            self.stdout.write(json.dumps(_as_json(checks)))
        else:
            self._print(checks)
        if any(check.differences.exists() for check in checks):
            raise SystemExit(1)
        if any(check.error for check in checks):
            raise SystemExit(2)

    def _check(
        self, place: Property, job: PostingJob | None, *, shows_progress: bool
    ) -> LedgerCheck:
        if shows_progress:
            self.stdout.write(f"Reading the ledger of {place} …")
        now = timezone.now()
        try:
            gateway = open_gateway(job.connection) if job else open_property_gateway(place)
        except PropexoNotConfigured as error:
            raise CommandError(str(error), returncode=2) from error
        except NotConnected as error:
            return LedgerCheck.objects.create(
                property=place, started_at=now, finished_at=now, error=str(error)
            )
        return check_ledger(place=place, gateway=gateway, by=None, clock=timezone.now, job=job)

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
    places = places_with_postings()
    if property_id is not None:
        places = places.filter(pk=property_id)
        if not places:
            raise CommandError(f"Nothing was posted for a property {property_id}.", returncode=2)
    return [(place, None) for place in places]


def _as_json(checks: list[LedgerCheck]) -> dict[str, object]:
    totals = {name: sum(getattr(check, name) for check in checks) for name in _COUNTS}
    return {
        **totals,
        "clean": all(check.is_clean for check in checks),
        "properties": [
            {
                "property_id": check.property_id,
                "job_id": check.job.public_id if check.job else None,
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
