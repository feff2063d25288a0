"""Connections: Pluggy's connectors and items, what is known to have changed in them, and each run."""

from datetime import date, datetime, timedelta
from typing import ClassVar
from uuid import UUID

from django.contrib.postgres.fields import ArrayField
from django.db import connections, models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Greatest, Least

from accounts.models import User
from banking.models.owned import OwnedQuerySet


class Connector(models.Model):
    """An institution that Pluggy can connect. Its id is Pluggy's number (0 is a valid one)."""

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=40, blank=True, help_text="Pluggy's `type`, e.g. PERSONAL_BANK")
    country = models.CharField(max_length=2, blank=True)
    image_url = models.CharField(max_length=500, blank=True)
    primary_color = models.CharField(max_length=8, blank=True, help_text="hex, without #")
    institution_url = models.CharField(max_length=500, blank=True)
    has_mfa = models.BooleanField(default=False)
    is_open_finance = models.BooleanField(default=False)
    is_sandbox = models.BooleanField(default=False)
    health_status = models.CharField(max_length=20, blank=True, help_text="ONLINE, UNSTABLE or OFFLINE")
    health_stage = models.CharField(max_length=20, blank=True)
    products = models.JSONField(default=list)
    seen_at = models.DateTimeField(help_text="when Pluggy last told us of it")

    def __str__(self) -> str:
        return self.name


class ItemQuerySet(OwnedQuerySet["Item"]):
    def connected(self) -> "ItemQuerySet":
        return self.filter(disconnected_at=None)

    def called_gone(self, since: datetime) -> "ItemQuerySet":
        """Whom Pluggy has called gone in a run since then."""
        runs = SyncRun.objects.filter(item=OuterRef("pk"), item_status=SyncRun.GONE, started_at__gte=since)
        return self.connected().filter(Exists(runs))

    def silent(self, now: datetime, patience: timedelta) -> "ItemQuerySet":
        """Whose next event is overdue: an auto-sync that should have happened `patience` ago, or a run of
        Pluggy's that never ended. One look each, as long as nothing new is known."""
        expected = Q(next_auto_sync_at__lt=now - patience, read_at__lt=F("next_auto_sync_at") + patience)
        endless = Q(status__in=Item.RUNNING, read_at__lt=now - patience)
        return self.connected().filter(expected | endless, gone_at=None)


class Item(models.Model):
    """A person's connection to one institution. The id is Pluggy's; losing it would lose the connection."""

    class Status(models.TextChoices):
        UPDATING = "UPDATING"
        MERGING = "MERGING"
        WAITING_USER_INPUT = "WAITING_USER_INPUT"
        WAITING_USER_ACTION = "WAITING_USER_ACTION"
        UPDATED = "UPDATED"
        LOGIN_ERROR = "LOGIN_ERROR"
        OUTDATED = "OUTDATED"

    RUNNING: ClassVar[frozenset[str]] = frozenset({Status.UPDATING, Status.MERGING})

    id = models.UUIDField(primary_key=True)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="items")
    connector = models.ForeignKey(Connector, on_delete=models.PROTECT, related_name="items")

    # The bank's columns: as GET /items/{id} last said.
    status = models.CharField(max_length=30)
    execution_status = models.CharField(max_length=60, blank=True)
    error_code = models.CharField(max_length=80, blank=True)
    error_message = models.TextField(blank=True)
    provider_message = models.TextField(blank=True, help_text="the bank's own words: untrusted text")
    status_detail = models.JSONField(null=True, blank=True, help_text="per product, on partial success")
    parameter = models.JSONField(null=True, blank=True, help_text="what the bank asks now (MFA)")
    user_action = models.JSONField(null=True, blank=True)
    products = models.JSONField(default=list)
    failed_logins = models.IntegerField(default=0)
    consent_expires_at = models.DateTimeField(null=True, blank=True)
    collected_at = models.DateTimeField(null=True, blank=True, help_text="Pluggy's lastUpdatedAt: freshness")
    next_auto_sync_at = models.DateTimeField(null=True, blank=True)
    bank_created_at = models.DateTimeField(null=True, blank=True)
    bank_updated_at = models.DateTimeField(null=True, blank=True)

    # Ours.
    connected_at = models.DateTimeField()
    read_at = models.DateTimeField(help_text="when Pluggy was last asked about it")
    gone_at = models.DateTimeField(
        null=True, blank=True, help_text="Pluggy no longer has it; the history stays until removed"
    )
    disconnected_at = models.DateTimeField(
        null=True, blank=True, help_text="the person left; Pluggy is told first, then the rows go"
    )

    objects = ItemQuerySet.as_manager()

    class Meta:
        ordering = ("connected_at",)
        indexes = (models.Index(fields=["next_auto_sync_at"], name="item_next_auto_sync"),)

    def __str__(self) -> str:
        return f"{self.connector} · {self.id}"


class SyncStateQuerySet(models.QuerySet["SyncState"]):
    def due(self, now: datetime) -> "SyncStateQuerySet":
        """Items with a change that no run has seen, whose waiting time is over and nobody works on."""
        free = Q(lease_until=None) | Q(lease_until__lt=now)
        awake = Q(parked_until=None) | Q(parked_until__lte=now)
        return self.filter(free, awake, dirty_seq__gt=F("synced_seq"), due_at__lte=now)

    def mark_changed(self, item_id: UUID, *, now: datetime, at_once: bool = False) -> int | None:
        """Something happened to the item: it is due. Gives its new `dirty_seq`, None if unknown.

        While an earlier failure is waited out (a limit of Pluggy's, a bank's bad hour), news does not cut
        the waiting short; what a person asks for does (`at_once`). Locks the row until the caller commits,
        so sequence numbers are given in commit order.
        """
        with connections[self.db].cursor() as cursor:
            cursor.execute(
                f"{SQL_CHANGED} RETURNING dirty_seq", {"item_id": item_id, "now": now, "at_once": at_once}
            )
            found = cursor.fetchone()
        return found[0] if found else None

    def hold_all(self, user_id: int) -> None:
        """Nobody else writes any row of this person until the caller commits.

        Always in this order, and before any other of these rows is locked: so nobody waits in a circle.
        """
        list(self.select_for_update().filter(item__user_id=user_id).order_by("item_id").values_list("pk"))

    def moved(self, item_id: UUID, days: "tuple[date, date] | None") -> None:
        """Rows of these days, the first and the last, have to be linked anew."""
        if days:
            self.filter(item_id=item_id).update(
                unlinked_from=Least("unlinked_from", days[0]), unlinked_to=Greatest("unlinked_to", days[1])
            )


# The body of mark_changed(), for who does more in one round trip (webhooks/storing).
SQL_CHANGED = """
    UPDATE banking_syncstate SET dirty_seq = dirty_seq + 1,
        due_at = CASE WHEN attempts = 0 OR %(at_once)s THEN %(now)s ELSE due_at END
    WHERE item_id = %(item_id)s
"""


class SyncState(models.Model):
    """How far one item is behind: numbers, not flags, so that no change is lost while a run is on.

    `dirty_seq` counts what happened, `synced_seq` how much of it a successful run has seen. The lease
    says who works on the item; the fence grows with each lease, so that a late worker is recognised.
    """

    item = models.OneToOneField(Item, primary_key=True, on_delete=models.CASCADE, related_name="sync")
    dirty_seq = models.BigIntegerField(default=0)
    synced_seq = models.BigIntegerField(default=0)
    due_at = models.DateTimeField(help_text="not before this; moves on after a failure")
    attempts = models.IntegerField(default=0, help_text="failed runs in a row")
    is_bulk = models.BooleanField(default=False, help_text="too much for interactive work: the bulk queue's")
    fence = models.BigIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    parked_until = models.DateTimeField(
        null=True, blank=True, help_text="its runs end their worker: no more of them before this"
    )
    synced_at = models.DateTimeField(null=True, blank=True, help_text="the last run that went well")
    failing_since = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=200, blank=True)
    # Days of rows that moved since their links were last judged (banking/links).
    unlinked_from = models.DateField(null=True, blank=True)
    unlinked_to = models.DateField(null=True, blank=True)

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
    """What a webhook said to look at. Hints are read again with our own key, then thrown away."""

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
    """One attempt at bringing an item up to date, and how it ended."""

    class Outcome(models.TextChoices):
        RUNNING = "running"
        SUCCEEDED = "succeeded"
        NOTHING_TO_READ = "nothing to read"  # the item is not in a state that has new data
        FAILED = "failed"  # will be tried again
        OVERTAKEN = "overtaken"  # another worker took the lease
        HANDED_OVER = "handed over"  # too much for interactive work; a bulk run goes on
        PARKED = "parked"  # not begun: the runs before it ended their workers

    GONE: ClassVar[str] = "GONE"  # an `item_status`: Pluggy said that it has no such item
    LOST: ClassVar[str] = "its worker was lost"  # an `error`

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    item = models.ForeignKey(Item, on_delete=models.CASCADE, related_name="runs")
    fence = models.BigIntegerField()
    target_seq = models.BigIntegerField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=20, choices=Outcome, default=Outcome.RUNNING)
    item_status = models.CharField(max_length=90, blank=True)
    accounts_read = models.IntegerField(default=0)
    rows_read = models.IntegerField(default=0)
    rows_written = models.IntegerField(default=0)
    rows_removed = models.IntegerField(default=0)
    rows_held = models.IntegerField(default=0, help_text="absent at the bank, kept until reviewed")
    rows_unreadable = models.IntegerField(default=0, help_text="kept aside, see UnreadableRow")
    error = models.TextField(blank=True)

    objects = OwnedQuerySet["SyncRun"].as_manager()

    class Meta:
        ordering = ("-started_at", "-id")
        indexes = (models.Index(fields=["item", "-started_at"], name="sync_run_item_started"),)

    def __str__(self) -> str:
        return f"{self.item_id} {self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"
