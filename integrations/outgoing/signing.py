"""How deliveries are signed, so that receivers know who sent them.

Source: Standard Webhooks, https://www.standardwebhooks.com; the second header says the same to
    whoever has no library for that.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from standardwebhooks import Webhook

PREFIX = "whsec_"
OWN_HEADER = "X-MeterBase-Signature"

_KEY_BYTES = 32
_KEY_SIZES = range(24, 65)


class NoSecret(ValueError):
    """What was given is no secret to sign with; says what one is."""

    def __init__(self) -> None:
        super().__init__(
            f"A secret is {PREFIX} and the base64 of {_KEY_SIZES.start} to {_KEY_SIZES.stop - 1} "
            "random bytes. Leave it out, and one is made."
        )


def make_secret() -> str:
    """Make a secret that nobody can guess."""
    return PREFIX + base64.b64encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii")


def check_secret(text: str) -> str:
    """Let a secret through that somebody brings along.

    Errors: NoSecret.
    """
    if not text.startswith(PREFIX) or len(_key(text)) not in _KEY_SIZES:
        raise NoSecret
    return text


def _key(secret: str) -> bytes:
    try:
        return base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (ValueError, binascii.Error):
        raise NoSecret from None


def signed_headers(
    body: str, *, event_id: str, secrets: Sequence[str], now: datetime
) -> Mapping[str, str]:
    """Write the headers that prove a delivery; while a secret is being replaced, with both.

    Shape: the time is that of this try, so that receivers can refuse what somebody plays back.
    """
    # The library reads the clock's digits as UTC; it must not be given another zone's.
    seconds = int(now.timestamp())
    return {
        "webhook-id": event_id,
        "webhook-timestamp": str(seconds),
        "webhook-signature": " ".join(
            Webhook(secret).sign(event_id, now.astimezone(UTC), body) for secret in secrets
        ),
        OWN_HEADER: ",".join(
            [f"t={seconds}", *(f"v1={_hex(body, seconds, secret)}" for secret in secrets)]
        ),
    }


def _hex(body: str, seconds: int, secret: str) -> str:
    return hmac.new(_key(secret), f"{seconds}.{body}".encode(), hashlib.sha256).hexdigest()
