"""The inbox: every authenticated delivery, stored once, as it came."""

from django.db import models
from django.db.models import Q


class Event(models.Model):
    """A webhook event. Its body is only a hint: nothing is changed before Pluggy was asked."""

    class State(models.TextChoices):
        QUEUED = "queued"  # the item is marked as changed; a sync will see it
        DONE = "done"  # a sync that started after it has succeeded
        PARKED = "parked"  # no user has its item yet
        IGNORED = "ignored"  # nothing to do for it
        DEAD = "dead"  # given up, see `error`

    event_id = models.UUIDField(unique=True, help_text="Pluggy's idempotency key, or one made of the body")
    name = models.CharField(max_length=80)
    item_id = models.UUIDField(null=True, blank=True)
    account_id = models.UUIDField(null=True, blank=True)
    client_user_id = models.CharField(max_length=255, blank=True)
    triggered_by = models.CharField(max_length=20, blank=True)
    body = models.JSONField()
    received_at = models.DateTimeField()
    deliveries = models.IntegerField(default=1, help_text="how often it was delivered")
    state = models.CharField(max_length=10, choices=State)
    seq = models.BigIntegerField(null=True, blank=True, help_text="the item's dirty_seq that it caused")
    reason = models.CharField(max_length=200, blank=True)
    attempts = models.IntegerField(default=0)
    try_at = models.DateTimeField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    needs_task = True  # not a column: False if its item was due before, so that a task is enqueued already

    class Meta:
        ordering = ("-id",)
        indexes = (
            models.Index(fields=["item_id", "-id"], name="event_item"),
            models.Index(fields=["item_id", "seq"], name="event_queued", condition=Q(state="queued")),
            models.Index(fields=["try_at"], name="event_parked", condition=Q(state="parked")),
        )

    def __str__(self) -> str:
        return f"{self.name} {self.event_id}"


class DeliveryCount(models.Model):
    """Deliveries in five minutes that were refused, or came with the previous secret: only their number."""

    start = models.DateTimeField(primary_key=True)
    refused = models.IntegerField(default=0, help_text="with a secret that is not ours")
    with_previous_secret = models.IntegerField(default=0, help_text="accepted, while the secret is replaced")

    class Meta:
        ordering = ("-start",)

    def __str__(self) -> str:
        return f"{self.start:%Y-%m-%d %H:%M}: {self.refused} refused"
