from __future__ import annotations

from datetime import time

import pytest

from meterbase.lib.day_window import NoWindow, read_window


@pytest.mark.parametrize(
    ("text", "within", "without"),
    [
        ("22:00-06:00", ["22:00", "23:59", "00:00", "05:59"], ["06:00", "12:00", "21:59"]),
        ("01:30 - 04:00", ["01:30", "03:59"], ["01:29", "04:00", "23:00"]),
    ],
)
def test_a_window_holds_its_start_and_not_its_end(text, within, without):
    window = read_window(text)
    assert window is not None
    assert all(window.holds(time.fromisoformat(moment)) for moment in within)
    assert not any(window.holds(time.fromisoformat(moment)) for moment in without)


def test_no_text_is_no_window():
    assert read_window(" ") is None


@pytest.mark.parametrize("text", ["22", "22:00-", "22:00-22:00", "late", "25:00-06:00", "22:00Z-6"])
def test_what_names_no_hours_is_refused(text):
    with pytest.raises(NoWindow, match="such as 22:00-06:00"):
        read_window(text)
