"""A mail server that takes real SMTP, remembers every mail, and misbehaves on demand."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage


@dataclass(slots=True)
class MailServer:
    """What was received, and how the server answers.

    Shape: `replies` holds, by SMTP verb, the answers to come; "drop" hangs up instead. The verb
        BODY is the answer to the mail itself: "take and drop" keeps the mail and hangs up.
    """

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    connections: int = 0
    replies: dict[str, list[str]] = field(default_factory=dict)

    def answer(self, verb: str, usual: str) -> str:
        """Take the next answer to a verb."""
        waiting = self.replies.get(verb)
        return waiting.pop(0) if waiting else usual

    def keep(self, body: bytes) -> None:
        """Remember a mail."""
        self.mails.append(message_from_bytes(body, policy=policy.default))


class _Dropped(Exception):
    """The server hangs up."""


class _Conversation(socketserver.StreamRequestHandler):
    """One connection, from the greeting to QUIT."""

    state: MailServer

    def handle(self) -> None:
        """Talk until the other side quits or one of the two hangs up."""
        self.state.connections += 1
        try:
            self._say("HELLO", "220 test ESMTP")
            while line := self.rfile.readline():
                verb = line.split()[0].upper().decode()
                self._do(verb, line)
                if verb == "QUIT":
                    return
        except (_Dropped, ConnectionError):
            return

    def _do(self, verb: str, line: bytes) -> None:
        if verb == "RCPT" and self._say(verb, "250 fine").startswith("250"):
            self.state.recipients.append(line.decode().partition(":")[2].split()[0].strip("<>"))
        elif verb == "DATA":
            if self._say(verb, "354 go on").startswith("354"):
                self._take()
        elif verb == "QUIT":
            self._say(verb, "221 bye")
        elif verb != "RCPT":
            self._say(verb, "250 fine")

    def _take(self) -> None:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b"."))
        reply = self.state.answer("BODY", "250 taken")
        if reply.startswith("250") or reply == "take and drop":
            self.state.keep(b"".join(lines))
        if "drop" in reply:
            raise _Dropped
        self._write(reply)

    def _say(self, verb: str, usual: str) -> str:
        reply = self.state.answer(verb, usual)
        if reply == "drop":
            raise _Dropped
        self._write(reply)
        return reply

    def _write(self, reply: str) -> None:
        self.wfile.write(f"{reply}\r\n".encode())


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def running_mail_server() -> Iterator[MailServer]:
    """Run a mail server on a free port for the length of the block."""
    state = MailServer()
    conversation = type("_Bound", (_Conversation,), {"state": state})
    with _Server(("127.0.0.1", 0), conversation) as server:
        state.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield state
        finally:
            server.shutdown()
            thread.join()
