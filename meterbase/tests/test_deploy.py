"""The systemd units: what they start exists, and they end and start again as clusters need it."""

from __future__ import annotations

import shutil
import subprocess
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import get_commands

from integrations.clusters import POSTING
from meterbase.servers import application_servers

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
INSTALLED = "/opt/meterbase"
# The names of the supervisor are those of the units.
SERVERS = {one.name: one for one in application_servers(host="h", port=1, environment={})}

Unit = dict[tuple[str, str], list[str]]


def read(path: Path) -> Unit:
    """Read a unit file into what it says under each section and key."""
    found: Unit = defaultdict(list)
    section = ""
    for line in path.read_text().replace("\\\n", "").splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found[section, key].append(" ".join(value.split()))
    return found


COMMON = read(DEPLOY / "meterbase-.service.d" / "common.conf")
UNITS = {
    path.stem.removeprefix("meterbase-"): read(path) for path in DEPLOY.glob("meterbase-*.service")
}


def test_there_is_a_unit_for_each_server():
    assert set(UNITS) == {*SERVERS, "prepare"}
    for name in SERVERS:
        assert UNITS[name]["Install", "WantedBy"] == ["meterbase.target"]
        assert UNITS[name]["Unit", "Wants"] == ["meterbase-prepare.service"]
    assert COMMON["Unit", "PartOf"] == ["meterbase.target"]


@pytest.mark.parametrize("name", SERVERS)
def test_a_unit_starts_what_the_supervisor_starts(name: str):
    (command,) = UNITS[name]["Service", "ExecStart"]
    program, *arguments = command.split()
    _python, *expected = SERVERS[name].command

    assert program == f"{INSTALLED}/.venv/bin/python"
    assert arguments == [
        argument.replace("--bind=h:1", "--bind=127.0.0.1:8000").replace(f"{ROOT}/", "")
        for argument in expected
        if not argument.startswith("--log-level")
    ] + (["--access-logfile=-"] if name == "web" else [])


@pytest.mark.parametrize("name", UNITS)
def test_each_command_exists(name: str):
    unit = UNITS[name]
    for command in unit["Service", "ExecStart"] + unit["Service", "ExecStartPre"]:
        words = command.split()
        if "manage.py" in words:
            assert words[words.index("manage.py") + 1] in get_commands()


@pytest.mark.parametrize("name", SERVERS)
def test_what_loses_a_part_of_itself_ends_as_a_whole_and_starts_again(name: str):
    service = {
        key: values for (section, key), values in UNITS[name].items() if section == "Service"
    }
    expected = {
        "KillMode": "mixed",
        "KillSignal": "SIGTERM",
        "TimeoutStopSec": "90",
        "OOMPolicy": "kill",
        "Restart": "always",
        "RestartSec": "2",
    }

    assert {key: service[key] for key in expected} == {
        key: [value] for key, value in expected.items()
    }
    assert COMMON["Unit", "StartLimitIntervalSec"] == ["0"]


def test_charges_have_a_cluster_of_their_own():
    queues = {
        name: value
        for name, unit in UNITS.items()
        for value in unit["Service", "Environment"]
        if value.startswith("Q_CLUSTER_NAME")
    }

    assert queues == {"posting": f"Q_CLUSTER_NAME={POSTING}"}


def test_the_database_is_made_ready_once_and_before_all_else():
    steps = [command.split()[2] for command in UNITS["prepare"]["Service", "ExecStart"]]

    assert steps == ["migrate", "collectstatic", "declare_schedules"]
    for name in SERVERS:
        assert UNITS[name]["Unit", "After"] == ["meterbase-prepare.service"]
        assert UNITS[name]["Service", "ExecStartPre"][0].endswith("manage.py migrate --check")


def test_they_may_write_to_the_state_folder_only():
    (folder,) = COMMON["Service", "ReadWritePaths"]

    assert COMMON["Service", "ProtectSystem"] == ["strict"]
    assert COMMON["Service", "NoNewPrivileges"] == ["yes"]
    assert f"STATE_DIR={folder}" in COMMON["Service", "Environment"]
    assert folder == f"/var/lib/{COMMON['Service', 'StateDirectory'][0]}"


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_understands_every_line(tmp_path):
    shutil.copytree(DEPLOY, tmp_path / "units")
    for path in (tmp_path / "units").rglob("meterbase*"):
        if path.is_file():
            path.write_text(path.read_text().replace(INSTALLED, str(ROOT)))
    conf = tmp_path / "units" / "meterbase-.service.d" / "common.conf"
    conf.write_text(conf.read_text().replace(INSTALLED, str(ROOT)))
    units = sorted(str(path) for path in (tmp_path / "units").glob("meterbase*") if path.is_file())

    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    complaints = [line for line in done.stderr.splitlines() if "meterbase" in line]
    assert (done.returncode, complaints) == (0, [])


def test_the_settings_file_leaves_the_state_folder_to_the_units():
    # What stands in the file would win, and the example leaves STATE_DIR empty.
    assert "sed '/^STATE_DIR=/d'" in (DEPLOY / "README.md").read_text()
    assert "\nSTATE_DIR=\n" in (ROOT / ".env.example").read_text()
