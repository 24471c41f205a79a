from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

EXAMPLES = json.loads(
    (Path(__file__).parents[1] / "rubs" / "tests" / "examples.json").read_text(encoding="utf-8")
)


def run(capsys, *arguments: str) -> tuple[int, Any]:
    """Run the command and read what it prints; no database may be touched."""
    try:
        call_command("allocate", *arguments)
    except SystemExit as ended:
        return int(ended.code or 0), json.loads(capsys.readouterr().out)
    return 0, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: str(example["name"]))
def test_published_figures_come_out_of_the_command(example, tmp_path: Path, capsys) -> None:
    file = tmp_path / "bill.json"
    file.write_text(json.dumps(example["request"]), encoding="utf-8")
    code, answer = run(capsys, str(file))
    if "refused" in example:
        assert code == 2
        assert [problem["field"] for problem in answer["problems"]] == example["refused"]
        return
    assert code == 0
    charged = {row["unit"]: row["charge"] for row in answer["units"]}
    assert charged.items() >= example["charges"].items()
    assert answer["owner"] == example["owner"]
    for unit, wrong in example.get("wrong", {}).items():
        if wrong != example["charges"][unit]:
            assert charged[unit] != wrong


def test_it_reads_standard_input_and_numbers_exactly(monkeypatch, capsys) -> None:
    text = """{
      "bill": {"amount": 0.30, "period": {"days": 3}},
      "rule": {"method": "custom_weight"},
      "units": [{"unit": 1, "weight": 0.1}, {"unit": 2, "weight": 0.2}]
    }"""
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code, answer = run(capsys, "-", "--compact")
    assert code == 0
    assert [row["charge"] for row in answer["units"]] == ["0.10", "0.20"]
    assert answer["charges"][0]["share"] == "1/3"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "The document is not JSON"),
        ('{"bill": NaN}', "has NaN, which is not a number"),
        ('{"bill": 1, "bill": 2}', "says bill twice"),
        ("[]", "The request is not an object"),
    ],
)
def test_bad_input_ends_with_exit_code_2_and_says_why(text, words, monkeypatch, capsys) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(text))
    code, answer = run(capsys, "-")
    assert code == 2
    assert words in answer["problems"][0]["message"]


def test_a_missing_file_ends_with_exit_code_2(tmp_path: Path, capsys) -> None:
    code, answer = run(capsys, str(tmp_path / "none.json"))
    assert code == 2
    assert answer["problems"][0]["field"] == "document"


def test_all_problems_are_told_at_once(monkeypatch, capsys) -> None:
    request = {
        "bill": {"amount": "10.00", "period": {"days": 30}},
        "rule": {"method": "square_feet", "common_area_percent": 60},
        "units": [{"unit": "101"}, {"unit": "102", "square_feet": 0}],
    }
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(request)))
    code, answer = run(capsys, "-")
    assert code == 2
    assert [(row["unit"], row["field"]) for row in answer["problems"]] == [
        (None, "common_area_percent"),
        ("101", "square_feet"),
        ("102", "square_feet"),
    ]
