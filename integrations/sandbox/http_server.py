"""The HTTP server of the sandbox: HTTP/1.1 with keep-alive, one thread per connection."""

from __future__ import annotations

import socket
import socketserver
import sys
import threading
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from integrations.sandbox.exchange import Reply, Request, Sandbox
from integrations.sandbox.front import answer, refuse
from integrations.sandbox.problems import Problem, malformed

LARGEST_BODY = 64 * 1024
_MOST_DISCARDED = 8 * 1024 * 1024


class SandboxServer(ThreadingHTTPServer):
    """Listens, and knows every open connection so that it can end them all."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], sandbox: Sandbox, *, verbose: bool) -> None:
        self.sandbox = sandbox
        self.verbose = verbose
        self.stopping = threading.Event()
        self._open: set[socket.socket] = set()
        self._changed = threading.Condition()
        super().__init__(address, SandboxHandler)

    @property
    def base_url(self) -> str:
        """Give the address that clients call."""
        host, port = self.server_address[:2]
        return f"http://{host!s}:{port}"

    def server_bind(self) -> None:
        """Bind without the name look-up of the base class, which may wait for a name server."""
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def process_request(self, request: Any, client_address: Any) -> None:
        """Remember a new connection and serve it in a thread."""
        with self._changed:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection that is done."""
        super().shutdown_request(request)
        with self._changed:
            self._open.discard(request)
            self._changed.notify_all()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Report errors, but not clients that hang up: they may."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def end_connections(self) -> None:
        """Hang up on everybody once the requests under way are answered."""
        self.stopping.set()
        with self._changed:
            for connection in self._open:
                # Only the reading side: an answer under way still goes out.
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(lambda: not self._open, timeout=5)


class SandboxHandler(BaseHTTPRequestHandler):
    """Turns bytes into requests and replies into bytes."""

    server: SandboxServer
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300

    def version_string(self) -> str:
        """Name the server without telling which Python runs it."""
        return "Sandbox"

    def answer_request(self) -> None:
        """Read the request, have it answered and write the reply, or hang up without one."""
        path, _, query_text = self.path.partition("?")
        body, unreadable = self._read_body()
        request = Request(
            method=self.command,
            path=path,
            query_text=query_text,
            authorization=self.headers.get("Authorization", ""),
            body=body,
            unreadable=unreadable,
        )
        reply = answer(self.server.sandbox, request, stopping=self.server.stopping)
        if reply is None:
            self.close_connection = True
            return
        self._write(reply)

    def _read_body(self) -> tuple[bytes, Problem | None]:
        if self.headers.get("Transfer-Encoding"):
            self.close_connection = True
            return b"", Problem(411, "LENGTH_REQUIRED", "Send the body with a Content-Length.")
        text = self.headers.get("Content-Length", "0")
        if not (text.isascii() and text.isdigit() and len(text) < len(str(sys.maxsize))):
            self.close_connection = True
            return b"", malformed("Content-Length is not a number.")
        length = int(text)
        if length > LARGEST_BODY:
            self._discard(length)
            problem = Problem(413, "BODY_TOO_LARGE", f"A body has at most {LARGEST_BODY} bytes.")
            return b"", problem
        body = self.rfile.read(length)
        if len(body) < length:
            raise ConnectionAbortedError("the client hung up in the middle of its request")
        return body, None

    def _discard(self, length: int) -> None:
        """Read what is too long, because a client that is still sending would miss the answer."""
        self.close_connection = True
        left = min(length, _MOST_DISCARDED)
        while left > 0:
            part = self.rfile.read(min(left, LARGEST_BODY))
            if not part:
                return
            left -= len(part)

    def _write(self, reply: Reply) -> None:
        content = reply.content()
        if reply.sent is not None:
            self.close_connection = True
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(content)))
        for name, value in reply.headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[: reply.sent])
        self.wfile.flush()

    def send_error(
        self,
        code: int,
        message: str | None = None,
        explain: str | None = None,  # noqa: ARG002  the base class passes it
    ) -> None:
        """Answer what the base class cannot read in the contract's shape instead of HTML."""
        self.close_connection = True
        # A line that could not be read leaves the version at 0.9, which has no headers.
        self.request_version = self.protocol_version
        if code == HTTPStatus.NOT_IMPLEMENTED:
            problem = Problem(405, "METHOD_NOT_ALLOWED", "There is no such method here.")
        else:
            problem = Problem(code, "MALFORMED_REQUEST", message or "The request is not HTTP.")
        self._write(refuse(self.server.sandbox, problem))

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  named by the base class
        """Print a line per request when asked to."""
        if self.server.verbose:
            super().log_message(format, *args)


# The base class looks methods up by name; all of them go the same way.
for _method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"):
    setattr(SandboxHandler, f"do_{_method}", SandboxHandler.answer_request)
