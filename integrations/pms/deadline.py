"""One deadline over a whole HTTP call, however slowly its bytes trickle in.

A read timeout starts anew with every byte, so a server that sends one byte a second would hold a
caller for ever. Here every read from the socket is cut to the time that is left of the call.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

from requests import PreparedRequest
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_ends_at: ContextVar[float] = ContextVar("ends_at", default=math.inf)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Give everything inside the block this long in total.

    Units: seconds.
    """
    token = _ends_at.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends_at.reset(token)


def seconds_left() -> float:
    """Say how much of the running deadline is left; infinite when none is running.

    Units: seconds; 0 or less when it has passed.
    """
    return _ends_at.get() - time.monotonic()


class DeadlineAdapter(HTTPAdapter):
    """Carry requests over connections that keep the running deadline."""

    # Any: the parameters are those of the parent, handed on unseen.
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        """Make the pools of connections."""
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}

    def open_connections(self, request: PreparedRequest) -> OpenConnections | None:
        """Find the pool over which a request like this one goes."""
        pool = self.get_connection_with_tls_context(request, verify=True)
        return pool if isinstance(pool, OpenConnections) else None


class _DeadlineReader(io.RawIOBase):
    """Read from a socket, no longer than the running deadline allows."""

    def __init__(self, sock: socket.socket) -> None:
        super().__init__()
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int | None:
        left = seconds_left()
        if left <= 0:
            raise TimeoutError("the time for the whole answer is over")
        limit = self._sock.gettimeout()
        if left < (math.inf if limit is None else limit):
            self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _DeadlineResponse(http.client.HTTPResponse):
    """Parse an answer from a reader that keeps the deadline."""

    # Any: the parameters are those of the parent, handed on unseen.
    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_DeadlineReader(sock))

    def begin(self) -> None:
        """Read status and headers; what is broken in them is not quoted.

        urllib3 logs broken lines, and a broken answer may well repeat the request's secrets.
        """
        try:
            super().begin()
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:
            raise http.client.HTTPException(f"not an HTTP answer: {type(error).__name__}") from None
        self.msg.defects.clear()
        self.msg.set_payload("")


class _HttpConnection(HTTPConnection):
    response_class = _DeadlineResponse

    def connect(self) -> None:
        super().connect()
        _refuse_if_late(self)


class _HttpsConnection(HTTPSConnection):
    response_class = _DeadlineResponse

    def connect(self) -> None:
        super().connect()
        _refuse_if_late(self)


class OpenConnections(HTTPConnectionPool):
    """A pool whose open connections can be used from outside, one request at a time."""

    def has_open(self) -> bool:
        """Tell whether a connection that an earlier answer came over may still be open."""
        # The newest lies on top; places of connections that were never made hold None.
        waiting = [] if self.pool is None else self.pool.queue
        return bool(waiting) and waiting[-1] is not None and not waiting[-1].is_closed

    def take_open(self) -> HTTPConnection | None:
        """Take a connection that an earlier answer came over; None when there is none."""
        connection = self._get_conn() if self.has_open() else None
        if isinstance(connection, HTTPConnection) and not connection.is_closed:
            return connection
        self._put_conn(connection)
        return None

    def give_back(self, connection: HTTPConnection) -> None:
        """Put a connection back whose answer was read to the end."""
        self._put_conn(connection)


class HttpPool(OpenConnections):
    """Connections without TLS that keep the running deadline."""

    ConnectionCls = _HttpConnection


class HttpsPool(HTTPSConnectionPool, OpenConnections):
    """Connections with TLS that keep the running deadline."""

    ConnectionCls = _HttpsConnection


def _refuse_if_late(connection: HTTPConnection) -> None:
    # A slow name server can eat the whole deadline; then it is still time not to ask at all.
    if seconds_left() <= 0:
        connection.close()
        raise ConnectTimeoutError(connection, "the time for the call was over before it was made")
