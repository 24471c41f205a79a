"""One try to deliver, against servers that mean no good."""

from __future__ import annotations

import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from integrations.outgoing.sending import Parcel, Receipt, send
from integrations.outgoing.tests.receiver import Receiver, Reply, handler


def parcel(url: str) -> Parcel:
    return Parcel(url=url, body=b'{"id":"evt_1"}', headers={"webhook-id": "evt_1"})


def test_any_2xx_is_taken(receiver):
    receiver.reply = lambda _got: Reply(202, b"queued")
    receipt = send(parcel(receiver.url))
    assert (receipt.is_taken, receipt.status, receipt.answer) == (True, 202, "queued")
    assert receiver.got[0].headers["host"] == receiver.url.split("/")[2]


@pytest.mark.parametrize("status", [301, 302, 307, 308, 400, 404, 429, 500])
def test_anything_else_is_not(receiver, status):
    receiver.reply = lambda _got: Reply(status)
    assert not send(parcel(receiver.url)).is_taken


def test_how_long_a_receiver_wants_to_be_left_alone_is_heard(receiver):
    receiver.reply = lambda _got: Reply(429, headers={"Retry-After": "120"})
    wait = send(parcel(receiver.url)).wait
    assert wait is not None
    assert wait.total_seconds() == 120


def test_only_the_beginning_of_an_answer_is_read(receiver):
    receiver.reply = lambda _got: Reply(200, b"\x00\x1b[31m" + b"x" * 50_000_000)
    receipt = send(parcel(receiver.url))
    assert receipt.is_taken
    assert receipt.answer.isprintable()
    assert len(receipt.answer) <= 500


def test_a_receiver_that_trickles_is_left_in_time(receiver):
    stop = threading.Event()
    receiver.reply = lambda _got: (stop.wait(5), Reply())[1]
    began = time.monotonic()
    receipt = send(parcel(receiver.url), seconds=0.3)
    stop.set()
    assert receipt.status is None
    assert "within" in receipt.trouble
    assert time.monotonic() - began < 3


def test_a_connection_that_breaks_off_is_told_in_words(receiver):
    def hang_up(_got: object) -> Reply:
        raise ConnectionAbortedError

    receiver.reply = hang_up
    receipt = send(parcel(receiver.url))
    assert receipt == Receipt(
        receipt.milliseconds, trouble="The connection broke off before there was an answer."
    )


def test_nobody_listening_is_told_in_words():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/"
        assert send(parcel(url)).trouble == "No connection could be made."


def test_a_private_address_is_refused_at_the_time_of_sending(receiver, settings):
    settings.WEBHOOKS_TO_THIS_MACHINE = False
    receipt = send(parcel(receiver.url.replace("http:", "https:")))
    assert "on the public Internet" in receipt.trouble
    assert receiver.got == []


def test_dns_cannot_say_one_thing_to_the_check_and_another_to_the_connection(monkeypatch, receiver):
    """The first look shows a harmless address, any later one the address that was after."""
    port = int(receiver.url.split(":")[2].split("/")[0])
    harmless = "::1"
    answers = iter([harmless])
    real = socket.getaddrinfo
    asked: list[str] = []

    def rebinding(host: str, *args: object, **options: object) -> object:
        asked.append(host)
        if host != "rebinding.example.com":
            return real(host, *args, **options)  # type: ignore[arg-type]
        return real(next(answers, "127.0.0.1"), *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    receipt = send(parcel(f"http://rebinding.example.com:{port}/"))
    assert receipt.trouble == "No connection could be made."
    assert receiver.got == []
    assert asked.count("rebinding.example.com") == 1
    assert set(asked) <= {"rebinding.example.com", harmless}


@pytest.fixture
def tls(tmp_path: Path) -> Iterator[tuple[Receiver, Path]]:
    """Run a receiver with a certificate for hooks.example.com from an authority of its own."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl makes the certificate")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=hooks.example.com"),
            *("-addext", "subjectAltName=DNS:hooks.example.com"),
        ],
        check=True,
        capture_output=True,
    )
    receiver = Receiver("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler(receiver))
    server.daemon_threads = True
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    receiver.url = f"https://hooks.example.com:{server.server_address[1]}/in"
    yield receiver, certificate
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def _found_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every host be found on this machine."""
    monkeypatch.setattr("integrations.outgoing.sending.resolve", lambda _target: ["127.0.0.1"])


@pytest.mark.usefixtures("_found_here")
def test_tls_asks_for_the_host_by_its_name(tls):
    receiver, authority = tls
    receipt = send(parcel(receiver.url), ca_file=str(authority))
    assert receipt.is_taken, receipt
    assert receiver.got[0].headers["host"].startswith("hooks.example.com:")


@pytest.mark.usefixtures("_found_here")
def test_a_certificate_for_another_host_is_refused(tls):
    receiver, authority = tls
    receipt = send(parcel(receiver.url.replace("hooks", "other")), ca_file=str(authority))
    assert receipt.trouble.startswith("TLS failed")
    assert receiver.got == []


@pytest.mark.usefixtures("_found_here")
def test_a_certificate_that_nobody_trusts_is_refused(tls):
    receiver, _authority = tls
    assert send(parcel(receiver.url)).trouble.startswith("TLS failed")
    assert receiver.got == []


def test_the_next_address_is_tried_where_nothing_can_have_been_sent(receiver, monkeypatch):
    monkeypatch.setattr(
        "integrations.outgoing.sending.resolve", lambda _target: ["::1", "127.0.0.1"]
    )
    assert send(parcel(receiver.url)).is_taken
