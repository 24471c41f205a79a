"""The web server that is measured: the product, and beside it a bare view that gives a constant.

Run by gunicorn as a WSGI application; run as a program it fills an empty database for that, and
prints the calls that are measured as JSON.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest
from django.urls import include, path
from ninja import NinjaAPI

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbase.settings")
settings.ROOT_URLCONF = "billing.bench.api_server"
application = get_wsgi_application()

bare = NinjaAPI(urls_namespace="bare", docs_url=None, openapi_url=None)

CONSTANT = "/bare/constant"
_UNITS = 2_000


@bare.get("/constant")
def constant(request: HttpRequest) -> dict[str, Any]:  # noqa: ARG001 - ninja passes it by name
    """Answer as a job that is over does, with nothing to look up."""
    counts = dict.fromkeys(("posted", "failed", "pending", "unknown", "skipped"), 0)
    return {"job_id": "job_abc123", "status": "completed", "total_charges": 0, **counts}


urlpatterns = [path("bare/", bare.urls), path("", include("meterbase.urls"))]


def fill() -> None:
    """Fill an empty database, and print the calls and the keys with which they are made.

    Effects: tables, a portfolio and as many keys as the first argument says.
    """
    from django.utils import timezone

    from billing.bench.portfolio import make_portfolio, size_of
    from billing.bench.stage import make_tables
    from portfolios.models import ApiPlan, Scope, User
    from portfolios.operations.api_keys import KeyTerms, create_api_key

    make_tables()
    now = timezone.now()
    make_portfolio(size=size_of(_UNITS), now=now)
    user = User.objects.get(username="accountant")
    terms = KeyTerms(scopes=tuple(Scope), plan=ApiPlan.ENTERPRISE)
    secrets = [
        create_api_key(user=user, name="Bench", by=user, now=now, terms=terms).secret
        for _ in range(int(sys.argv[1]))
    ]
    calls = {
        "job status": f"/api/rubs/jobs/{_job_with_a_failure()}",
        "property list": "/api/v1/properties",
    }
    print(json.dumps({"secrets": secrets, "calls": calls}))  # noqa: T201 - whoever runs it reads this


def _job_with_a_failure() -> str:
    """Let one charge of a posted job fail, as in the sample of the API's documentation."""
    from billing.models import Posting, PostingState

    posted = Posting.objects.filter(state=PostingState.POSTED).select_related("job").earliest("pk")
    Posting.objects.filter(pk=posted.pk).update(
        state=PostingState.REJECTED,
        remote_charge_id="",
        error="The PMS has no active lease for this unit.",
        error_code="LEASE_NOT_FOUND",
    )
    return posted.job.public_id


if __name__ == "__main__":
    fill()
