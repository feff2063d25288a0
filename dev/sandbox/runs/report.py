"""What a run has changed in one account, for those who announce it."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class Report:
    """The rows that are new, and the ids of those that changed or went."""

    account_id: str
    created: list[Json] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    also_created: int = 0  # rows too many to list; those listed tell the oldest
