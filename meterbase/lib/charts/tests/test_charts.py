"""Charts draw what they are given: to scale, within their frame, and never what does not add up."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meterbase.lib.charts import (
    BarGroup,
    BarPart,
    Leak,
    LinePoint,
    bar_chart,
    line_chart,
    spark,
    waterfall,
)
from meterbase.lib.charts.axes import round_scale, slots

_CENTS = st.integers(-(10**9), 10**9)
_FINE = Decimal("0.02")


def number(text: str) -> Decimal:
    return Decimal(text.removesuffix("%"))


def fall(*leaks: int, rest: int):
    steps = [Leak(f"step {place}", cents, "neutral") for place, cents in enumerate(leaks)]
    return waterfall(
        Leak("all", sum(leaks) + rest, "neutral"), steps, Leak("rest", rest, "success")
    )


def test_a_waterfall_falls_from_the_whole_to_the_rest():
    chart = fall(30, 50, rest=20)
    assert [(row.x, row.width) for row in chart.rows] == [
        ("0.00%", "100.00%"),
        ("70.00%", "30.00%"),
        ("20.00%", "50.00%"),
        ("0.00%", "20.00%"),
    ]
    assert [row.joint for row in chart.rows] == ["100.00%", "70.00%", "20.00%", ""]
    assert chart.says == "all $1.00: step 0 $0.30, step 1 $0.50, rest $0.20."


def test_a_waterfall_that_does_not_add_up_is_refused():
    with pytest.raises(ValueError, match="do not add up"):
        waterfall(Leak("all", 100, "neutral"), [Leak("a", 30, "neutral")], Leak("b", 71, "success"))


@given(leaks=st.lists(_CENTS, max_size=8), rest=_CENTS)
def test_a_waterfall_stays_in_its_frame_and_ends_where_the_last_leak_does(leaks, rest):
    chart = fall(*leaks, rest=rest)
    for row in chart.rows:
        assert number(row.x) >= 0
        assert number(row.width) >= 0
        assert number(row.x) + number(row.width) <= 100 + _FINE
        assert row.bar_y + row.bar_height <= chart.height
    last, before = chart.rows[-1], chart.rows[-2]
    ends = (number(last.x), number(last.x) + number(last.width))
    assert min(abs(number(before.joint) - end) for end in ends) <= _FINE


@given(amounts=st.lists(_CENTS, min_size=1, max_size=24))
def test_bars_stand_on_zero_and_are_as_high_as_their_amounts(amounts):
    groups = [BarGroup("m", "m", (BarPart("Billed", cents, "info"),)) for cents in amounts]
    chart = bar_chart(groups)
    scale, _ = round_scale(amounts, length=150)
    for bar, cents in zip(chart.bars, amounts, strict=True):
        height = abs(Fraction(cents)) * 150 / (scale.highest - scale.lowest)
        assert abs(Fraction(bar.height) - height) <= Fraction(1, 10)
        assert 0 <= number(bar.x) <= 100 - number(bar.width) + _FINE
        assert number(bar.y) >= 0
        assert number(bar.y) + number(bar.height) <= chart.height


@given(amounts=st.lists(_CENTS, max_size=9))
def test_the_lines_of_an_axis_are_few_round_and_around_all_amounts(amounts):
    _, lines = round_scale(amounts, length=100)
    assert lines[0] <= min([0, *amounts])
    assert max([0, *amounts]) <= lines[-1]
    assert 0 in lines
    assert 2 <= len(lines) <= 6
    (step,) = {after - before for before, after in pairwise(lines)}
    assert str(step).rstrip("0") in ("1", "2", "5")


def test_a_line_is_interrupted_where_nothing_is_known():
    points = [
        LinePoint(label=str(n), name=f"month {n}", cents=cents, words="x", mark=mark)
        for n, (cents, mark) in enumerate(
            [(Fraction(1), ""), (Fraction(2), "odd"), (None, ""), (Fraction(4), "")]
        )
    ]
    chart = line_chart(points)
    assert [dot.x for dot in chart.dots] == ["12.50%", "37.50%", "87.50%"]
    assert [(one.x, other.x) for one, other in chart.pieces] == [("12.50%", "37.50%")]
    assert [dot.is_marked for dot in chart.dots] == [False, True, False]
    assert chart.has_marks
    assert chart.dots[1].title == "month 1: x. odd"


def test_a_chart_of_nothing_is_drawn_too():
    assert bar_chart([]).bars == ()
    assert line_chart([]).dots == ()
    assert spark([], highest=0).bars == ()


@pytest.mark.parametrize(
    ("count", "wide", "narrow"), [(6, 6, 3), (12, 12, 4), (24, 8, 4), (36, 8, 4)]
)
def test_so_many_months_have_room_for_their_words(count, wide, narrow):
    placed = slots([f"m{n}" for n in range(count)])
    assert sum(1 for slot in placed if slot.words) == wide
    assert sum(1 for slot in placed if slot.words and not slot.is_minor) == narrow
    assert placed[-1].words == f"m{count - 1}"
    assert not placed[-1].is_minor


def test_the_small_bars_of_all_rows_have_one_scale():
    low, high = spark([50, -100], highest=200).bars
    assert (low.height, low.tone) == ("6.0", "info")
    assert (high.height, high.tone) == ("12.0", "warning")
