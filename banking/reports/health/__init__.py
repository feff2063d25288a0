"""What must always be true of the stored data, and where it is not; for operators, not for people."""

from datetime import datetime
from uuid import UUID

from banking.reports.health import owners, rows, sums, work
from banking.reports.health.violation import Violation

__all__ = ["Violation", "violations"]


def violations(*, now: datetime, item_id: UUID | None = None) -> list[Violation]:
    """Empty when all is well; of one item only, if it is named. Asks nobody outside (see `remote`)."""
    found = [*sums.violations(), *owners.violations(), *work.violations(now), *rows.violations(now)]
    return [one for one in found if item_id in (None, one.item_id)]
