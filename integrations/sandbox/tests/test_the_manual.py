"""docs/sandbox.md is run line by line, so that it cannot drift from what the sandbox does."""

from __future__ import annotations

import argparse
import json
import re
import shlex
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from integrations.sandbox import control
from integrations.sandbox.control_faults import EXPIRED_CREDENTIALS
from integrations.sandbox.faults import FaultKind
from integrations.sandbox.options import add_arguments
from integrations.sandbox.server import running_sandbox
from integrations.sandbox.tests.client import Answer, Client
from integrations.sandbox.tests.receiver import running_receiver

MANUAL = (Path(__file__).resolve().parents[3] / "docs" / "sandbox.md").read_text(encoding="utf-8")
METERBASE = "http://127.0.0.1:8000/api/webhooks/propexo"
# What the reader copies out of an answer into the next line, by how its id begins.
COPIED = {"wh_": "$WEBHOOK", "dlv_": "$DELIVERY", "sync_": "$SYNC", "job_": "$JOB"}


@dataclass
class Reader:
    """Types the manual's lines one after the other."""

    client: Client
    webhook_url: str
    copied: dict[str, str] = field(default_factory=dict)

    def type(self, line: str) -> Answer:
        written = line.replace(METERBASE, self.webhook_url)
        for name, value in {**self.copied, "$SANDBOX": "", "$KEY": self.client.key}.items():
            written = written.replace(name, value)
        options = curl_options().parse_args(shlex.split(written)[1:])
        headers = dict(header.split(": ", 1) for header in options.header)
        data = options.data.encode() if options.data else None
        sender = Client(self.client.base_url, key="")
        answer = sender.call(options.method or "GET", options.url, data, **headers)
        for word in re.findall(r'"(?:job_)?id":\s*"(\w+)"', answer.raw.decode()):
            for beginning, name in COPIED.items():
                if word.startswith(beginning):
                    self.copied[name] = word
        return answer


def curl_options():
    parser = argparse.ArgumentParser()
    parser.add_argument("-s", action="store_true")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="header", action="append", default=[])
    parser.add_argument("-d", dest="data")
    parser.add_argument("url")
    return parser


def lines():
    blocks = re.findall(r"```sh\n(.*?)```", MANUAL, re.DOTALL)
    text = "".join(blocks).replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


@pytest.fixture
def reader(tmp_path):
    with running_receiver() as receiver, running_sandbox(data_dir=tmp_path) as running:
        yield Reader(Client(running.base_url), receiver.url)


def test_every_line_of_the_manual_works(reader):
    for line in lines():
        answer = reader.type(line)
        assert 200 <= answer.status < 300, f"{line}\n{answer.status} {answer.raw.decode()}"
        if "/_sandbox/faults -d" in line:
            # What it breaks is tried elsewhere; here the next lines have to work.
            reader.client.call("DELETE", "/_sandbox/faults")


def test_the_manual_has_nothing_but_curl_lines_to_run():
    assert {shlex.split(line)[0] for line in lines()} == {"curl"}


def test_every_kind_of_fault_is_in_the_manual():
    ordered = [re.search(r'"kind": "(\w+)"', line) for line in lines() if "/faults -d" in line]
    assert {kind[1] for kind in ordered if kind} == {*FaultKind, EXPIRED_CREDENTIALS}


def test_every_control_endpoint_is_in_the_manual():
    used = set()
    for line in lines():
        options = curl_options().parse_args(shlex.split(line)[1:])
        path = options.url.removeprefix("$SANDBOX").partition("?")[0]
        used |= {
            route
            for route in control.ROUTES
            if route.matches(path) and route.method == (options.method or "GET")
        }
    assert [f"{route.method} {route.path}" for route in control.ROUTES if route not in used] == []


def test_every_option_is_in_the_manual():
    parser = argparse.ArgumentParser(add_help=False)
    add_arguments(parser)
    options = re.findall(r"--[a-z-]+", parser.format_help())
    assert options
    assert [option for option in options if f"`{option}" not in MANUAL] == []


def test_the_bodies_in_the_manual_are_json():
    bodies = [curl_options().parse_args(shlex.split(line)[1:]).data for line in lines()]
    given = [json.loads(body) for body in bodies if body]
    assert len(given) > 30
