"""The API key, held so that it shows up nowhere but in the request that needs it."""

from __future__ import annotations

import re

# A shorter key could stand in an answer by chance, and blanking it would damage the answer.
_LONG_ENOUGH_TO_BLANK = 8


class HiddenText(str):
    """Text that is used as it is, but whose repr hides it from logs and tracebacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'(hidden)'"


class ApiKey:
    """A Propexo API key.

    Errors: ValueError when the key is empty or could not travel in a header; it does not quote it.
    """

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        # Bound anew so that a traceback that shows local variables shows nothing.
        secret = HiddenText(secret)
        self._secret = secret
        if not re.fullmatch(r"[\x21-\x7e]+", self._secret):
            raise ValueError("The Propexo API key is empty or holds spaces or odd characters.")

    def __repr__(self) -> str:
        return "ApiKey(hidden)"

    def __reduce__(self) -> str:
        raise TypeError("An API key is not stored or sent along with an object.")

    def authorization(self) -> HiddenText:
        """Write the value of the Authorization header."""
        return HiddenText(f"Bearer {self._secret}")

    def blank_out(self, body: bytes) -> bytes:
        """Remove the key from an answer that quotes it."""
        if len(self._secret) < _LONG_ENOUGH_TO_BLANK:
            return body
        return body.replace(self._secret.encode("ascii"), b"(API key)")

    def blank_out_text(self, text: str) -> str:
        """Remove the key from text."""
        return self.blank_out(text.encode("utf-8", "replace")).decode("utf-8")
