"""The sync state of an item, hints of webhooks, and the log of syncs."""

from datetime import date, datetime
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from django.db.models import F, Q
from django.db.models.functions import Greatest, Least

from accounts.models import User
from accounts.querysets import OwnedQuerySet
from banking.connections.models.items import Item


class SyncStateQuerySet(models.QuerySet["SyncState"]):
    def due(self, now: datetime) -> "SyncStateQuerySet":
        """Return the items with unseen changes that are due and that no worker has."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        awake = Q(quarantined_until=None) | Q(quarantined_until__lte=now)
        return self.filter(free, awake, dirty_seq__gt=F("synced_seq"), due_at__lte=now)

    def full_read_due(self, now: datetime) -> "SyncStateQuerySet":
        """Return the items that are up to date and whose transactions should all be read again."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        awake = Q(quarantined_until=None) | Q(quarantined_until__lte=now)
        return self.filter(free, awake, dirty_seq=F("synced_seq"), full_read_due_at__lte=now)

    def readable(self) -> "SyncStateQuerySet":
        """Return the states of connected items whose user is active; see ItemQuerySet.readable()."""
        return self.filter(item__disconnected_at=None, item__user__is_active=True, item__is_imported=False)

    def mark_changed(self, item_id: UUID, *, now: datetime, at_once: bool = False) -> int | None:
        """Record that something happened to the item; return its new `dirty_seq`, or None if it is unknown.

        The item becomes due. If it is waiting after a failed sync, it keeps waiting, unless `at_once` is set
        because a user or operator asked. The row stays locked until the caller commits, so sequence numbers
        are given in the order of commits.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute("SELECT connections_mark_changed(%s, %s, %s)", [item_id, now, at_once])
            dirty_seq: int | None = cursor.fetchone()[0]
        return dirty_seq

    def lock_all_for_user(self, user_id: int) -> None:
        """Lock all of the user's connections until the caller commits.

        The locks are taken in the order of item ids, and before any other lock of these rows: this prevents
        deadlocks.
        """
        list(self.select_for_update().filter(item__user_id=user_id).order_by("item_id").values_list("pk"))

    def mark_dates_unmatched(self, item_id: UUID, dates: "tuple[date, date] | None") -> None:
        """Record the first and last date whose transactions have to be matched again."""
        if dates:
            self.filter(item_id=item_id).update(
                unmatched_from=Least("unmatched_from", dates[0]),
                unmatched_to=Greatest("unmatched_to", dates[1]),
            )


class SyncState(models.Model):
    """How far an item is behind, and which worker syncs it.

    `dirty_seq` counts changes, `synced_seq` how many of them a successful sync has seen. They are numbers, not
    flags: a change that comes during a sync makes dirty_seq larger than the number that the sync started with,
    so the item stays due. For lease and fence see banking/connections/lease.py.
    """

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="sync")
    dirty_seq = models.BigIntegerField(default=0)
    synced_seq = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(help_text="no sync before this; later after each failure")
    attempts = models.IntegerField(default=0, help_text="failed syncs in a row")
    is_bulk = models.BooleanField(
        default=False, help_text="too large for interactive workers: left to the bulk queue"
    )
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    quarantined_until = models.DateTimeField(
        null=True, blank=True, help_text="its syncs crash their worker: none before this"
    )
    synced_at = models.DateTimeField(null=True, blank=True, help_text="the last successful sync")
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    full_read_due_at = models.DateTimeField(
        null=True, blank=True, help_text="all transactions are read again then (banking/ingest/full_read.py)"
    )
    # Dates of transactions that changed since they were last matched (banking/ledger/matching).
    unmatched_from = models.DateField(null=True, blank=True)
    unmatched_to = models.DateField(null=True, blank=True)

    objects = SyncStateQuerySet.as_manager()

    class Meta:
        constraints = (
            models.CheckConstraint(
                condition=Q(synced_seq__lte=F("dirty_seq")), name="synced_seq_is_not_ahead_of_dirty_seq"
            ),
        )
        indexes = (
            models.Index(
                fields=["due_at"], name="sync_state_due", condition=Q(dirty_seq__gt=F("synced_seq"))
            ),
        )

    def __str__(self) -> str:
        return f"{self.item_id}: {self.synced_seq}/{self.dirty_seq}"

    @property
    def is_behind(self) -> bool:
        return self.dirty_seq > self.synced_seq


class SyncHint(models.Model):
    """Hint of a webhook: ids that it named. The next sync asks Pluggy for them, then deletes the hint."""

    class Kind(models.TextChoices):
        CREATED = "created"
        UPDATED = "updated"
        DELETED = "deleted"

    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="hints")
    seq = models.BigIntegerField()
    kind = models.CharField(max_length=10, choices=Kind)
    account_id = models.UUIDField()
    transaction_ids = ArrayField(models.UUIDField(), default=list)
    created_from = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = (models.Index(fields=["item", "seq"], name="sync_hint_item_seq"),)

    def __str__(self) -> str:
        return f"{self.kind} of {self.account_id}"


class SyncRun(models.Model):
    """One sync of an item, and how it ended."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        NOTHING_TO_READ = "nothing to read"  # the item is not in a state that has new data
        FAILED = "failed"  # will be tried again
        SUPERSEDED = "superseded"  # another worker took the lease
        MOVED_TO_BULK = "moved to bulk"  # too much for an interactive worker; a bulk worker continues
        QUARANTINED = "quarantined"  # not started: the syncs before it crashed their workers

    WORKER_LOST: ClassVar[str] = "its worker was lost"  # an `error`

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="runs")
    fence = models.BigIntegerField()
    target_seq = models.BigIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.RUNNING)
    item_status = models.CharField(max_length=90, blank=True)
    is_full_read = models.BooleanField(
        default=False, help_text="read all transactions again (banking/ingest/full_read.py)"
    )
    accounts_read = models.IntegerField(default=0)
    transactions_read = models.IntegerField(default=0)
    new_transactions = models.IntegerField(
        default=0, help_text="of those read: created at Pluggy in the last days"
    )
    new_categorized = models.IntegerField(default=0, help_text="of those: with a category")
    records_written = models.IntegerField(default=0)
    transactions_removed = models.IntegerField(default=0)
    transactions_under_review = models.IntegerField(
        default=0, help_text="missing at the bank, kept until reviewed"
    )
    records_quarantined = models.IntegerField(default=0, help_text="see QuarantinedRecord")
    error = models.TextField(blank=True)

    objects = OwnedQuerySet["SyncRun"].as_manager()

    class Meta:
        ordering = ("-started_at", "-id")
        indexes = (models.Index(fields=["item", "-started_at"], name="sync_run_item_started"),)

    def __str__(self) -> str:
        return f"{self.item_id} {self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"

    def counts(self) -> dict[str, int]:
        """Return what this run read and wrote, by a label for operators."""
        return {
            "transactions read": self.transactions_read,
            "records written": self.records_written,
            "transactions removed": self.transactions_removed,
            "transactions under review": self.transactions_under_review,
            "records quarantined": self.records_quarantined,
        }
