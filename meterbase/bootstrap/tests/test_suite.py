from __future__ import annotations

from pathlib import Path

import pytest

from meterbase.bootstrap import commands, steps, suite, system
from meterbase.bootstrap.tests.programs import write_program


def test_the_tests_see_no_setting_of_the_developer(tmp_path, monkeypatch):
    example = tmp_path / ".env.example"
    example.write_text("# The secret\nSECRET_KEY=\n# TIME_ZONE=UTC\n")
    for name in ("SECRET_KEY", "TIME_ZONE", "DATABASE_URL", "PROPEXO_API_KEY", "PGPORT"):
        monkeypatch.setenv(name, "the developer's own")
    monkeypatch.setenv("METERBASE_ENV_FILE", "/somewhere/.env")
    monkeypatch.setenv(system.CHROMIUM_VARIABLE, "/usr/bin/chromium")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example.com")

    environ = suite.clean_environ(example)

    assert "the developer's own" not in environ.values()
    assert environ["METERBASE_ENV_FILE"] == ""
    assert environ[system.CHROMIUM_VARIABLE] == "/usr/bin/chromium"
    assert environ["PIP_INDEX_URL"] == "https://index.example.com"


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in place of the environment's programs."""
    monkeypatch.setattr(suite, "PROGRAMS", tmp_path)
    return tmp_path


def test_the_checks_stop_at_the_first_that_fails(programs, capfd):
    write_program(programs / "ruff", "#!/bin/sh\necho ruff says $1\n")
    write_program(programs / "mypy", "#!/bin/sh\nexit 3\n")

    assert steps.main(["checks", "tests-sqlite"]) == 3

    said = capfd.readouterr().out.split("\n\n")
    assert said[0] == "\n== ruff check .\nruff says check"
    assert said[1] == "== ruff format --check .\nruff says format"
    assert said[2] == "== mypy ."
    assert said[3] == "== mypy .: failed with exit code 3\n"


def test_a_program_that_is_killed_counts_as_failed(programs):
    write_program(programs / "pytest", "#!/bin/sh\nkill -9 $$\n")

    assert steps.main(["tests-sqlite"]) == 128 + 9


def test_the_tests_are_told_where_the_cluster_is(programs, tmp_path, path, monkeypatch, capfd):
    monkeypatch.setattr(suite, "require", {system.POSTGRES: str(path / "pg_virtualenv")}.get)
    (path / "sh").symlink_to("/bin/sh")
    write_program(programs / "pytest", '#!/bin/sh\necho "$DATABASE_URL"\n')
    write_program(
        path / "pg_virtualenv",
        "#!/bin/sh\nexport PGUSER=u PGPASSWORD=p PGHOST=localhost PGPORT=5433 PGDATABASE=d\n"
        'while [ "$1" != sh ]; do shift; done\nexec "$@"\n',
    )

    assert steps.main(["tests-postgres"]) == 0

    assert "postgres://u:p@localhost:5433/d\n" in capfd.readouterr().out


@pytest.fixture
def databases(programs, tmp_path, path, monkeypatch):
    """A PostgreSQL cluster that only says where it is."""
    monkeypatch.setattr(suite, "require", {system.POSTGRES: str(path / "pg_virtualenv")}.get)
    (path / "sh").symlink_to("/bin/sh")
    write_program(
        path / "pg_virtualenv",
        "#!/bin/sh\nexport PGUSER=u PGPASSWORD=p PGHOST=h PGPORT=1 PGDATABASE=d\n"
        'while [ "$1" != sh ]; do shift; done\nexec "$@"\n',
    )
    return programs / "pytest"


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("exit 0", 0),
        ('test -n "$DATABASE_URL" || exit 3', 3),
        ('test -z "$DATABASE_URL" || exit 4', 4),
        ('case "$*" in *"-m processes"*) exit 5;; esac', 5),
        ("exit 6", 6),
    ],
)
def test_all_suites_run_to_their_end_and_each_may_fail(databases, capfd, script, code):
    write_program(databases, f'#!/bin/sh\necho "$* on ${{DATABASE_URL:-sqlite}}"\n{script}\n')

    assert steps.main(["tests"]) == code

    said = capfd.readouterr().out
    in_order = [
        "-m not processes and not browser on sqlite",
        "== pytest on PostgreSQL",
        "--beside-sqlite -m not processes and not browser on postgres://u:p@h:1/d",
        "== programs and browsers on SQLite",
        "-m processes or browser on sqlite",
        "== programs on PostgreSQL",
        "--beside-sqlite -m processes or browser on postgres://u:p@h:1/d",
    ]
    places = [said.index(words) for words in in_order]
    assert places == sorted(places)


def test_ctrl_c_waits_for_the_program_to_tidy_up(tmp_path):
    tidied = tmp_path / "tidied"
    program = write_program(
        tmp_path / "server",
        f"#!/bin/sh\ntrap ': >{tidied}; exit 0' INT\nkill -INT $PPID\nkill -INT $$\n",
    )

    with pytest.raises(KeyboardInterrupt):
        commands.run([str(program)])

    assert tidied.exists()


def test_a_sentence_for_the_reader_goes_to_standard_error(path, capfd):
    assert steps.main(["browser"]) == 1

    out, err = capfd.readouterr()
    assert out == ""
    assert err.startswith("Chromium is missing;")
