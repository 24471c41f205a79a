"""A server on the loopback that answers each connection as its script says."""

from __future__ import annotations

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

Act = Callable[[socket.socket, threading.Event], None]

_BYTE_EVERY_SECONDS = 0.02


class ScriptedServer:
    """Take one connection per act, read its request, play the act, close it."""

    def __init__(self, *acts: Act, tls: ssl.SSLContext | None = None) -> None:
        self.requests: list[bytes] = []
        self._acts = acts
        self._tls = tls
        self._over = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.settimeout(5)
        host, port = self._listener.getsockname()
        self.url = f"{'https' if tls else 'http'}://{host}:{port}"
        self._thread = threading.Thread(target=self._play, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(5)
        self._listener.close()

    def _play(self) -> None:
        for act in self._acts:
            try:
                accepted, _ = self._listener.accept()
            except OSError:
                return
            with suppress(ssl.SSLError), self._secured(accepted) as connection:
                self.requests.append(read_request(connection))
                act(connection, self._over)

    def _secured(self, accepted: socket.socket) -> socket.socket:
        accepted.settimeout(5)
        return self._tls.wrap_socket(accepted, server_side=True) if self._tls else accepted


def read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65_536)
    head, _, body = received.partition(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    while len(body) < length:
        body += connection.recv(65_536)
    return head + b"\r\n\r\n" + body


def answer(status: str, body: bytes = b"", *headers: str) -> Act:
    """Answer once, completely."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers]
    return says("\r\n".join(lines).encode() + b"\r\n\r\n" + body)


def says(whole: bytes) -> Act:
    """Say exactly these bytes and hang up."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        connection.sendall(whole)

    return act


def hangs_up(connection: socket.socket, over: threading.Event) -> None:
    """Reset the connection without a word."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def stays_silent(connection: socket.socket, over: threading.Event) -> None:
    """Say nothing until the other side hangs up."""
    with suppress(OSError):
        connection.recv(1)


def trickles(start: bytes) -> Act:
    """Say the start, then one more byte every so often, without end."""

    def act(connection: socket.socket, over: threading.Event) -> None:
        with suppress(OSError):
            connection.sendall(start)
            while not over.wait(_BYTE_EVERY_SECONDS):
                connection.sendall(b"x")

    return act
