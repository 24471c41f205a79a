"""The health check. Answers are JSON, for load balancers, monitors and people with a terminal.

It is our own and not django-health-check: that one runs each check in a thread of its own, whose
database connection nobody closes, shows everything to everybody, and answers 500 instead of 503.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from meterbase.health.findings import Finding, Level
from meterbase.health.looks import is_failing, look_at_everything

# Without these nobody can be recognised.
_NEEDED_FOR_STAFF = ("database", "migrations")


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Say whether everything works: 200, or 503 with what does not. Staff see the figures."""
    findings = look_at_everything(now=timezone.now())
    failing = is_failing(findings)
    with_details = _is_staff(request, findings)
    body = {
        "status": Level.FAILING if failing else Level.OK,
        "checks": {
            name: _written(found, with_details=with_details) for name, found in findings.items()
        },
    }
    return JsonResponse(body, status=503 if failing else 200, json_dumps_params={"indent": 2})


@require_safe
@never_cache
def live(_request: HttpRequest) -> JsonResponse:
    """Say that the web server lives, and nothing about the rest."""
    return JsonResponse({"status": Level.OK})


def _is_staff(request: HttpRequest, findings: Mapping[str, Finding]) -> bool:
    recognisable = all(
        name in findings and findings[name].level == Level.OK for name in _NEEDED_FOR_STAFF
    )
    return recognisable and bool(getattr(request.user, "is_staff", False))


def _written(finding: Finding, *, with_details: bool) -> dict[str, object]:
    summary: dict[str, object] = {"status": finding.level, "message": finding.message}
    return {**summary, "details": dict(finding.details)} if with_details else summary
