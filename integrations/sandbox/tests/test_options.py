from __future__ import annotations

import argparse

import pytest

from integrations.sandbox.options import add_arguments, options_from
from integrations.sandbox.pms_behaviour import BY_SLUG


def parsed(*words):
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return options_from(vars(parser.parse_args(words)))


def test_nothing_has_to_be_said():
    options = parsed()
    assert (options.contract, options.pms, options.job_seconds) == ("both", (), 0)
    assert not options.refuse_freshness


def test_every_pms_can_be_asked_for():
    assert parsed("--pms", "all").pms == tuple(BY_SLUG)
    assert parsed("--pms", "mri, entrata,mri").pms == ("mri", "entrata")


def test_the_behaviour_can_be_chosen():
    options = parsed("--contract", "v1", "--job-seconds", "2.5", "--refuse-freshness")
    assert (options.contract, options.job_seconds, options.refuse_freshness) == ("v1", 2.5, True)
    options = parsed("--closed-through", "2026-03", "--slow-down")
    assert (options.closed_through, options.slow_down) == ("2026-03", True)


@pytest.mark.parametrize(
    "words",
    [
        ("--pms", "yardi,other"),
        ("--contract", "v2"),
        ("--job-seconds", "-1"),
        ("--job-seconds", "nan"),
        ("--properties", "2001"),
        ("--closed-through", "2026-13"),
    ],
)
def test_what_makes_no_sense_is_refused(words):
    with pytest.raises(SystemExit):
        parsed(*words)
