"""What a write did: how many rows, and by how much it moves the monthly sums."""

from dataclasses import dataclass, field

from banking.models.rollups import Delta


@dataclass
class Changes:
    rows: int = 0
    deltas: list[Delta] = field(default_factory=list)
