"""Charts as the places of their parts, for templates that draw them as SVG.

Across, places are percentages of the width, so that a chart fills any window and its words keep
their size; down, they are pixels.
"""

from __future__ import annotations

from meterbase.lib.charts.bars import BarChart, BarGroup, BarPart, bar_chart
from meterbase.lib.charts.lines import LineChart, LinePoint, line_chart
from meterbase.lib.charts.sparks import Spark, spark
from meterbase.lib.charts.waterfall import Leak, Waterfall, waterfall

__all__ = [
    "BarChart",
    "BarGroup",
    "BarPart",
    "Leak",
    "LineChart",
    "LinePoint",
    "Spark",
    "Waterfall",
    "bar_chart",
    "line_chart",
    "spark",
    "waterfall",
]
