from __future__ import annotations

import shutil
import ssl
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from integrations.pms.errors import OutcomeUnknown, Unavailable
from integrations.pms.tests.scripted_server import Act, ScriptedServer, answer, trickles
from integrations.pms.transport import Transport

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="openssl makes the certificate and is not installed"
)

OpenTransport = Callable[[str], Transport]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", path, "-out", f"{path}.crt"),
        ],
        check=True,
        capture_output=True,
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".pem.crt").read_bytes())
    return path


@pytest.fixture
def tls(certificate: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    return context


@pytest.fixture
def trusted(certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("requests.adapters.DEFAULT_CA_BUNDLE_PATH", str(certificate))


@pytest.mark.usefixtures("trusted")
def test_a_write_goes_over_tls(open_transport: OpenTransport, tls: ssl.SSLContext) -> None:
    with ScriptedServer(answer("201 Created", b"{}"), tls=tls) as server:
        made = open_transport(server.url).post_once("/v1/charges", body=b"{}")
    assert made.status == 201
    assert server.requests[0].startswith(b"POST /v1/charges ")


@pytest.mark.usefixtures("trusted")
@pytest.mark.parametrize(
    "act", [trickles(b"HTTP/1.1 201 "), trickles(b"HTTP/1.1 201 Created\r\n\r\n{")]
)
def test_a_trickling_answer_over_tls_is_given_up_in_time(
    open_transport: OpenTransport, tls: ssl.SSLContext, act: Act
) -> None:
    with ScriptedServer(act, tls=tls) as server:
        started = time.monotonic()
        with pytest.raises(OutcomeUnknown):
            open_transport(server.url).post_once("/v1/charges", body=b"{}")
        assert time.monotonic() - started < 1.5


def test_a_certificate_that_nobody_vouches_for_gets_no_request(
    open_transport: OpenTransport, tls: ssl.SSLContext
) -> None:
    acts = [answer("200 OK", b"{}")] * 5
    with ScriptedServer(*acts, tls=tls) as server:
        transport = open_transport(server.url)
        with pytest.raises(OutcomeUnknown):
            transport.post_once("/v1/charges", body=b"{}")
        with pytest.raises(Unavailable) as caught:
            transport.get("/v1/units")
    assert "certificate" in caught.value.raw
    assert server.requests == []
