"""The settings and their documentation agree, and an installation with no settings is safe."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from django.conf import settings

ROOT = Path(settings.BASE_DIR)


def _documented() -> set[str]:
    lines = (ROOT / ".env.example").read_text().splitlines()
    return {line.split("=")[0] for line in lines if re.match(r"[A-Z_]+=", line)}


def _read() -> set[str]:
    source = (ROOT / "meterbase" / "settings.py").read_text()
    return set(re.findall(r'(?:_text|env\.\w+)\(\s*"([A-Z_]+)"', source))


def _run(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    base = {key: os.environ[key] for key in ("PATH", "HOME") if key in os.environ}
    return subprocess.run(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        cwd=ROOT,
        env=base | {"METERBASE_ENV_FILE": ""} | environment,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_variable_is_documented_and_every_documented_one_is_read():
    assert _documented() == _read()


def test_the_example_file_starts_as_it_is(tmp_path):
    example = tmp_path / "env"
    text = (ROOT / ".env.example").read_text()
    example.write_text(text.replace("STATE_DIR=\n", f"STATE_DIR={tmp_path}\n"))
    code = "from django.conf import settings as s; print(s.PROPEXO_BASE_URL, s.DEBUG)"

    done = _run(code, METERBASE_ENV_FILE=str(example))

    assert done.stdout.split() == ["https://api.propexo.com", "False"], done.stderr


def test_nothing_set_is_safe(tmp_path):
    code = (
        "from django.conf import settings as s;"
        "print(s.DEBUG, s.PROPEXO_CHARGE_POSTING_ENABLED, len(s.SECRET_KEY) > 60,"
        "'*' in s.ALLOWED_HOSTS)"
    )
    done = _run(code, STATE_DIR=str(tmp_path))

    assert done.stdout.split() == ["False", "False", "True", "False"], done.stderr


def test_a_shared_database_without_a_secret_key_is_refused(tmp_path):
    done = subprocess.run(
        [sys.executable, "manage.py", "check"],
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "METERBASE_ENV_FILE": "",
            "STATE_DIR": str(tmp_path),
            "DATABASE_URL": "postgres://nobody@127.0.0.1:1/nothing",
        },
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode != 0
    assert "SECRET_KEY is not set" in done.stderr
