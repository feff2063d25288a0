"""A violated invariant."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True)
class Violation:
    invariant: str
    detail: str
    item_id: UUID | None = None
