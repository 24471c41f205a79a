"""The secret key that an installation makes for itself."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from meterbase.lib.secret_key import read_or_create_secret_key

ROOT = Path(__file__).resolve().parents[3]

# Each waits for a line, so that all begin at the same moment.
RACER = """
import sys, pathlib
from meterbase.lib.secret_key import read_or_create_secret_key
print("ready", flush=True)
sys.stdin.readline()
print(read_or_create_secret_key(pathlib.Path(sys.argv[1])))
"""


def test_it_makes_a_key_that_nobody_else_can_read(tmp_path: Path):
    key = read_or_create_secret_key(tmp_path)

    assert len(key) >= 64
    path = tmp_path / "secret_key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_it_gives_the_same_key_again(tmp_path: Path):
    assert read_or_create_secret_key(tmp_path) == read_or_create_secret_key(tmp_path)


def test_two_installations_have_different_keys(tmp_path: Path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()

    assert len({read_or_create_secret_key(folder) for folder in folders}) == 2


def test_processes_that_start_together_agree_on_one_key(tmp_path: Path):
    racers = [
        subprocess.Popen(
            [sys.executable, "-c", RACER, str(tmp_path)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        keys = {racer.communicate(timeout=20)[0].strip() for racer in racers}
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()

    assert keys == {(tmp_path / "secret_key").read_text(encoding="ascii")}
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
