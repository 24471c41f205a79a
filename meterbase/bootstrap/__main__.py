"""Run steps in order: `python3 meterbase/bootstrap dev checks`.

An old Python must get as far as the sentence that turns it away. This file therefore stays within
what Python 3.6 can read, which rules out `from __future__ import annotations`; the modules that it
imports afterwards need not.
"""

import os
import pathlib
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
NEEDED = (3, 11)
ASK_VERSION = "import sys; sys.exit(sys.version_info[:2] != (3, 11))"


def is_needed(version: "tuple[int, ...]") -> bool:
    """Tell whether the locked packages fit this Python."""
    return tuple(version[:2]) == NEEDED


def refusal(version: "tuple[int, ...]", executable: str) -> str:
    """Say which Python is needed, which this is, and what to do."""
    found = ".".join(str(part) for part in version[:3])
    return (
        f"MeterBase needs Python 3.11; this is {found} ({executable}). Install python3.11 and "
        "python3.11-venv, or name one: make demo PYTHON=/path/to/python3.11"
    )


def other_python() -> str:
    """Find a python3.11 on the PATH, or return an empty string."""
    found = shutil.which("python3.11") or ""
    if not found:
        return ""
    # Version switchers put a python3.11 on the PATH that may only say "not installed".
    quiet = subprocess.DEVNULL
    answer = subprocess.call([found, "-c", ASK_VERSION], stdout=quiet, stderr=quiet)
    return found if answer == 0 else ""


def main() -> int:
    """Hand over to Python 3.11, whichever one is running now."""
    version = sys.version_info[:3]
    if not is_needed(version):
        other = other_python()
        if not other:
            sys.stderr.write(refusal(version, sys.executable) + "\n")
            return 1
        arguments = [other, str(ROOT / "meterbase" / "bootstrap"), *sys.argv[1:]]
        os.execv(other, arguments)  # noqa: S606  no shell is wanted: the arguments are our own

    sys.path.insert(0, str(ROOT))
    from meterbase.bootstrap import steps

    return steps.main(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
