"""Finding a rank among many numbers without sorting all of them."""

from __future__ import annotations

from collections.abc import Sequence

_WORTH_A_SAMPLE = 2_000
_EVERY = 61


def nth_largest(values: Sequence[int], rank: int) -> int:
    """Find the number of a rank, 1 for the largest.

    A sample of many numbers tells roughly where the rank lies; only the numbers about there are
    sorted, or all of them where the sample misled.
    """
    if len(values) < _WORTH_A_SAMPLE:
        return sorted(values)[-rank]
    sample = sorted(values[::_EVERY])
    near = (len(values) - rank) * len(sample) // len(values)
    margin = len(sample) // 16 + 8
    low, high = sample[max(near - margin, 0)], sample[min(near + margin, len(sample) - 1)]
    above = sum([value > high for value in values])
    middle = sorted([value for value in values if low <= value <= high])
    if not above < rank <= above + len(middle):
        return sorted(values)[-rank]
    return middle[above - rank]
