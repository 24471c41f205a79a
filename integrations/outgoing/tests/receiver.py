"""A receiver of webhooks: a real HTTP server whose answers a test decides."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True, slots=True)
class Got:
    """A request that arrived."""

    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Reply:
    """What to answer."""

    status: int = 200
    body: bytes = b"thanks"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class Receiver:
    """What arrived, and how it is answered.

    Shape: `reply` may wait, or raise to break the connection off.
    """

    url: str
    got: list[Got] = field(default_factory=list)
    reply: Callable[[Got], Reply] = lambda _got: Reply()

    @property
    def ids(self) -> list[str]:
        """List the ids of what arrived."""
        return [got.headers["webhook-id"] for got in self.got]


@contextmanager
def running_receiver() -> Iterator[Receiver]:
    """Run a receiver on a free port of this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    receiver = Receiver(f"http://127.0.0.1:{server.server_address[1]}/hooks?tenant=7")
    server.RequestHandlerClass = handler(receiver)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    """Make what answers for a receiver."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            size = int(self.headers["Content-Length"])
            headers = {name.lower(): value for name, value in self.headers.items()}
            got = Got(self.path, headers, self.rfile.read(size))
            receiver.got.append(got)
            try:
                reply = receiver.reply(got)
            except ConnectionAbortedError:
                self.close_connection = True
                return
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.end_headers()
            # Whoever has heard enough may hang up.
            try:
                self.wfile.write(reply.body)
            except OSError:
                self.close_connection = True

        def log_message(self, *_args: object) -> None:
            """Keep quiet."""

    return Handler
