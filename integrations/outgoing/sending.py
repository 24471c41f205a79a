"""One try to deliver: connect to an address that was looked at, send once, read a little.

The host is resolved here, each of its addresses is checked, and the connection is made to that very
address; nothing resolves it a second time, so DNS cannot say one thing to the check and another to
the connection. The host's name still goes into TLS and into the request. No redirect is followed
and no proxy, cookie or netrc file of the machine is used. No database is touched: this runs in
threads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

import certifi
from urllib3 import BaseHTTPResponse
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    SSLError,
)
from urllib3.exceptions import TimeoutError as TooSlow
from urllib3.util import Timeout

from integrations.outgoing.addresses import NotAllowed, Target, read_target, resolve
from integrations.pms.answer import stated_wait
from integrations.pms.deadline import HttpPool, HttpsPool, OpenConnections, deadline

USER_AGENT = "MeterBase-Webhooks/1"

# Receivers are asked to answer at once and to work afterwards.
LONGEST_SECONDS = 10.0
_CONNECT_SECONDS = 4.0
_MOST_ADDRESSES = 3

# What is kept of an answer is for people who look for a fault; more is not even read.
_ANSWER_BYTES = 2_000
_ANSWER_CHARACTERS = 500


@dataclass(frozen=True, slots=True)
class Parcel:
    """What is sent, and where to."""

    url: str = field(repr=False)
    body: bytes = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Receipt:
    """What came of a try.

    Shape: without `status` there was no answer, and `trouble` says why in a sentence. `wait` is for
        how long the receiver asks to be left alone.
    """

    milliseconds: int
    status: int | None = None
    answer: str = ""
    trouble: str = ""
    wait: timedelta | None = None

    @property
    def is_taken(self) -> bool:
        """Tell whether the receiver took it: any 2xx."""
        return HTTPStatus.OK <= (self.status or 0) < HTTPStatus.MULTIPLE_CHOICES

    @property
    def is_gone(self) -> bool:
        """Tell whether the receiver wants nothing any more."""
        return self.status == HTTPStatus.GONE

    @property
    def said(self) -> str:
        """Say in a few words what came of it."""
        if self.status is None:
            return self.trouble
        if HTTPStatus.MULTIPLE_CHOICES <= self.status < HTTPStatus.BAD_REQUEST:
            return f"HTTP {self.status}: redirects are not followed."
        return f"HTTP {self.status}"


def send(parcel: Parcel, *, seconds: float = LONGEST_SECONDS, ca_file: str = "") -> Receipt:
    """Try once to deliver; whatever happens is told, nothing is raised for it.

    Shape: `ca_file` holds the authorities that are trusted, those of browsers where it is empty.
    Units: seconds for the whole of it but for the look into DNS.
    Effects: at most one request.
    """
    began = time.monotonic()
    try:
        target = read_target(parcel.url)
        addresses = resolve(target)[:_MOST_ADDRESSES]
        with deadline(seconds):
            return _to_first_that_answers(parcel, target, addresses, ca_file, began)
    except NotAllowed as refusal:
        return Receipt(_since(began), trouble=str(refusal))
    except (HTTPError, OSError, ValueError) as error:
        return Receipt(_since(began), trouble=_words(error))


def _to_first_that_answers(
    parcel: Parcel, target: Target, addresses: Sequence[str], ca_file: str, began: float
) -> Receipt:
    """Go on to the next address only where nothing can have been sent to the one before."""
    for address in addresses[:-1]:
        try:
            return _exchange(parcel, target, address, ca_file, began)
        except (NewConnectionError, ConnectTimeoutError):
            continue
    return _exchange(parcel, target, addresses[-1], ca_file, began)


def _exchange(parcel: Parcel, target: Target, address: str, ca_file: str, began: float) -> Receipt:
    pool = _pool(target, address, ca_file)
    try:
        response = pool.urlopen(
            "POST",
            target.path,
            body=parcel.body,
            headers=_headers(parcel, target),
            retries=False,
            redirect=False,
            assert_same_host=False,
            preload_content=False,
            decode_content=False,
            timeout=Timeout(connect=_CONNECT_SECONDS, read=LONGEST_SECONDS),
        )
        try:
            return _receipt(response, began)
        finally:
            response.close()
    finally:
        pool.close()


def _pool(target: Target, address: str, ca_file: str) -> OpenConnections:
    if target.scheme == "http":
        return HttpPool(address, target.port, maxsize=1)
    return HttpsPool(
        address,
        target.port,
        maxsize=1,
        cert_reqs="CERT_REQUIRED",
        ca_certs=ca_file or certifi.where(),
        server_hostname=target.host,
        assert_hostname=target.host,
    )


def _headers(parcel: Parcel, target: Target) -> dict[str, str]:
    return {
        "Host": target.host_header,
        "Content-Type": "application/json",
        "User-Agent": USER_AGENT,
        "Accept": "*/*",
        "Accept-Encoding": "identity",
        "Connection": "close",
        **parcel.headers,
    }


def _receipt(response: BaseHTTPResponse, began: float) -> Receipt:
    try:
        answer = response.read(_ANSWER_BYTES)
    except (HTTPError, OSError):
        # The status came, and it is what counts; what the receiver says beside it may break off.
        answer = b""
    return Receipt(
        _since(began),
        status=response.status,
        answer=_printable(answer),
        wait=stated_wait(response.headers, now=datetime.now(UTC)),
    )


def _printable(answer: bytes) -> str:
    text = answer.decode("utf-8", "replace")
    # PostgreSQL stores no NUL, and no other control character helps a reader.
    return "".join(c if c.isprintable() else " " for c in text)[:_ANSWER_CHARACTERS].strip()


def _since(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def _words(error: Exception) -> str:
    """Say what went wrong without quoting the error, which may name addresses and ports."""
    match error:
        case NameResolutionError():
            return "The host cannot be found."
        case NewConnectionError():
            return "No connection could be made."
        case ConnectTimeoutError():
            return "No connection could be made in time."
        case SSLError():
            return "TLS failed: the certificate is not valid for this host, or not trusted."
        case TooSlow() | TimeoutError():
            return f"No answer within {LONGEST_SECONDS:.0f} seconds."
    return "The connection broke off before there was an answer."
