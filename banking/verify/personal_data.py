"""Check that erasures are carried out, and that nothing of erased users is left or has come since."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef

from accounts.models import Erasure, User
from banking.personal_data import traces
from banking.personal_data.tables import owned_tables
from banking.verify.violation import Violation

TOLERANCE = timedelta(minutes=15)  # longer than an attempt may take


def violations(now: datetime) -> list[Violation]:
    return [*_waiting(now), *_without_user(), *_late_events(now)]


def _waiting(now: datetime) -> Iterator[Violation]:
    name = f"no due erasure waits longer than {TOLERANCE.seconds // 60} minutes"
    for erasure in Erasure.objects.due(now - TOLERANCE):
        yield Violation(name, f"erasure {erasure.pk}, due at {erasure.try_at:%Y-%m-%d %H:%M:%S}")


def _without_user() -> Iterator[Violation]:
    """Find rows of users who do not exist, where no foreign key of the database forbids them."""
    for table in owned_tables():
        if table.parent is None and not table.field.db_constraint:  # type: ignore[attr-defined]
            owner = User.objects.filter(pk=OuterRef(table.field.attname))
            orphans = table.model._base_manager.filter(
                ~Exists(owner), **{f"{table.field.name}__isnull": False}
            )
            if count := orphans.count():
                yield Violation("every row belongs to a user", f"{count} rows of {table.name}")


def _late_events(now: datetime) -> Iterator[Violation]:
    """Find events about what was erased; the task that deletes them runs every ten minutes."""
    erasures = Erasure.objects.exclude(event_keys=[]).filter(erased_at__lt=now - TOLERANCE)
    if count := len(traces.late_events(list(erasures), before=now - TOLERANCE)):
        yield Violation("no event of an erased user is kept", f"{count} events")
