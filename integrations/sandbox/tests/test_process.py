from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from integrations.management.commands.sandbox import Command
from integrations.sandbox.options import SandboxOptions, options_from
from integrations.sandbox.tests.client import CHARGE, Client

ROOT = Path(__file__).resolve().parents[3]


def command(data_dir, *options):
    start = [sys.executable, "manage.py", "sandbox", "--port", "0", "--data", str(data_dir)]
    return [*start, *options]


@contextmanager
def started(data_dir, *options):
    """Start the sandbox as a process of its own and wait for the line that says where it is."""
    process = subprocess.Popen(
        command(data_dir, *options), cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def client_of(process):
    for line in process.stdout:
        if found := re.search(r"listening on (http://\S+)", line):
            return Client(found[1])
    pytest.fail("the sandbox never said where it listens")


@pytest.mark.processes
def test_a_charge_survives_kill_minus_nine(tmp_path):
    with started(tmp_path) as process:
        posted = client_of(process).post("/v1/charges", CHARGE).body
        process.send_signal(signal.SIGKILL)
        assert process.wait(timeout=10) == -signal.SIGKILL
    with started(tmp_path) as process:
        again = client_of(process)
        assert again.get(f"/v1/charges/{posted['id']}").body == posted
        assert again.get("/_sandbox/ledger").body["count"] == 1


@pytest.mark.processes
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_it_cleanly(tmp_path, number):
    with started(tmp_path, "--units", "2") as process:
        client_of(process).get("/v1/units")
        process.send_signal(number)
        assert process.wait(timeout=10) == 0


@pytest.mark.processes
def test_it_says_in_one_sentence_that_the_port_is_in_use(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = subprocess.run(
            [*command(tmp_path, "--units", "2"), "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert ended.returncode == 1
    assert ended.stderr == (
        f"The sandbox cannot listen on 127.0.0.1:{port}: Address already in use.\n"
    )


@pytest.mark.processes
def test_it_says_that_it_keeps_data_made_otherwise(tmp_path):
    with started(tmp_path, "--units", "2") as process:
        client_of(process)
    with started(tmp_path, "--units", "3") as process:
        assert process.stdout.readline() == (
            "Keeping the data that is there, made from seed 1, 3 properties of 2 units;"
            " --fresh starts over.\n"
        )


def parsed(*arguments):
    parser = Command().create_parser("manage.py", "sandbox")
    return options_from(vars(parser.parse_args(arguments)))


def test_the_command_has_the_documented_defaults():
    options = parsed()
    assert options == SandboxOptions(data_dir=ROOT / "var" / "sandbox")
    assert (options.port, options.seed, options.properties, options.units) == (8900, 1, 3, 48)
    assert options.rate_limit == 1000


def test_the_command_takes_its_options():
    assert parsed("--duplicates", "refuse", "--fresh", "--rate-limit", "5") == SandboxOptions(
        data_dir=ROOT / "var" / "sandbox", refuse_duplicates=True, fresh=True, rate_limit=5
    )


@pytest.mark.parametrize(
    "arguments", [("--port", "70000"), ("--units", "0"), ("--properties", "many")]
)
def test_options_out_of_range_are_refused(arguments):
    with pytest.raises(CommandError, match=arguments[0]):
        parsed(*arguments)
