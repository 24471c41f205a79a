"""A column whose text cannot be read from the database alone, nor from a copy of it."""

from __future__ import annotations

import base64
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models

# The stubs' classes take parameters, Django's own do not.
if TYPE_CHECKING:
    _Text = models.TextField[str, str]
else:
    _Text = models.TextField

# Another purpose has another key, though both come from the same secret.
_PURPOSE = b"meterbase sealed text 1"
_KEY_BYTES = 32


class SealedBroken(Exception):
    """What was sealed cannot be opened: SECRET_KEY was changed since, or the row was."""

    def __init__(self) -> None:
        super().__init__(
            "The secret cannot be read, because SECRET_KEY was changed since it was stored. Put "
            "the earlier key into SECRET_KEY_FALLBACKS, or make a new secret."
        )


class SealedTextField(_Text):
    """Text that is sealed with a key made from SECRET_KEY, and opened with it or an earlier one.

    Shape: it cannot be searched for; the same text is sealed differently each time.
    Errors: SealedBroken when a row is read that no key opens.
    """

    def get_prep_value(self, value: Any) -> Any:
        """Seal what is stored."""
        text = super().get_prep_value(value)
        return None if text is None else _keys().encrypt(str(text).encode()).decode()

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        """Open what was stored."""
        if value is None:
            return None
        try:
            return _keys().decrypt(value.encode()).decode()
        except InvalidToken:
            raise SealedBroken from None


def _keys() -> MultiFernet:
    return _made_of((settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS))


@lru_cache(maxsize=4)
def _made_of(secrets: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(_derive(secret)) for secret in secrets])


def _derive(secret: str) -> bytes:
    key = HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=_PURPOSE)
    return base64.urlsafe_b64encode(key.derive(secret.encode()))
