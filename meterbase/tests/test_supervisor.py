"""Servers are kept running, and nothing is left when they are ended."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from meterbase import supervisor as supervisor_module
from meterbase.supervisor import PortInUse, Server, Supervisor, require_free_port


def _eventually(condition, seconds: float = 10):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it never happened"
        time.sleep(0.01)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    return state != "Z"


def _server(tmp_path: Path, code: str) -> tuple[Server, Path]:
    """Describe a program that writes its pid each time it starts."""
    pids = tmp_path / "pids"
    script = f"import os; open({str(pids)!r}, 'a').write(f'{{os.getpid()}}\\n'); {code}"
    command = [sys.executable, "-c", script]
    return Server("sleeper", command, dict(os.environ), tmp_path / "log"), pids


def _pids(path: Path) -> list[int]:
    return [int(line) for line in path.read_text().split()] if path.exists() else []


def test_it_starts_again_what_was_killed(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor_module, "_RESTART_SECONDS", 0.0)
    server, pids = _server(tmp_path, "import time; time.sleep(60)")
    said: list[str] = []
    supervisor = Supervisor([server], say=said.append)
    supervisor.start()
    try:
        _eventually(lambda: len(_pids(pids)) == 1)
        os.kill(_pids(pids)[0], signal.SIGKILL)

        def revived() -> bool:
            supervisor.revive()
            return len(_pids(pids)) == 2

        _eventually(revived)
    finally:
        supervisor.stop()

    assert "sleeper ended with -9" in said[0]
    assert not any(_alive(pid) for pid in _pids(pids))


def test_it_ends_a_server_that_does_not_listen(tmp_path, monkeypatch):
    monkeypatch.setattr(supervisor_module, "_STOP_SECONDS", 0.3)
    code = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
    server, pids = _server(tmp_path, code)
    supervisor = Supervisor([server], say=print)
    supervisor.start()
    _eventually(lambda: len(_pids(pids)) == 1)

    supervisor.stop()

    assert not _alive(_pids(pids)[0])


def test_its_servers_end_when_it_is_killed_itself(tmp_path):
    pids = tmp_path / "pids"
    program = f"""
import os, signal, sys, time
from meterbase.supervisor import Server, Supervisor
code = "import os, time; open({str(pids)!r}, 'a').write(str(os.getpid())); time.sleep(60)"
Supervisor([Server("sleeper", [sys.executable, "-c", code], dict(os.environ))], say=print).start()
while not os.path.exists({str(pids)!r}): time.sleep(0.01)
os.kill(os.getpid(), signal.SIGKILL)
"""
    subprocess.run([sys.executable, "-c", program], check=False)
    _eventually(lambda: _pids(pids))

    _eventually(lambda: not _alive(_pids(pids)[0]))


def test_it_says_which_port_is_taken():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortInUse, match=f"Port {port} .* PORT=8001"):
            require_free_port(host="127.0.0.1", port=port, option="PORT=8001")
