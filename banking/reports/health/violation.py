"""One thing that should not be, with the name of what it breaks."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Violation:
    invariant: str
    detail: str
    item_id: UUID | None = None
