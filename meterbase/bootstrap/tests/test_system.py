from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from meterbase.bootstrap import commands, system
from meterbase.bootstrap.tests.programs import write_program

# Installs what it is asked for as a program that does nothing, and notes how it was called.
FAKE_APT_GET = """#!/bin/sh
echo "$@" >>"$FAKE_LOG"
for last; do :; done
case "$*" in *install*) : >"$FAKE_BIN/$last"; /bin/chmod +x "$FAKE_BIN/$last" ;; esac
"""


@pytest.fixture
def apt_get(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package manager that an administrator may use; what it was asked for is in the file."""
    log = tmp_path / "apt-get.log"
    monkeypatch.setenv("FAKE_LOG", str(log))
    monkeypatch.setenv("FAKE_BIN", str(path))
    (path / "env").symlink_to(shutil.which("env", path="/usr/bin:/bin") or "")
    write_program(path / "apt-get", FAKE_APT_GET)
    write_program(path / "sudo", '#!/bin/sh\nshift\nexec "$@"\n')
    (path / "true").symlink_to("/bin/true")
    return log


@pytest.mark.parametrize("name", ["chromium", "chromium-browser", "google-chrome"])
def test_it_finds_a_browser_by_any_of_its_names(path, name):
    browser = write_program(path / name, "#!/bin/sh\n")

    assert system.require(system.CHROMIUM) == str(browser)


def test_the_browser_that_is_named_wins(path, tmp_path, monkeypatch):
    write_program(path / "chromium", "#!/bin/sh\n")
    named = write_program(tmp_path / "my-browser", "#!/bin/sh\n")
    monkeypatch.setenv(system.CHROMIUM_VARIABLE, str(named))

    assert system.find_chromium() == str(named)


def test_a_named_browser_that_is_not_there_is_refused(path, monkeypatch):
    monkeypatch.setenv(system.CHROMIUM_VARIABLE, "/nowhere/chromium")

    with pytest.raises(commands.SetupError, match="names /nowhere/chromium, which is not a"):
        system.require(system.CHROMIUM)


def test_a_missing_browser_is_installed(path, apt_get):
    assert system.require(system.CHROMIUM) == str(path / "chromium")

    calls = [line.split("300 ")[1] for line in apt_get.read_text().splitlines()]
    assert calls == ["update", "install -y --no-install-recommends chromium"]


def test_without_apt_get_it_says_what_is_missing(path):
    with pytest.raises(commands.SetupError) as stopped:
        system.require(system.CHROMIUM)

    assert str(stopped.value) == (
        "Chromium is missing; the browser tests need it. Install it (Debian: apt-get install "
        "chromium) or set METERBASE_CHROMIUM to the path of a Chromium or Chrome, then try again."
    )


def test_without_the_right_to_install_it_says_what_is_missing(path, apt_get, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    write_program(path / "sudo", "#!/bin/sh\necho a password is required >&2\nexit 1\n")

    with pytest.raises(commands.SetupError, match="postgresql postgresql-common"):
        system.require(system.POSTGRES)

    assert not apt_get.exists()


def test_an_ordinary_user_installs_through_sudo(path, apt_get, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)

    assert system.require(system.CHROMIUM) == str(path / "chromium")


def test_a_failed_installation_shows_the_last_lines(path, apt_get):
    write_program(path / "apt-get", "#!/bin/sh\necho E: Unable to locate package\nexit 100\n")

    with pytest.raises(commands.SetupError) as stopped:
        system.require(system.CHROMIUM)

    assert str(stopped.value).startswith("Chromium is missing;")
    assert str(stopped.value).endswith("E: Unable to locate package")


def test_pg_virtualenv_without_a_server_does_not_count(path, tmp_path, monkeypatch):
    found = write_program(path / "pg_virtualenv", "#!/bin/sh\n")
    monkeypatch.setattr(system, "POSTGRES_SERVERS", tmp_path / "servers")
    assert system.find_postgres() is None

    server = tmp_path / "servers" / "15" / "bin"
    server.mkdir(parents=True)
    (server / "pg_ctl").touch()
    assert system.find_postgres() == str(found)
