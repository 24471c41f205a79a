"""How fast statements are issued and printed, beside fpdf2 alone with the same words.

It runs in a process of its own, on a database that is made beside the installation's own and thrown
away afterwards.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from billing.bench.databases import created_database, environ_of

STATEMENTS = 1000
ROUNDS = 3

_CHILD = "billing.bench.statements_child"


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the measurement found.

    Shape: `ratio_to_bare_pdf` is the median over rounds whose two parts ran one after the other. In
        it the statements are composed from the approved calculation, frozen, stored, read back and
        printed as one PDF; the bare part writes the same words at the same places as constants. The
        fonts are cut out before, and both load them.
    Units: seconds of processor time.
    """

    statements: int
    pages: int
    ratio_to_bare_pdf: float
    seconds: float
    issue_seconds: float
    bare_pdf_seconds: float


def measure(*, statements: int = STATEMENTS, rounds: int = ROUNDS) -> Measured:
    """Issue and print the statements of a building, and write the same words with fpdf2 alone.

    Effects: a process, a temporary folder, and a database on PostgreSQL, for the time it takes.
    """
    with TemporaryDirectory() as folder, created_database(Path(folder)) as name:
        environ = environ_of(
            name=name, state_dir=Path(folder), base_url="http://127.0.0.1:9", api_key="px_test_none"
        )
        done = subprocess.run(
            [sys.executable, "-m", _CHILD, str(statements), str(rounds)],
            env=environ,
            check=True,
            stdout=subprocess.PIPE,
            text=True,
        )
    return Measured(**json.loads(done.stdout))
