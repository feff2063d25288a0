"""Tables of ranges of codes, each with a category."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence

Range = tuple[int, int, str]  # first code, last code, id of the category


class RangeTable:
    """Ranges that do not overlap, in ascending order."""

    def __init__(self, ranges: Iterable[Range]) -> None:
        self.ranges: Sequence[Range] = sorted(ranges)
        self._firsts = [first for first, _, _ in self.ranges]
        for (_, last, _), (first, _, _) in zip(self.ranges, self.ranges[1:], strict=False):
            if first <= last:
                raise ValueError(f"the ranges overlap at {first}")

    def find(self, code: int) -> str:
        """Return the category of the range that contains the code; empty if there is none."""
        index = bisect_right(self._firsts, code) - 1
        if index < 0:
            return ""
        _, last, category = self.ranges[index]
        return category if code <= last else ""
