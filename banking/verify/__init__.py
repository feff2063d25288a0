"""Invariants of the stored data, for operators: what must always be true, and where it is not."""

from datetime import datetime
from uuid import UUID

from banking.verify import data, double_listings, ownership, personal_data, sync_state
from banking.verify.violation import Violation

__all__ = ["Violation", "violations"]


def violations(*, now: datetime, item_id: UUID | None = None) -> list[Violation]:
    """Return the violations, all or those of one item. For a comparison with Pluggy see `remote`."""
    found = [
        *data.violations(now),
        *double_listings.violations(),
        *ownership.violations(),
        *personal_data.violations(now),
        *sync_state.violations(now),
    ]
    return [violation for violation in found if item_id in (None, violation.item_id)]
