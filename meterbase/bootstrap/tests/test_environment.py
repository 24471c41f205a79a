from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from meterbase.bootstrap import commands, environment
from meterbase.bootstrap.tests.programs import write_program

# Stands for Python: makes environments out of copies of itself, and plays pip in them.
FAKE_PYTHON = """#!/bin/sh
here=$(/usr/bin/dirname "$0")
case "$*" in
-c*) [ -z "$FAKE_BROKEN" ] && echo "${FAKE_VERSION:-3.11.7}" ;;
"-m venv --clear "*)
  echo venv >>"$FAKE_LOG"
  /bin/rm -rf "$4" && /bin/mkdir -p "$4/bin" && /bin/cp "$0" "$4/bin/python"
  echo "#!$4/bin/python" >"$4/bin/pip" ;;
"-m pip install "*)
  for last; do :; done
  echo "pip $(/usr/bin/basename "$last")" >>"$FAKE_LOG"
  echo "$FAKE_PIP_OUTPUT"
  exit "${FAKE_PIP_EXIT:-0}" ;;
esac
"""
UNREACHABLE = (
    "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
    "ERROR: No matching distribution found for annotated-types==0.8.0"
)


class House:
    """A checkout with lock files and a Python that costs nothing to install into."""

    def __init__(self, root: Path) -> None:
        self.root = root / "house"
        self.venv = self.root / ".venv"
        self.log = root / "log"
        self.python = write_program(root / "python", FAKE_PYTHON)
        self.root.mkdir()
        (self.root / "requirements.txt").write_text("django==5.2.19\n")
        (self.root / "requirements-dev.txt").write_text("pytest==9.0.0\n")

    def prepare(self, kind: str) -> list[str]:
        """Prepare the environment and return what that took."""
        self.log.write_text("")
        environment.prepare(kind=kind, root=self.root, python=str(self.python))
        return self.log.read_text().splitlines()


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    made = House(tmp_path)
    monkeypatch.setenv("FAKE_LOG", str(made.log))
    return made


def test_it_makes_the_environment_and_installs_once(house):
    assert house.prepare("runtime") == ["venv", "pip requirements.txt"]
    assert house.prepare("runtime") == []


def test_the_development_environment_serves_to_run_as_well(house):
    assert house.prepare("dev") == ["venv", "pip requirements-dev.txt"]
    assert house.prepare("runtime") == []


def test_a_runtime_environment_is_completed_for_development(house):
    house.prepare("runtime")

    assert house.prepare("dev") == ["pip requirements-dev.txt"]


def test_it_installs_again_when_a_lock_file_changes(house):
    house.prepare("dev")
    (house.root / "requirements.txt").write_text("django==5.2.20\n")

    assert house.prepare("runtime") == ["pip requirements.txt"]
    assert house.prepare("dev") == ["pip requirements-dev.txt"]


def test_it_does_not_trust_a_stamp_from_before_a_failed_installation(house, monkeypatch):
    house.prepare("runtime")
    (house.root / "requirements.txt").write_text("django==5.2.20\n")
    monkeypatch.setenv("FAKE_PIP_EXIT", "1")
    with pytest.raises(commands.SetupError):
        house.prepare("runtime")
    monkeypatch.delenv("FAKE_PIP_EXIT")
    (house.root / "requirements.txt").write_text("django==5.2.19\n")

    assert house.prepare("runtime") == ["pip requirements.txt"]


def test_it_starts_anew_after_an_installation_that_was_cut_off(house):
    house.prepare("runtime")
    environment.unfinished_mark(house.venv).touch()

    assert house.prepare("runtime") == ["venv", "pip requirements.txt"]


def test_it_starts_anew_when_the_folder_was_copied_from_elsewhere(house):
    house.prepare("runtime")
    pip = house.venv / "bin" / "pip"
    pip.write_text(f"#!/elsewhere{house.venv}/bin/python")

    assert house.prepare("runtime") == ["venv", "pip requirements.txt"]


def test_it_starts_anew_when_the_environments_python_is_gone(house):
    house.prepare("runtime")
    python = house.venv / "bin" / "python"
    python.unlink()
    python.symlink_to("/nowhere/python3.11")

    assert house.prepare("runtime") == ["venv", "pip requirements.txt"]


def test_it_refuses_an_environment_of_another_python(house, monkeypatch):
    house.prepare("runtime")
    monkeypatch.setenv("FAKE_VERSION", "3.12.1")

    assert environment.usable_version(house.venv) == ""
    with pytest.raises(commands.SetupError, match="was made but does not start"):
        house.prepare("runtime")


def test_without_a_network_it_says_so_in_one_sentence(house, monkeypatch, capfd):
    monkeypatch.setenv("FAKE_PIP_OUTPUT", UNREACHABLE)
    monkeypatch.setenv("FAKE_PIP_EXIT", "1")

    with pytest.raises(commands.SetupError) as stopped:
        house.prepare("runtime")

    assert str(stopped.value) == environment.NO_INDEX
    assert "connection broken" not in capfd.readouterr().out


def test_another_failure_of_pip_shows_its_last_lines(house, monkeypatch):
    noise = "\n".join(f"line {number}" for number in range(40))
    monkeypatch.setenv("FAKE_PIP_OUTPUT", f"{noise}\nERROR: the hashes do not match")
    monkeypatch.setenv("FAKE_PIP_EXIT", "1")

    with pytest.raises(commands.SetupError) as stopped:
        house.prepare("runtime")

    lines = str(stopped.value).splitlines()
    assert lines[0] == "The packages could not be installed."
    assert lines[-1] == "ERROR: the hashes do not match"
    assert len(lines) == 1 + commands.LAST_LINES


def test_without_ensurepip_it_names_the_debian_package(house, monkeypatch):
    monkeypatch.setitem(sys.modules, "ensurepip", None)

    with pytest.raises(commands.SetupError, match=r"apt-get install python3\.11-venv"):
        house.prepare("runtime")

    assert not house.venv.exists()


def test_a_second_run_waits_for_the_first(house):
    script = (
        "import sys; from pathlib import Path; from meterbase.bootstrap import environment\n"
        "with environment.only_one(Path(sys.argv[1])): print('its turn')"
    )
    lock = house.root / "var" / "bootstrap.lock"
    command = [sys.executable, "-c", script, str(lock)]
    with environment.only_one(lock):
        second = subprocess.Popen(command, cwd=commands.ROOT, stdout=subprocess.PIPE, text=True)
        assert second.stdout is not None
        said_meanwhile = second.stdout.readline()
    said_afterwards, _ = second.communicate(timeout=30)

    assert said_meanwhile == "Another run is setting up this folder; waiting for it.\n"
    assert said_afterwards == "its turn\n"
