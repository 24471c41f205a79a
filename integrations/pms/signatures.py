"""How Propexo signs what it sends: lower-case hex HMAC-SHA256 of the body's bytes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

UNIFIED_HEADER = "X-Propexo-Signature"
V1_HEADER = "propexo-signature"
HEADERS = (UNIFIED_HEADER, V1_HEADER)

_DIGEST_LENGTH = 64


def split_secrets(text: str) -> tuple[str, ...]:
    """Read a setting that holds several secrets, separated by commas."""
    return tuple(secret for part in text.split(",") if (secret := part.strip()))


def sign(body: bytes, *, secret: str) -> str:
    """Sign a body as Propexo does."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def find_signing_secret(body: bytes, *, signature: str, secrets: Sequence[str]) -> int | None:
    """Tell which of the secrets made a signature, counted from 1; None when none did.

    Shape: the time taken tells nothing about the secrets: all are tried, whichever fits.
    """
    given = signature.encode("utf-8", "replace")
    if len(given) != _DIGEST_LENGTH:
        return None
    found = None
    for number, secret in enumerate(secrets, start=1):
        if hmac.compare_digest(sign(body, secret=secret).encode(), given) and found is None:
            found = number
    return found
