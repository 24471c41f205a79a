from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from meterbase.bootstrap import __main__ as entry
from meterbase.bootstrap import steps
from meterbase.bootstrap.tests.programs import write_program

FOLDER = entry.ROOT / "meterbase" / "bootstrap"


def run_on_old_python(path: Path, *names: str) -> subprocess.CompletedProcess[str]:
    """Start the bootstrap on a Python that takes itself for 3.9.2."""
    site = path / "sitecustomize.py"
    site.write_text("import sys; sys.version_info = (3, 9, 2, 'final', 0)")
    command = [sys.executable, str(FOLDER), *names]
    environ = {"PATH": str(path), "PYTHONPATH": str(path)}
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_an_old_python_gets_one_clear_sentence(path):
    ended = run_on_old_python(path, "runtime")

    assert ended.returncode == 1
    assert ended.stdout == ""
    assert ended.stderr == entry.refusal((3, 9, 2), sys.executable) + "\n"
    assert ended.stderr.startswith("MeterBase needs Python 3.11; this is 3.9.2 (/")


def test_an_old_python_hands_over_to_python3_11_on_the_path(path):
    write_program(path / "python3.11", '#!/bin/sh\n[ "$1" = -c ] || echo "$@"\n')

    ended = run_on_old_python(path, "runtime", "dev")

    assert ended.returncode == 0
    assert ended.stdout == f"{FOLDER} runtime dev\n"


def test_an_old_python_does_not_hand_over_to_a_python3_11_that_does_not_start(path):
    write_program(path / "python3.11", "#!/bin/sh\necho not installed >&2\nexit 127\n")

    ended = run_on_old_python(path, "runtime")

    assert ended.stderr == entry.refusal((3, 9, 2), sys.executable) + "\n"


def test_the_entry_can_be_read_by_python_3_6():
    source = (FOLDER / "__main__.py").read_text()

    tree = ast.parse(source, feature_version=(3, 6))

    imported = [node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert imported == ["meterbase.bootstrap"]


def test_the_bootstrap_needs_no_installed_package():
    command = [sys.executable, "-I", "-S", str(FOLDER), "no-such-step"]

    ended = subprocess.run(command, capture_output=True, text=True, check=False)

    assert ended.returncode == 2
    assert ended.stderr == f"Name one or more of these steps: {', '.join(steps.STEPS)}.\n"
