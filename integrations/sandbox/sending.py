"""Send one event to one address over HTTP."""

from __future__ import annotations

import socket
import threading
from contextlib import closing, suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import urlsplit

from integrations.sandbox.deliveries import Delivery, Outcome

_TIMEOUT = 5


class Line:
    """The line to a receiver; hanging up ends a call under way at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: HTTPConnection | None = None
        self._closed = False

    def send(self, delivery: Delivery) -> Outcome:
        """Send an event and tell what became of it; redirects are not followed."""
        try:
            return self._send(delivery)
        except (OSError, HTTPException, ValueError) as problem:
            return Outcome(None, f"{type(problem).__name__}: {problem}")

    def hang_up(self) -> None:
        """End the call under way, if there is one, and refuse all later ones."""
        with self._lock:
            self._closed = True
            if self._connection and self._connection.sock:
                with suppress(OSError):
                    self._connection.sock.shutdown(socket.SHUT_RDWR)

    def _send(self, delivery: Delivery) -> Outcome:
        with closing(_connection_to(delivery.url)) as connection:
            connection.connect()
            with self._lock:
                if self._closed:
                    raise ConnectionAbortedError("the sandbox is stopping")
                self._connection = connection
            try:
                return _post(connection, delivery)
            finally:
                with self._lock:
                    self._connection = None


def _connection_to(url: str) -> HTTPConnection:
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    return kind(parts.hostname or "", parts.port, timeout=_TIMEOUT)


def _post(connection: HTTPConnection, delivery: Delivery) -> Outcome:
    parts = urlsplit(delivery.url)
    path = f"{parts.path or '/'}?{parts.query}" if parts.query else parts.path or "/"
    connection.request("POST", path, body=delivery.body, headers=dict(delivery.headers))
    response = connection.getresponse()
    response.read(1024)
    return Outcome(response.status)
