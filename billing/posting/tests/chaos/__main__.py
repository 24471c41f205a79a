"""Play the rounds and print the verdict; the exit status is 1 when a charge doubled or went."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random, SystemRandom

import django

from billing.posting.tests.chaos.processes import ROOT, Program, SandboxProgram
from meterbase.bootstrap.system import free_port

_SCENE = "METERBASE_CHAOS_SCENE"
_PORT = "METERBASE_CHAOS_PORT"
# The waits of production, cut short in proportion.
_CUT_SHORT = {
    "POSTING_LEASE_SECONDS": "4",
    "POSTING_SETTLE_SECONDS": "2",
    "POSTING_LOOK_GAP_SECONDS": "0.3",
    "PROPEXO_WRITE_TIMEOUT": "1",
    "PROPEXO_RATE_LIMIT": "1000000",
    "LOG_LEVEL": "ERROR",
}


def main() -> int:
    """Set the scene in a folder and a database of its own, and play in it."""
    arguments = _arguments()
    if _SCENE in os.environ:
        return _play(arguments)
    with tempfile.TemporaryDirectory(prefix="chaos-", ignore_cleanup_errors=True) as folder:
        return _in_own_database(Path(folder), arguments)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="chaos", description=__doc__)
    parser.add_argument("--rounds", type=int, default=20, help="default: %(default)s")
    parser.add_argument("--seed", type=int, default=None, help="default: another each time")
    arguments = parser.parse_args()
    if arguments.seed is None:
        arguments.seed = SystemRandom().randrange(10**6)
    return arguments


def _in_own_database(folder: Path, arguments: argparse.Namespace) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "meterbase.settings")
    django.setup()
    from billing.bench.databases import created_database, environ_of

    with created_database(folder) as name:
        port = free_port()
        environ = {
            **environ_of(
                name=name,
                state_dir=folder,
                base_url=f"http://127.0.0.1:{port}",
                api_key="px_test_sandbox",
            ),
            **_CUT_SHORT,
            _SCENE: str(folder),
            _PORT: str(port),
        }
        command = [
            sys.executable,
            "-m",
            "billing.posting.tests.chaos",
            f"--rounds={arguments.rounds}",
            f"--seed={arguments.seed}",
        ]
        return subprocess.run(command, cwd=ROOT, env=environ, check=False).returncode


def _play(arguments: argparse.Namespace) -> int:
    folder = Path(os.environ[_SCENE])
    sandbox = SandboxProgram(folder, port=int(os.environ[_PORT]))
    sandbox.start()
    prepare = [sys.executable, "-m", "billing.posting.tests.worker", "prepare"]
    subprocess.run(prepare, cwd=ROOT, check=True)
    django.setup()
    return _rounds(arguments, folder, sandbox)


def _rounds(arguments: argparse.Namespace, folder: Path, sandbox: SandboxProgram) -> int:
    from billing.posting.tests.chaos.rounds import Scene, is_on_postgres, play, settle
    from billing.posting.tests.chaos.trouble import Killer, Saboteur
    from billing.posting.tests.chaos.verdict import judge

    random = Random(arguments.seed)
    programs = _programs(folder)
    *clusters, sweeper = programs
    scene = Scene(
        random=random,
        sandbox=sandbox,
        programs=programs,
        killer=Killer(
            random,
            clusters=clusters,
            sweeper=sweeper,
            sandbox=sandbox,
            database=_own_cluster() if is_on_postgres() else None,
        ),
        saboteur=Saboteur(random, sandbox),
    )
    print(f"seed {arguments.seed}: {arguments.rounds} rounds on {_database(is_on_postgres())}")
    began = time.monotonic()
    try:
        scene.keep_running()
        play(scene, rounds=arguments.rounds)
        print(f"played for {time.monotonic() - began:.0f} s", flush=True)
        settle(scene)
        print(f"settled after {time.monotonic() - began:.0f} s", flush=True)
        verdict = judge(sandbox)
    finally:
        for program in (*programs, sandbox.program):
            program.end()
    return _print(scene, verdict, arguments, seconds=time.monotonic() - began)


def _programs(folder: Path) -> list[Program]:
    manage = [sys.executable, "manage.py"]
    # They are started over and over, and what the checks look at stays as it is.
    cluster = [*manage, "qcluster", "--skip-checks"]
    posting = {**os.environ, "Q_CLUSTER_NAME": "posting"}
    sweeper = [*manage, "posting_sweeper", "--skip-checks", "--every", "0.5"]
    return [
        Program("cluster 1", cluster, posting, folder / "cluster_1.log"),
        Program("cluster 2", cluster, posting, folder / "cluster_2.log"),
        Program("sweeper", sweeper, os.environ, folder / "sweeper.log"),
    ]


def _own_cluster() -> str | None:
    """Name the throw-away PostgreSQL cluster that pg_virtualenv made, which may be restarted."""
    if "PG_CLUSTER_CONF_ROOT" not in os.environ:
        return None
    return f"{os.environ['PGVERSION']}/regress"


def _database(on_postgres: bool) -> str:
    return "PostgreSQL" if on_postgres else "SQLite"


def _print(scene: object, verdict: object, arguments: argparse.Namespace, *, seconds: float) -> int:
    from billing.posting.tests.chaos.rounds import Scene, waiting_for_a_person
    from billing.posting.tests.chaos.verdict import Verdict

    assert isinstance(scene, Scene)
    assert isinstance(verdict, Verdict)
    for violation in verdict.violations:
        print(f"seed {arguments.seed}: {violation}")
    persons = waiting_for_a_person()
    print(f"kills: {dict(scene.killer.done)}")
    print(f"faults: {dict(scene.saboteur.done)}")
    print(f"waiting for a person: {persons}")
    print(
        f"rounds {arguments.rounds}, kills {scene.killer.done.total()}, faults"
        f" {scene.saboteur.done.total()}, charges {verdict.charges}, posted {verdict.posted},"
        f" reversed {verdict.reversed}, double {verdict.doubled}, lost {verdict.lost},"
        f" needing a person {sum(persons.values())}, other violations"
        f" {len(verdict.violations) - verdict.doubled - verdict.lost}, {seconds:.0f} s"
    )
    return 1 if verdict.violations else 0


if __name__ == "__main__":
    sys.exit(main())
