"""Makes `.venv` and installs the locked packages, once."""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from meterbase.bootstrap.commands import SetupError, last_lines, run_quietly, say

# What each kind of environment holds. The stamp of a kind says that it was installed completely.
LOCK_FILES: Mapping[str, tuple[str, ...]] = {
    "runtime": ("requirements.txt",),
    "dev": ("requirements.txt", "requirements-dev.txt"),
}
DESCRIBE = "import pip, sys; print(sys.version.split()[0])"

NO_INDEX = (
    "The package index could not be reached; MeterBase's packages have to be downloaded once. "
    "Check the network, or set PIP_INDEX_URL to an index that this machine can reach, then try "
    "again."
)
NO_ENSUREPIP = (
    "This Python ({python}) cannot make a virtual environment: its ensurepip module is missing. "
    "Install it (Debian, Ubuntu: apt-get install python3.11-venv), then try again."
)


def prepare(*, kind: str, root: Path, python: str = sys.executable) -> None:
    """Bring the environment up to the lock files; do nothing when it is.

    Shape: `kind` is a key of LOCK_FILES.
    Errors: SetupError with the sentence for the reader.
    Effects: writes `.venv` and `var/bootstrap.lock` under `root`.
    """
    venv = root / ".venv"
    with only_one(root / "var" / "bootstrap.lock"):
        version = usable_version(venv)
        if not version:
            make_venv(venv, python=python)
            version = usable_version(venv)
        if not version:
            raise SetupError(f"The environment in {venv} was made but does not start.")
        if read_stamp(venv, kind) == fingerprint(root, kind, version):
            return
        install(kind=kind, root=root, venv=venv)
        for installed, files in LOCK_FILES.items():
            if set(files) <= set(LOCK_FILES[kind]):
                stamp_file(venv, installed).write_text(fingerprint(root, installed, version))


@contextmanager
def only_one(lock_file: Path) -> Iterator[None]:
    """Wait until no other run works on the same environment; the kernel frees the lock on death."""
    lock_file.parent.mkdir(exist_ok=True)
    with lock_file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("Another run is setting up this folder; waiting for it.")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def usable_version(venv: Path) -> str:
    """Return the Python version of an environment that works, else an empty string.

    An environment counts as broken when its Python or pip does not start, when it is another
    Python than ours, when its folder was moved or copied (its scripts still name the old place),
    or when an installation was cut off in the middle.
    """
    script = venv / "bin" / "pip"
    if unfinished_mark(venv).exists() or not script.exists():
        return ""
    if not re.search(rf'[! "]{re.escape(str(venv))}/bin/', script.read_text(errors="replace")):
        return ""
    try:
        answer = subprocess.run(
            [venv / "bin" / "python", "-c", DESCRIBE], capture_output=True, text=True, check=False
        )
    except OSError:
        return ""
    version = answer.stdout.strip()
    return version if answer.returncode == 0 and version.startswith("3.11.") else ""


def make_venv(venv: Path, *, python: str) -> None:
    """Make the environment anew.

    Errors: SetupError when this Python cannot.
    """
    if importlib.util.find_spec("ensurepip") is None:
        raise SetupError(NO_ENSUREPIP.format(python=python))
    command = [python, "-m", "venv", "--clear", str(venv)]
    code, output = run_quietly(f"Making {venv.name} with {python}", command)
    if code:
        raise SetupError(f"The environment could not be made.\n{last_lines(output)}")


def install(*, kind: str, root: Path, venv: Path) -> None:
    """Install what the lock files name, every file checked against its hash.

    Errors: SetupError when pip fails.
    """
    for stamped in LOCK_FILES:
        stamp_file(venv, stamped).unlink(missing_ok=True)
    command = [
        *(str(venv / "bin" / "python"), "-m", "pip", "install", "--disable-pip-version-check"),
        *("--no-input", "--progress-bar", "off", "--require-hashes", "--only-binary", ":all:"),
    ]
    for name in LOCK_FILES[kind]:
        command += ["-r", str(root / name)]
    # pip waits for minutes on a network that swallows packets, unless it is told not to.
    settings = {"PIP_DEFAULT_TIMEOUT": "15", "PIP_RETRIES": "3", **os.environ, "PIP_USER": "0"}
    unfinished_mark(venv).touch()
    code, output = run_quietly(f"Installing the {kind} packages", command, environ=settings)
    unfinished_mark(venv).unlink()
    if code and is_network_failure(output):
        raise SetupError(NO_INDEX)
    if code:
        raise SetupError(f"The packages could not be installed.\n{last_lines(output)}")


def is_network_failure(output: str) -> bool:
    """Tell from pip's output whether the index was out of reach."""
    if "Max retries exceeded" in output:
        return True
    return "connection broken by" in output and "No matching distribution found" in output


def fingerprint(root: Path, kind: str, version: str) -> str:
    """Digest all that decides what gets installed."""
    digest = hashlib.sha256(version.encode())
    for name in LOCK_FILES[kind]:
        digest.update((root / name).read_bytes())
    return digest.hexdigest()


def stamp_file(venv: Path, kind: str) -> Path:
    """Return where a finished installation is noted."""
    return venv / f".installed-{kind}"


def unfinished_mark(venv: Path) -> Path:
    """Return the file that exists while pip is at work, and stays if pip is cut off."""
    return venv / ".unfinished"


def read_stamp(venv: Path, kind: str) -> str:
    """Return the digest of the last complete installation, or an empty string."""
    stamp = stamp_file(venv, kind)
    return stamp.read_text() if stamp.exists() else ""
