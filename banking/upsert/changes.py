"""What a write did: how many rows, of which days, and by how much it moves the monthly sums."""

from dataclasses import dataclass, field
from datetime import date

from banking.models.rollups import Delta


@dataclass
class Changes:
    rows: int = 0
    deltas: list[Delta] = field(default_factory=list)
    days: tuple[date, date] | None = None  # the first and the last, before and after
