"""The door that Propexo knocks on: verify, store once, wake a worker, answer.

What an event means is worked out later, in the background: Propexo gets its answer at once, and an
answer other than 2xx means that it may try again.
"""

from __future__ import annotations

from django.conf import settings
from django.db import DatabaseError, InterfaceError
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from integrations.models import RejectionReason
from integrations.pms.signatures import HEADERS, find_signing_secret, split_secrets
from integrations.webhooks.nudge import nudge
from integrations.webhooks.rejections import rejections
from integrations.webhooks.store import Signature, store_event

MOST_BYTES = 262_144

# As WSGI names them.
_HEADER_KEYS = [(header, f"HTTP_{header.upper().replace('-', '_')}") for header in HEADERS]

_ANSWERS = {
    RejectionReason.NOT_CONFIGURED: (
        503,
        "webhooks_not_configured",
        "This installation takes no webhooks: PROPEXO_WEBHOOK_SECRET is not set.",
    ),
    RejectionReason.TOO_LARGE: (
        413,
        "payload_too_large",
        f"The body is larger than {MOST_BYTES:,} bytes.",
    ),
    RejectionReason.NO_SIGNATURE: (
        401,
        "signature_missing",
        f"The request has no signature: the header {HEADERS[0]} or {HEADERS[1]} is missing.",
    ),
    RejectionReason.WRONG_SIGNATURE: (
        401,
        "signature_invalid",
        "The signature fits none of this installation's secrets.",
    ),
    RejectionReason.DATABASE_BUSY: (
        503,
        "try_again",
        "The event could not be stored just now. Send it again.",
    ),
}

_COME_BACK_SECONDS = "60"


class Rejected(Exception):
    """The request is turned away."""

    def __init__(self, reason: RejectionReason) -> None:
        super().__init__(_ANSWERS[reason][2])
        self.reason = reason


@csrf_exempt
def receive_webhook(request: HttpRequest) -> HttpResponse:
    """Take an event in, or say why not."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    try:
        new = _take_in(request)
    except Rejected as rejected:
        return _turn_away(request, rejected.reason)
    except (DatabaseError, InterfaceError):
        return _turn_away(request, RejectionReason.DATABASE_BUSY)
    if new:
        nudge()
    return JsonResponse({"received": True})


def _take_in(request: HttpRequest) -> bool:
    secrets = split_secrets(settings.PROPEXO_WEBHOOK_SECRET)
    if not secrets:
        raise Rejected(RejectionReason.NOT_CONFIGURED)
    body = _read_body(request)
    signature = _verify(request, body, secrets)
    return store_event(body=body, signature=signature, now=timezone.now())


def _read_body(request: HttpRequest) -> bytes:
    """Read no more than is allowed, whatever the sender says about its length."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if length.isdecimal() and int(length) > MOST_BYTES:
        raise Rejected(RejectionReason.TOO_LARGE)
    if length or not request.META.get("wsgi.input_terminated"):
        return request.body
    # Sent in chunks, without a length: Django would read nothing; the server ends the stream.
    body: bytes = request.META["wsgi.input"].read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise Rejected(RejectionReason.TOO_LARGE)
    return body


def _verify(request: HttpRequest, body: bytes, secrets: tuple[str, ...]) -> Signature:
    given = [(header, value) for header, key in _HEADER_KEYS if (value := request.META.get(key))]
    if not given:
        raise Rejected(RejectionReason.NO_SIGNATURE)
    for header, value in given:
        number = find_signing_secret(body, signature=value, secrets=secrets)
        if number is not None:
            return Signature(header, number)
    raise Rejected(RejectionReason.WRONG_SIGNATURE)


def _turn_away(request: HttpRequest, reason: RejectionReason) -> HttpResponse:
    sender = str(request.META.get("REMOTE_ADDR", ""))
    rejections.add(reason, sender=sender, now=timezone.now())
    status, code, message = _ANSWERS[reason]
    error = {"code": code, "message": message, "details": {}}
    answer = JsonResponse({"success": False, "error": error}, status=status)
    if reason is RejectionReason.DATABASE_BUSY:
        answer["Retry-After"] = _COME_BACK_SECONDS
    return answer
