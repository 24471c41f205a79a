"""The line to the mail server: what it did with a mail, as far as can be known.

A mail is never sent a second time when the first may have arrived. So the moment before the mail
itself goes over the line is told to the caller, who writes it down; what breaks after it leaves
the mail in doubt, what breaks before certainly sent nothing.
"""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.smtp import EmailBackend as DjangoSmtpBackend

_REFUSED_FOR_GOOD = 500


class LineDown(Exception):
    """The mail server cannot be reached, or takes nothing from here; nothing was sent."""


class Refused(Exception):
    """The mail server does not take this mail; `for_good` tells whether it ever will."""

    def __init__(self, message: str, *, for_good: bool) -> None:
        super().__init__(message)
        self.for_good = for_good


class PerhapsSent(Exception):
    """The line broke after the mail had gone over it: it may arrive or not."""


def _nothing() -> None:
    """Do nothing."""


class _ToldSmtp(smtplib.SMTP):
    """SMTP that tells when the mail itself is about to go over the line."""

    before_data: Callable[[], None] = staticmethod(_nothing)

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the mail itself."""
        self.before_data()
        return super().data(msg)


class _ToldSmtpSsl(smtplib.SMTP_SSL, _ToldSmtp):
    """The same over TLS from the first byte."""


class SmtpBackend(DjangoSmtpBackend):
    """Django's SMTP backend, on a connection that tells when a mail goes over it."""

    @property
    def connection_class(self) -> type[_ToldSmtp]:
        """Choose the connection."""
        return _ToldSmtpSsl if self.use_ssl else _ToldSmtp


class MailLine:
    """A line that is opened for the first mail and used for those after it."""

    def __init__(self) -> None:
        self._backend = get_connection()

    def send(self, mail: EmailMessage, *, before: Callable[[], None]) -> None:
        """Send one mail; `before` is called when from here on it may arrive.

        Errors: LineDown, Refused, PerhapsSent, and what `before` raises.
        """
        self._open()
        told = False

        def tell() -> None:
            nonlocal told
            before()
            told = True

        smtp = getattr(self._backend, "connection", None)
        if isinstance(smtp, _ToldSmtp):
            smtp.before_data = tell
        else:
            tell()
        try:
            self._backend.send_messages([mail])
        except (smtplib.SMTPException, OSError) as error:
            # What comes next gets a line of its own: this one may be in the middle of a mail.
            self.close()
            raise _verdict(error, told=told) from error

    def _open(self) -> None:
        try:
            self._backend.open()
        except (smtplib.SMTPException, OSError) as error:
            self.close()
            raise LineDown(_said(error)) from error

    def close(self) -> None:
        """Hang up; a line that is broken already does no harm."""
        with suppress(smtplib.SMTPException, OSError):
            self._backend.close()


def _verdict(error: Exception, *, told: bool) -> LineDown | Refused | PerhapsSent:
    """Tell what an error proves of the mail."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            answers = list(error.recipients.values())
            for_good = all(code >= _REFUSED_FOR_GOOD for code, _words in answers)
            said = " ".join(_answer(code, words) for code, words in answers)
            return Refused(said, for_good=for_good)
        case smtplib.SMTPDataError():
            return Refused(_said(error), for_good=error.smtp_code >= _REFUSED_FOR_GOOD)
        case smtplib.SMTPSenderRefused():
            # Whatever is wrong with our own address is wrong for every mail, until it is put right.
            return LineDown(_said(error))
    return PerhapsSent(_said(error)) if told else LineDown(_said(error))


def _said(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _answer(error.smtp_code, error.smtp_error)
    return f"{type(error).__name__}: {error}"


def _answer(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"The mail server answered {code} {text}."
