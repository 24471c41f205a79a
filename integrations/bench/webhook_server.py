"""The web server that is measured: the webhook's view, and beside it a view that does one INSERT.

Run by gunicorn as a WSGI application, on a database that is thrown away afterwards.
"""

from __future__ import annotations

import os
from datetime import timedelta
from uuid import uuid4

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbase.settings")
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()

# Apps are ready only now.
from integrations.models import Connection, ConnectionStatus, EventState, WebhookEvent  # noqa: E402
from integrations.webhooks.receive import receive_webhook  # noqa: E402
from portfolios.models import Portfolio, User  # noqa: E402

CONNECTION = "conn_bench"
WEBHOOK_PATH = "/webhook"
INSERT_PATH = "/insert"


@csrf_exempt
def insert_row(request: HttpRequest) -> HttpResponse:
    """Store the same row with nothing around it: no signature, no reading, no looking up."""
    now = timezone.now()
    WebhookEvent.objects.create(
        shape="unified",
        name="DATA_UPDATE",
        record_kind="unit",
        body=request.body,
        digest="0" * 64,
        dedupe_key=uuid4().hex,
        signature_header="none",
        secret_number=0,
        received_at=now,
        # Not due for long, so that no worker's look for work pays for these rows.
        due_at=now + timedelta(days=1),
        state=EventState.RECEIVED,
    )
    return JsonResponse({"received": True})


urlpatterns = [
    path(WEBHOOK_PATH[1:], receive_webhook),
    path(INSERT_PATH[1:], insert_row),
]


def store_connection() -> None:
    """Store the connection that the events name.

    Effects: a portfolio, a person and a connection.
    """
    now = timezone.now()
    Connection.objects.create(
        portfolio=Portfolio.objects.create(name="Bench", created_at=now),
        propexo_connection_id=CONNECTION,
        pms="yardi_voyager",
        status=ConnectionStatus.ACTIVE,
        validated_at=now,
        created_by=User.objects.create_user("bench"),
        created_at=now,
    )
