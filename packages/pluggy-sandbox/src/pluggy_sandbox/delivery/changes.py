"""The changes of one account in a run, for the events that report them."""

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass
class AccountChanges:
    """New transactions, and the ids of those that changed or were deleted."""

    account_id: str
    created: list[Json] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    also_created: int = 0  # created transactions that are not listed; the oldest one always is
